//! Ten callers with unequal loads in one bucket, and what each gets of it. Never here: how it is shared.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::caller::Caller;

const CALLERS: u32 = 10;

/// How many calls the first has at once; each further one has twice as many as the one before.
const LEAST: u64 = 2;

/// Until the pace is learned, nothing is counted.
const WARM_UP: Duration = Duration::from_secs(5);

/// How evenly the answers fell (Jain's index): 1 if all got as many, a tenth if one got all.
fn jain(got: &[u64]) -> f64 {
    let (sum, squares) =
        (got.iter().sum::<u64>() as f64, got.iter().map(|got| (got * got) as f64).sum::<f64>());
    sum * sum / (got.len() as f64 * squares)
}

/// Lets them call for so long, and says what each got.
pub fn run(proxy: &str, seconds: u64) -> io::Result<()> {
    let began = Instant::now();
    let end = WARM_UP + Duration::from_secs(seconds);
    let got: Vec<_> = (0..CALLERS).map(|_| Arc::new(AtomicU64::new(0))).collect();
    for (number, got) in (0..).zip(&got) {
        for connection in 0..LEAST << number {
            let (caller, got) = (Caller::connect(proxy)?, Arc::clone(got));
            thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn(move || calls(caller, (number, connection), began, &got))?;
        }
    }
    thread::sleep(end.saturating_sub(began.elapsed()));
    let got: Vec<u64> = got.iter().map(|got| got.load(Ordering::Relaxed)).collect();
    println!("{} answers in {seconds} s, by caller {got:?}; Jain {:.4}", got.iter().sum::<u64>(), jain(&got));
    Ok(())
}

fn calls(mut caller: Caller, (number, connection): (u32, u64), began: Instant, got: &AtomicU64) {
    let fields = format!("X-Caller: {number}\r\n");
    for call in 0u64.. {
        // No two alike, or they would share an answer.
        let target = format!("/v1/rooms?max=1&call={number}-{connection}-{call}");
        if let Err(error) = caller.call(&target, &fields) {
            eprintln!("caller {number}: {error}");
            std::process::exit(1);
        }
        if began.elapsed() > WARM_UP {
            got.fetch_add(1, Ordering::Relaxed);
        }
    }
}
