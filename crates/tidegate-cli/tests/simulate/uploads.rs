//! What is sent to `/v1/echo`, and refusals that come while it is still being sent. Never here: other calls.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::running::Running;

/// Larger than what systems hold between two sockets, so that whoever isn't read can't end.
const LARGE: usize = 24 << 20;

fn sha256(body: &[u8]) -> String {
    digest(&SHA256, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Uploads are judged at this point; further lines of the scenario.
fn start(verdict: &str, lines: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    let limit = "[[limit]]\nmatch = \"PUT /v1/echo/{name}\"\nquota = \"1 per hour\"\n";
    std::fs::write(&path, format!("servers = 1\nverdict = \"{verdict}\"\n{lines}{limit}")).unwrap();
    Running::start(&["--scenario", path.to_str().unwrap()])
}

#[test]
fn whatever_arrives_is_told_back_and_no_secret_is() {
    let running = Running::start(&[]);
    let fields = "Authorization: Bearer canary\r\nCookie: canary\r\nX-Twice: a\r\nX-Twice: b\r\n";
    let answer = running.ask("PATCH", "/v1/echo/a?b=c", fields, "abc");
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("canary"), "{}", answer.body);
    let told = answer.json();
    assert_eq!((&told["method"], &told["target"]), (&"PATCH".into(), &"/v1/echo/a?b=c".into()));
    assert_eq!((&told["bytes"], &told["fields"]["x-twice"]), (&3.into(), &"a, b".into()));
    assert_eq!(told["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/// One upload, so much of which is sent before the answer is waited for, the rest after its status came.
fn upload(running: &Running, body: &[u8], first: usize) -> (String, Value) {
    let mut stream = TcpStream::connect(&running.address).unwrap();
    let head =
        format!("PUT /v1/echo/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}", body.len());
    stream.write_all(format!("{head}\r\nAuthorization: Bearer any\r\n\r\n").as_bytes()).unwrap();
    stream.write_all(&body[..first]).unwrap();
    let (mut status, mut rest) = (String::new(), String::new());
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    reader.read_line(&mut status).unwrap();
    stream.write_all(&body[first..]).expect("the rest is read, too");
    reader.read_to_string(&mut rest).unwrap();
    let (_, told) = rest.split_once("\r\n\r\n").unwrap();
    (status.trim_end().to_owned(), serde_json::from_str(told).unwrap())
}

#[track_caller]
fn check(verdict: &str, needed: usize) {
    let running = start(verdict, "");
    let body: Vec<u8> = (0..LARGE).map(|at| (at / 7) as u8).collect();
    let (status, told) = upload(&running, &body, LARGE);
    assert_eq!(status, "HTTP/1.1 200 OK", "{verdict}");
    assert_eq!((&told["bytes"], &told["sha256"]), (&LARGE.into(), &sha256(&body).into()), "{verdict}");
    let (status, _) = upload(&running, &body, needed);
    assert_eq!(status, "HTTP/1.1 429 Too Many Requests", "{verdict}");
    let total = running.stats()["total"].clone();
    assert_eq!((&total["done"], &total["limited"]), (&1.into(), &1.into()), "{verdict}: {total}");
}

#[test]
fn a_refusal_may_come_before_the_body_does_and_the_rest_is_still_read() {
    check("at-once", 0);
}

#[test]
fn a_refusal_may_come_midway_and_the_rest_is_still_read() {
    check("midway", LARGE / 2);
}

#[test]
fn a_refusal_comes_at_the_end_unless_told_otherwise() {
    check("at-the-end", LARGE);
}

#[test]
fn who_asks_before_sending_is_refused_without_a_word_of_the_body() {
    let running = start("at-once", "");
    assert_eq!(running.ask("PUT", "/v1/echo/a", "Authorization: Bearer any\r\n", "").status, 200);
    let mut stream = TcpStream::connect(&running.address).unwrap();
    let head = "PUT /v1/echo/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n";
    stream.write_all(format!("{head}Authorization: Bearer any\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
}

#[test]
fn the_rest_of_a_refused_upload_may_be_cut() {
    let running = start("at-once", "rest = \"cut\"\n");
    assert_eq!(running.ask("PUT", "/v1/echo/a", "Authorization: Bearer any\r\n", "").status, 200);
    let mut stream = TcpStream::connect(&running.address).unwrap();
    let head =
        format!("PUT /v1/echo/a HTTP/1.1\r\nHost: a\r\nContent-Length: {LARGE}\r\nAuthorization: Bearer any");
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).unwrap();
    let mut status = String::new();
    BufReader::new(stream.try_clone().unwrap()).read_line(&mut status).unwrap();
    assert_eq!(status, "HTTP/1.1 429 Too Many Requests\r\n");
    assert!(stream.write_all(&vec![0; LARGE]).is_err(), "the connection is closed");
}
