//! A load, and how long answers took. Never here: what is good.
//!
//! At a rate, a call is due at its instant whatever became of those before, and what it took counts from there: who
//! waits for a slow answer before asking again would leave out just the calls that met the slowness.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::caller::Caller;

/// How long a load lasts.
#[derive(Clone, Copy)]
enum Span {
    /// So many calls in all.
    Calls(u64),
    Time(Duration),
}

impl Span {
    fn read(word: &str) -> io::Result<Span> {
        let seconds = word.strip_suffix('s').map(crate::number).transpose()?;
        Ok(match seconds {
            Some(seconds) => Span::Time(Duration::from_secs(seconds)),
            None => Span::Calls(crate::number(word)?),
        })
    }

    /// Whether call number `call` is still one of it, at `now`.
    fn has(self, call: u64, now: Duration) -> bool {
        match self {
            Span::Calls(calls) => call < calls,
            Span::Time(time) => now < time,
        }
    }
}

/// Calls over so many connections, and says what came of it.
pub fn run(address: &str, connections: u64, span: &str, rate: Option<u64>) -> io::Result<()> {
    let span = Span::read(span)?;
    let callers = (0..connections).map(|_| Caller::connect(address));
    let callers: Vec<Caller> = callers.collect::<io::Result<_>>()?;
    let began = Instant::now();
    let threads: Vec<_> = (0..)
        .zip(callers)
        .map(|(number, caller)| {
            thread::spawn(move || match rate {
                None => calls(caller, began, (number, connections), span, |_| None),
                Some(rate) => {
                    let due = move |call: u64| Some(Duration::from_nanos(call * 1_000_000_000 / rate));
                    calls(caller, began, (number, connections), span, due)
                }
            })
        })
        .collect();
    let mut took = Vec::new();
    for thread in threads {
        took.extend(thread.join().map_err(|_| io::Error::other("a caller's thread broke"))??);
    }
    let all = began.elapsed();
    took.sort_unstable();
    let part = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_micros();
    println!(
        "{} calls, {:.0} a second; p50 {} p90 {} p99 {} p99.9 {} max {} us",
        took.len(),
        took.len() as f64 / all.as_secs_f64(),
        part(0.5),
        part(0.9),
        part(0.99),
        part(0.999),
        part(1.0)
    );
    Ok(())
}

/// The calls of one connection: of all, each as-manieth as there are connections. Gives what each took.
fn calls(
    mut caller: Caller,
    began: Instant,
    (first, step): (u64, u64),
    span: Span,
    due: impl Fn(u64) -> Option<Duration>,
) -> io::Result<Vec<Duration>> {
    let mut took = Vec::new();
    let mut call = first;
    loop {
        let now = began.elapsed();
        let due = due(call).unwrap_or(now);
        if !span.has(call, due.max(now)) {
            return Ok(took);
        }
        thread::sleep(due.saturating_sub(now));
        // No two alike, so that each has to be asked of the upstream.
        caller.call(&format!("/v1/rooms?max=50&page={call}"), "")?;
        took.push(began.elapsed() - due);
        call += step;
    }
}
