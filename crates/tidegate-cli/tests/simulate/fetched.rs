//! `tidegate fetch` and `tidegate simulate` together: the house against itself. Never here: what either does alone.

use std::process::Command;

use serde_json::Value;

use crate::running::Running;

#[test]
fn fetch_gets_every_room_once_and_violates_nothing() {
    let limit = ["--servers", "2", "--limit", "GET /v1/rooms: 1 per 2 seconds, burst 2"];
    let running = Running::start(&[&limit[..], &["--rooms", "200"]].concat());
    let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(["fetch", "--all-pages", "--items", "/items"])
        .arg(format!("http://{}/v1/rooms?max=25", running.address))
        .env("TIDEGATE_TOKEN", "any")
        .env("NO_PROXY", "*")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    let met: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(id).collect();
    assert_eq!(met, (1..=200).map(|number| format!("room-{number}")).collect::<Vec<_>>());
    let total = running.stats()["total"].clone();
    assert_eq!((&total["done"], &total["violations"]), (&8.into(), &0.into()), "{total}");
    assert!(total["limited"].as_u64() > Some(0), "it was told to wait: {total}");
}
