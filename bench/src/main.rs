//! Decisions by Tidegate's table and by peers, for a counter of instructions to watch or a clock. Never here: a verdict.
//!
//! `tidegate-bench count ENGINE WHAT N` makes N decisions and says nothing: `count.sh` runs it under callgrind with N
//! and 2 N, and the difference is theirs alone. `tidegate-bench door WHO N` asks the penalty box likewise, and
//! `tidegate-bench decide WHAT N` a whole limiter. `tidegate-bench time` times all engines by turns. `tidegate-bench memory`
//! fills a table with ten million keys.

mod decide;
mod door;
mod engines;

use std::hint::black_box;
use std::time::Instant;

use engines::{Bare, Engine, Governor, Nothing, Tidegate};

/// How many keys there are where there are many.
const MANY: u64 = 1_000_000;

/// What the decisions are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// One key.
    Hot,
    /// A million known keys, each as likely.
    Uniform,
    /// Keys that were never seen.
    Insert,
}

/// Sixteen bytes, as a token's digest or an IPv6 address has.
fn key(number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    bytes
}

/// A cheap draw, the same in every run.
fn next(draw: &mut u64) -> u64 {
    *draw ^= *draw << 13;
    *draw ^= *draw >> 7;
    *draw ^= *draw << 17;
    *draw
}

fn warm(engine: &impl Engine, what: What) {
    if what == What::Uniform {
        for number in 0..MANY {
            engine.decide(&key(number), number);
        }
    }
}

/// Makes so many decisions, a microsecond of the engine's time after each other; how many passed.
#[inline(never)]
fn run(engine: &impl Engine, what: What, decisions: u64) -> u64 {
    let (mut passed, mut draw) = (0, 0x2545_f491_4f6c_dd1d);
    for turn in 0..decisions {
        let number = match what {
            What::Hot => 7,
            What::Uniform => (u128::from(next(&mut draw)) * u128::from(MANY) >> 64) as u64,
            What::Insert => MANY + turn,
        };
        passed += u64::from(engine.decide(black_box(&key(number)), MANY + turn));
    }
    black_box(passed)
}

fn count(engine: &str, what: &str, decisions: u64) {
    let what = match what {
        "hot" => What::Hot,
        "uniform" => What::Uniform,
        _ => What::Insert,
    };
    fn both(engine: &impl Engine, what: What, decisions: u64) -> u64 {
        warm(engine, what);
        run(engine, what, decisions)
    }
    let passed = match engine {
        "tidegate" => both(&Tidegate::new(2 * MANY), what, decisions),
        "governor" => both(&Governor::new(), what, decisions),
        "bare" => both(&Bare::new(2 * MANY), what, decisions),
        _ => both(&Nothing, what, decisions),
    };
    assert_eq!(passed, decisions, "{engine} refuses");
}

/// Nanoseconds for each decision of each engine, by turns; the median of the rounds.
fn time() {
    const ROUNDS: usize = 7;
    const DECISIONS: u64 = 1_000_000;
    for (name, what) in [("hot", What::Hot), ("uniform", What::Uniform)] {
        let (nothing, bare) = (Nothing, Bare::new(2 * MANY));
        let (tidegate, governor) = (Tidegate::new(2 * MANY), Governor::new());
        warm(&bare, what);
        warm(&tidegate, what);
        warm(&governor, what);
        let mut rounds: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            let ways: [&dyn Fn() -> u64; 4] = [
                &|| run(&nothing, what, DECISIONS),
                &|| run(&bare, what, DECISIONS),
                &|| run(&tidegate, what, DECISIONS),
                &|| run(&governor, what, DECISIONS),
            ];
            for (way, times) in ways.iter().zip(&mut rounds) {
                let start = Instant::now();
                way();
                times.push(start.elapsed().as_nanos() as f64 / DECISIONS as f64);
            }
        }
        let median = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        let [nothing, bare, tidegate, governor] = &mut rounds;
        let own = median(nothing);
        println!(
            "{name}: bare {:.1} ns, tidegate {:.1} ns, governor {:.1} ns (the loop's own {own:.1} ns taken off)",
            median(bare) - own,
            median(tidegate) - own,
            median(governor) - own
        );
    }
}

/// What ten million living keys take.
fn memory() {
    const KEYS: u64 = 10_000_000;
    let engine = Tidegate::new(KEYS);
    let passed = (0..KEYS).filter(|&number| engine.decide(&key(number), number)).count();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("VmRSS: unknown here");
    println!(
        "{passed} keys admitted, {} of them without a place; {:.1} bytes a key, table and all; {resident}",
        engine.table.crowded(),
        engine.table.bytes() as f64 / KEYS as f64
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["count", engine, what, decisions] => {
            count(engine, what, decisions.parse().expect("a number of decisions"))
        }
        ["door", who, asks] => door::count(who, asks.parse().expect("a number of calls")),
        ["decide", what, decisions] => decide::count(what, decisions.parse().expect("a number of decisions")),
        ["time"] => time(),
        ["memory"] => memory(),
        _ => {
            println!(
                "usage: tidegate-bench count ENGINE WHAT N | decide WHAT N | door WHO N | time | memory (see README.md)"
            )
        }
    }
}
