//! Ctrl-C and SIGTERM, at a wait and at a reader who stalls. Never here: how fast it was, beyond not waiting it out.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::running::fetch;
use crate::server::{Reply, Server, ok, page, refusal};

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A page, then a wait of ten minutes: the run is stopped in the midst of it.
fn check(signal: &str) {
    let server = Server::new(|number, _| if number == 0 { page("[1]", Some("/?2")) } else { refusal("600") });
    let mut child = fetch(&["-v", "--all-pages", "--items", "/items", &server.url("/")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut item = String::new();
    out.read_line(&mut item).unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("goes on at")).expect("the wait is told");
    send(signal, &child);
    let rest: Vec<String> = lines.collect();
    out.read_to_string(&mut item).unwrap();
    assert_eq!((child.wait().unwrap().code(), &*item), (Some(130), "1\n"), "{rest:?}");
    let told = rest.join("\n");
    assert!(told.contains("stopped: 1 page, 1 item"), "{told}");
    assert!(told.contains(&format!("go on with: '{}'", server.url("/?2"))), "{told}");
}

#[test]
fn ctrl_c_ends_a_wait_at_once_and_says_how_to_go_on() {
    check("-INT");
}

#[test]
fn sigterm_does_the_same() {
    check("-TERM");
}

/// Stops a run once the server has `/hang` in its hands and knows that `/done` is done. Hands back standard error.
fn stopped_on_the_wire(flags: &[&str]) -> (Server, String) {
    let (arrived, arrivals) = std::sync::mpsc::channel();
    let server = Server::new(move |_, request| match &*request.target {
        "/hang" => {
            arrived.send(()).unwrap();
            Reply::Hang(vec![])
        }
        _ => ok("done"),
    });
    let mut command = fetch(&[server.url("/done"), server.url("/hang"), server.url("/later")]);
    let child = command.args(flags).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    arrivals.recv().unwrap();
    send("-INT", &child);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    (server, String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn what_may_have_been_done_is_not_to_be_gone_on_with() {
    let (server, told) = stopped_on_the_wire(&["-d", "pay=1"]);
    let url = server.url("/hang");
    let look = "sent, outcome unknown: look whether it was done before sending it again";
    assert!(told.contains(&format!("{look}: '{url}'")), "{told}");
    assert!(!told.contains("go on with"), "{told}");
    assert!(told.contains(&format!("not begun: 1, from '{}'", server.url("/later"))), "{told}");

    let (server, told) = stopped_on_the_wire(&["-d", "pay=1", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(summary["unknown"], serde_json::json!([{ "number": 2, "url": server.url("/hang") }]));
    assert_eq!(summary["not_done"], serde_json::json!([]));
}

#[test]
fn what_can_be_sent_twice_is_to_be_gone_on_with() {
    for flags in [&["-X", "PUT"][..], &["-d", "pay=1", "-H", "Idempotency-Key: 1"]] {
        let (server, told) = stopped_on_the_wire(flags);
        assert!(told.contains(&format!("not done, go on with: '{}'", server.url("/hang"))), "{told}");
        assert!(!told.contains("unknown"), "{told}");
    }
}

#[test]
fn a_reader_who_stalls_does_not_hold_it_up() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let server = Server::new(move |_, _| Reply::Endless(head.clone(), vec![b'x'; 1 << 16]));
    let mut child = fetch(&[server.url("/")]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stalled = child.stdout.take().unwrap();
    stalled.read_exact(&mut [0; 1000]).unwrap();
    send("-INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
