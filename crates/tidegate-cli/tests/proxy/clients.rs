//! Programs that know nothing of rate limits, through the whole proxy, in worlds full of trouble. Never here: what
//! they do, and what is expected of it, which are `examples/clients` and its matrix.

use std::process::{Command, Output};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clients");

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs rows of the matrix, with what a machine that builds this has anyway: `python3` and `curl`.
fn matrix(flags: &[&str]) -> Output {
    let mut command = Command::new("python3");
    command.arg(format!("{FOLDER}/matrix.py")).args(["--tidegate", env!("CARGO_BIN_EXE_tidegate")]);
    command.args(flags).output().expect("python3 runs")
}

#[track_caller]
fn check(client: &str, world: &str, way: &str) {
    let output = matrix(&["--client", client, "--world", world, "--way", way]);
    assert!(output.status.success(), "{client} in {world} by {way}:\n{}", said(&output));
}

#[test]
fn several_servers_that_count_for_themselves_lose_nobody_an_item() {
    check("urllib", "several-servers", "base-url");
    check("curl", "several-servers", "forward");
}

#[test]
fn limits_and_servers_that_change_lose_nobody_an_item() {
    check("urllib", "changing-limits", "base-url");
}

#[test]
fn an_api_that_is_down_for_a_while_loses_nobody_an_item() {
    check("urllib-post", "unavailable", "base-url");
}

#[test]
fn broken_connections_lose_nobody_an_item_and_double_none() {
    check("urllib-post", "resets", "base-url");
}

#[test]
fn waits_that_nobody_can_read_lose_nobody_an_item() {
    check("urllib", "garbage-retry-after", "base-url");
}

#[test]
fn most_troubles_at_once_lose_nobody_an_item() {
    check("urllib-post", "everything", "base-url");
}

#[test]
fn a_large_upload_that_is_refused_before_it_came_arrives_whole() {
    check("curl", "uploads-refused-at-once", "base-url");
}

#[test]
fn a_large_upload_that_is_refused_amid_its_body_arrives_whole() {
    check("curl", "uploads-refused-midway", "base-url");
}

#[test]
fn a_large_upload_whose_connection_is_closed_behind_the_refusal_arrives_whole() {
    check("curl", "uploads-cut", "base-url");
}

#[test]
fn without_the_proxy_the_same_program_loses_items_and_the_matrix_says_so() {
    let output = matrix(&["--client", "urllib", "--world", "several-servers", "--way", "alone"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("missing") && said.contains("1 of 1 rows"), "{said}");
}

/// All clients, with what they need from Debian and PyPI. Minutes.
#[test]
#[ignore = "installs what clients need from Debian and PyPI, and takes minutes"]
fn every_client_gets_every_item_in_every_world() {
    let output =
        Command::new(format!("{FOLDER}/run")).env("TIDEGATE", env!("CARGO_BIN_EXE_tidegate")).output();
    let output = output.expect("the script runs");
    assert!(output.status.success(), "{}", said(&output));
}
