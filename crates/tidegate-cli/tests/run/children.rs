//! How a command is started, what it reads, and how it ends. Never here: a call, a signal that is sent to it.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::running::{run, run_with, tidegate};

#[test]
fn a_run_ends_as_its_command_does() {
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
        let ended = run(&["--quiet", "--", "sh", "-c", script]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), ""), "{script}");
    }
}

#[test]
fn a_command_reads_what_is_piped_and_writes_what_is_piped_on() {
    let ended = run_with(&["--quiet", "cat"], &[], "one\ntwo\n");
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "one\ntwo\n", ""));
}

#[test]
fn a_command_that_is_not_there_is_127() {
    let ended = run(&["--", "no-such-program-anywhere"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(127), ""));
    assert!(ended.stderr.contains("can't start `no-such-program-anywhere`"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: ") && !ended.stderr.contains("calls"), "{}", ended.stderr);
}

#[test]
fn a_command_that_can_not_be_started_is_126() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plain");
    std::fs::write(&file, "echo no program").unwrap();
    let ended = run(&["--", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(126), "{}", ended.stderr);
    assert!(ended.stderr.contains("plain"), "{}", ended.stderr);
}

#[test]
fn what_is_typed_and_can_not_be_is_refused() {
    for (flags, says) in [
        (&["--base-url", "https://a.example", "true"][..], "API_URL="),
        (&["--intercept", "https://a.example", "true"], "no host"),
        (&["--authority", "/nowhere", "true"], "--intercept"),
        (&[], "COMMAND"),
    ] {
        let ended = run(flags);
        assert_eq!(ended.code, Some(2), "{flags:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{flags:?}: {}", ended.stderr);
    }
}

#[test]
fn processes_that_a_command_leaves_behind_go_on() {
    let script = "exec 3<&0; cat <&3 & exit 4";
    let mut command = tidegate(&["run", "--quiet", "--", "sh", "-c", script]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    assert_eq!(child.wait().unwrap().code(), Some(4), "it waits for its command alone");
    stdin.write_all(b"still here").unwrap();
    drop(stdin);
    let mut said = String::new();
    stdout.read_to_string(&mut said).unwrap();
    assert_eq!(said, "still here");
}
