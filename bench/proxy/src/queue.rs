//! Thousands of callers who wait in one bucket: what they take in memory, and how soon their places are free when they
//! hang up. Never here: what makes them wait.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::caller::Caller;

/// How many hang up alone, before all do.
const ALONE: usize = 200;

/// How long is waited for what must come.
const LONGEST: Duration = Duration::from_secs(60);

/// The operators' address of the proxy, and the process that it is.
struct Watched {
    desk: Caller,
    process: u32,
}

impl Watched {
    /// How many calls wait.
    fn waiting(&mut self) -> io::Result<usize> {
        let page = String::from_utf8_lossy(&self.desk.call("/metrics", "")?).into_owned();
        let all =
            page.lines().filter_map(|line| line.strip_prefix("tidegate_proxy_waiting{")?.rsplit_once(' '));
        Ok(all.map(|(_, waiting)| waiting.parse::<f64>().unwrap_or(0.0)).sum::<f64>() as usize)
    }

    /// Asks until so many wait, or fewer if that is what is hoped for; says how long after `since` it saw that.
    fn until(&mut self, is_so: impl Fn(usize) -> bool, since: Instant) -> io::Result<Duration> {
        loop {
            let waiting = self.waiting()?;
            if is_so(waiting) {
                return Ok(since.elapsed());
            }
            if since.elapsed() > LONGEST {
                return Err(io::Error::other(format!("{waiting} calls wait, and that doesn't change")));
            }
        }
    }

    /// What the process has in memory, in bytes.
    fn resident(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| io::Error::other("no VmRSS here"))
    }
}

/// The call of one who waits: each in its own words, so that none is answered by another's answer.
fn wait(proxy: &str, number: usize) -> io::Result<Caller> {
    let mut caller = Caller::connect(proxy)?;
    caller.ask(&format!("/v1/rooms?max=1&call={number}"), "")?;
    Ok(caller)
}

/// Has so many wait, and hang up.
pub fn run(proxy: &str, operators: &str, callers: usize, process: u32) -> io::Result<()> {
    let mut watched = Watched { desk: Caller::connect(operators)?, process };
    // The first is answered; the second is told to wait for long, and so is everybody after.
    let mut first = wait(proxy, 0)?;
    if first.answer()?.0 != 200 {
        return Err(io::Error::other("the first call isn't answered"));
    }
    let mut queue = vec![wait(proxy, 1)?];
    watched.until(|waiting| waiting == 1, Instant::now())?;
    let before = watched.resident()?;
    for number in 2..=callers {
        queue.push(wait(proxy, number)?);
    }
    watched.until(|waiting| waiting == callers, Instant::now())?;
    let each = (watched.resident()?.saturating_sub(before)) / (callers as u64 - 1);
    println!("{callers} wait: {each} bytes each, {} MiB the process", watched.resident()? >> 20);

    let mut freed = Vec::new();
    for _ in 0..ALONE.min(callers / 2) {
        // From the middle, where it is neither the head nor the last.
        let leaving = queue.swap_remove(queue.len() / 2);
        let left = queue.len();
        let hung_up = Instant::now();
        drop(leaving);
        freed.push(watched.until(|waiting| waiting <= left, hung_up)?);
        thread::sleep(Duration::from_millis(5));
    }
    freed.sort_unstable();
    let (half, last) = (freed[freed.len() / 2], freed[freed.len() - 1]);
    println!(
        "one hangs up: its place is free within {} us, {} us at most of {}",
        half.as_micros(),
        last.as_micros(),
        freed.len()
    );

    let (left, began) = (queue.len(), Instant::now());
    drop(queue);
    let hung_up = Instant::now();
    let after = watched.until(|waiting| waiting == 0, hung_up)?;
    println!(
        "all {left} hang up, which takes {} us: all places are free {} us after the last",
        (hung_up - began).as_micros(),
        after.as_micros()
    );
    println!("then the process has {} MiB", watched.resident()? >> 20);
    Ok(())
}
