//! Torn connections, outages, oversized requests, bad input, and being told to stop. Never here: limits.

use std::net::TcpListener;

use crate::http::exchange;
use crate::running::{Running, refused};

/// Writes a scenario into a file that lives as long as what is handed back.
fn scenario(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path.into_os_string().into_string().unwrap())
}

#[track_caller]
fn check_torn(when: &str, missing: u64) {
    let text = format!("[[resets]]\nat = \"0 s\"\nfor = \"1 hour\"\nshare = 1.0\nwhen = \"{when}\"\n");
    let (_folder, path) = scenario(&text);
    let running = Running::start(&["--scenario", &path]);
    let token = "Authorization: Bearer any\r\n";
    assert!(exchange(&running.address, "GET", "/v1/rooms", token, "").is_none(), "the connection is torn");
    let total = running.stats()["total"].clone();
    let torn = if when == "before" { "resetBefore" } else { "resetAfter" };
    assert_eq!((&total[torn], &total["missing"]), (&1.into(), &missing.into()), "{when}: {total}");
}

#[test]
fn connections_are_torn_before_and_after_the_work() {
    check_torn("before", 1);
    check_torn("after", 0);
}

#[test]
fn an_outage_answers_503_and_tells_how_long() {
    let (_folder, path) = scenario("[[outage]]\nat = \"0 s\"\nfor = \"1 hour\"\n");
    let running = Running::start(&["--scenario", &path]);
    let answer = running.get("/v1/rooms");
    assert_eq!(answer.status, 503);
    let told: u64 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&told), "{told}");
}

#[test]
fn too_much_is_refused_and_the_next_call_is_served() {
    let running = Running::start(&[]);
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(running.post("/v1/messages", &large).status, 413);
    let field = format!("Authorization: Bearer any\r\nX-Large: {}\r\n", "x".repeat(10 << 20));
    assert_eq!(running.ask("GET", "/v1/rooms", &field, "").status, 431);
    assert_eq!(running.get("/v1/rooms").status, 200);
}

#[test]
fn it_ends_cleanly_when_told_to() {
    let running = Running::start(&[]);
    assert_eq!(running.get("/v1/rooms").status, 200);
    let (status, said) = running.terminate();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("what was counted"), "{said}");
}

#[track_caller]
fn check_refused(flags: &[&str], parts: &[&str]) {
    let (code, said) = refused(flags);
    assert_eq!(code, Some(2), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is missing in: {said}");
    }
}

#[test]
fn a_bad_limit_is_pointed_at() {
    check_refused(
        &["--limit", "GET /v1/rooms: 300 per minut"],
        &["a unit of time", "GET /v1/rooms: 300 per minut\n", "\n                           ^"],
    );
    check_refused(&["--limit", "rooms"], &["--limit", "a colon"]);
}

#[test]
fn a_bad_scenario_is_refused_with_line_and_column() {
    let (_folder, path) = scenario("servers = 2\nrouting = \"randomly\"\n");
    check_refused(&["--scenario", &path], &[&path, "line 2, column 11"]);
    check_refused(&["--scenario", "/no/such/file"], &["/no/such/file", "No such file"]);
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(["simulate", "--listen", &address])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(&address) && said.contains("another program"), "{said}");
}
