//! Ctrl-C and SIGTERM, at a wait and at a reader who stalls. Never here: how fast it was, beyond not waiting it out.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::running::fetch;
use crate::server::{Reply, Server, page, refusal};

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
    assert!(told.contains(&format!("go on with: {}", server.url("/?2"))), "{told}");
}

#[test]
fn ctrl_c_ends_a_wait_at_once_and_says_how_to_go_on() {
    check("-INT");
}

#[test]
fn sigterm_does_the_same() {
    check("-TERM");
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
