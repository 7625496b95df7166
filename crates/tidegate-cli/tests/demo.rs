//! `tidegate demo`, run as people run it, with little work. Never here: speed, who wins.
#![expect(clippy::unwrap_used, reason = "a test that comes no further has failed, wherever that is written")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn demo(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.arg("demo").args(flags);
    command
}

fn run(flags: &[&str]) -> (Output, String) {
    let output = demo(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

#[test]
fn the_figures_add_up() {
    let (output, said) = run(&["--json", "--quiet", "--items", "40"]);
    assert_eq!(output.stderr, b"", "quiet");
    let table: Value = serde_json::from_str(&said).unwrap();
    let clients = table["clients"].as_array().unwrap();
    assert_eq!(clients.len(), 3);
    for client in clients {
        let count = |name: &str| client[name].as_u64().unwrap();
        assert_eq!(count("calls"), count("done") + count("limited"), "{client}");
        assert_eq!(client["ended"], "byItself", "{client}");
        assert_eq!(count("done") + count("lost"), 40, "{client}");
        assert_eq!(count("doubled"), 0, "{client}");
        assert!(client["tookSeconds"].as_f64() >= client["oracleSeconds"].as_f64(), "{client}");
    }
    let tidegate = &clients[2];
    assert_eq!((&tidegate["client"], &tidegate["done"]), (&"Tidegate".into(), &40.into()));
}

#[test]
fn the_table_names_all_three_and_the_next_command() {
    let (output, said) = run(&["--items", "8"]);
    for part in ["naive script", "sleep as told", "Tidegate", "8/8", "tidegate simulate", "tidegate fetch"] {
        assert!(said.contains(part), "{part:?} is missing in: {said}");
    }
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("Nobody is told the limit"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no terminal, no escapes: {shown}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    let mut child =
        demo(&["--items", "100000"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut shown = BufReader::new(child.stderr.take().unwrap()).lines();
    shown.next().expect("it begins").unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(shown.map(Result::unwrap).any(|line| line.contains("stopped before the end")));
}
