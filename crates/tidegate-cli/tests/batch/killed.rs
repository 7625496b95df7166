//! SIGKILL at twenty moments of one run, and a disk that is full. Never here: an end that the run knows of.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::running::{Desk, Simulation, ended, posts};

/// Numbers that look like chance, the same in each run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Messages of which every second one has a key of its own.
fn messages(count: usize) -> String {
    let keyed = |(number, line): (usize, &str)| match number % 2 {
        0 => line.replacen('{', &format!("{{\"headers\":{{\"Idempotency-Key\":\"k{number}\"}},"), 1) + "\n",
        _ => format!("{line}\n"),
    };
    posts(count).lines().enumerate().map(keyed).collect()
}

/// Kills the run once its journal has so many bytes, unless it ends before; says whether it was killed.
fn kill_at(desk: &Desk, mut child: Child, bytes: u64) -> bool {
    let journal = desk.path("results.journal");
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if std::fs::metadata(&journal).is_ok_and(|journal| journal.len() >= bytes) {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        std::thread::yield_now();
    }
}

#[test]
fn killed_at_twenty_moments_nothing_is_lost_and_nothing_doubled() {
    const ITEMS: usize = 600;
    let simulation = Simulation::start(&["--servers", "2", "--limit", "POST /v1/messages: 60/s, burst 60"]);
    let desk = Desk::new(&messages(ITEMS));
    let flags = ["--quiet", "--concurrency", "20"];
    let (mut chance, mut kills) = (Seeded(7), 0);
    while kills < 20 {
        let journal = std::fs::metadata(desk.path("results.journal")).map_or(0, |journal| journal.len());
        let mut command = desk.batch(&simulation.base(), &flags);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(kill_at(&desk, child, journal + chance.below(900)), "it was through after {kills} kills");
        kills += 1;
    }
    let last = desk.run(&simulation.base(), &["--concurrency", "20"]);
    let results = desk.results();
    let listed = desk.run(&simulation.base(), &["--on-unknown", "list"]);
    let unknown: BTreeSet<String> = listed
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(last.code, Some(i32::from(!unknown.is_empty())), "{last:?}");
    for number in 0..ITEMS {
        let id = format!("m{number}");
        match (results.get(&id), unknown.contains(&id)) {
            (Some(result), false) => assert_eq!(result["status"], 200, "{result}"),
            (None, true) => assert_eq!(number % 2, 1, "{id} has a key, so it is no doubt"),
            (result, is_unknown) => panic!("{id}: {result:?}, unknown: {is_unknown}"),
        }
    }
    assert!(results.len() <= ITEMS && unknown.len() <= 20 * 20, "{} unknown", unknown.len());
    assert_eq!(simulation.total("doubled"), 0);
    assert!(simulation.total("missing") <= unknown.len() as u64);
    println!(
        "{} results, {} unknown, {} repeated under their keys",
        results.len(),
        unknown.len(),
        simulation.total("repeated")
    );
}

#[test]
fn with_keys_of_our_own_there_is_no_doubt_at_all() {
    let simulation = Simulation::start(&["--servers", "2", "--limit", "POST /v1/messages: 60/s, burst 60"]);
    let desk = Desk::new(&posts(200));
    let mut chance = Seeded(11);
    for _ in 0..5 {
        let end = std::fs::metadata(desk.path("results")).map_or(0, |results| results.len());
        let mut command = desk.batch(&simulation.base(), &["--quiet", "--idempotency"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let target = end / 5 + chance.below(400);
        kill_at(&desk, child, target.max(1));
    }
    desk.run(&simulation.base(), &["--idempotency"]).check(0, &["done: 200 of 200"]);
    assert!(desk.results().values().all(|result| result["status"] == 200));
    let counted = ["doubled", "missing"].map(|name| simulation.total(name));
    assert_eq!(counted, [0, 0]);
}

#[test]
fn a_full_disk_stops_it_cleanly_and_it_goes_on() {
    let simulation = Simulation::start(&[]);
    let desk = Desk::new(&posts(400));
    let whole = desk.batch(&simulation.base(), &["--idempotency"]);
    // Files may have 8 KiB: what is written beyond is refused, as on a full disk.
    let mut limited = Command::new("bash");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""]).arg(whole.get_program());
    limited.args(whole.get_args()).current_dir(desk.path("")).env("TIDEGATE_TOKEN", "any");
    ended(&mut limited).check(1, &["can't write to results", "make room, and go on with the same command"]);
    assert!(desk.read("results").ends_with('\n'), "no result is torn");
    assert!(desk.read("results.journal").ends_with('\n'));
    desk.run(&simulation.base(), &["--idempotency"]).check(0, &["done: 400 of 400"]);
    assert_eq!(desk.results().len(), 400);
    assert_eq!(["doubled", "missing"].map(|name| simulation.total(name)), [0, 0]);
}
