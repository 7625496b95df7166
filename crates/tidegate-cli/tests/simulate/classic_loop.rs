//! The classic exercise, unchanged: a Python loop that sleeps as told. Never here: a change to that loop.

use std::process::Command;

use crate::running::Running;

#[test]
fn the_classic_loop_gets_every_room_once_and_violates_nothing() {
    let limit = ["--servers", "2", "--limit", "GET /v1/rooms: 1 per 2 seconds, burst 2"];
    let running = Running::start(&[&limit[..], &["--rooms", "200"]].concat());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/classic_loop.py");
    let output = Command::new("python3")
        .args([script, &format!("http://{}/v1/rooms?max=25", running.address)])
        .env("TOKEN", "any")
        .env("no_proxy", "*")
        .output()
        .expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let met = String::from_utf8(output.stdout).unwrap();
    let every: Vec<String> = (1..=200).map(|number| format!("room-{number}")).collect();
    assert_eq!(met.lines().collect::<Vec<_>>(), every);
    let total = running.stats()["total"].clone();
    assert_eq!((&total["done"], &total["violations"]), (&8.into(), &0.into()), "{total}");
    assert!(total["limited"].as_u64() > Some(0), "it was told to wait: {total}");
}
