//! `--repeat`: a line per answer, and always a bound. Never here: how fast.

use serde_json::Value;

use crate::running::{fetch, run};
use crate::server::{Server, answer, ok, refusal};

#[test]
fn each_answer_is_a_line_and_a_refusal_a_note() {
    let server = Server::new(|number, _| match number {
        1 => refusal("1"),
        _ => answer("200 OK", &[&format!("trackingid: ROUTER_{number}")], b"[]"),
    });
    let ended = run(&mut fetch(&["--repeat", "--count", "3", &server.url("/v1/rooms")]));
    ended.check(0, &["429", "told to wait 1 s", "ROUTER_REFUSED", "done: 3 of 3 answers"]);
    let lines: Vec<Vec<&str>> = ended.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let columns = |index: usize| lines.iter().map(|line| line[index]).collect::<Vec<_>>();
    assert_eq!((columns(2), columns(5)), (vec!["200"; 3], vec!["ROUTER_0", "ROUTER_2", "ROUTER_3"]));
    assert_eq!(server.received().len(), 4);
}

#[test]
fn without_a_bound_there_is_one_and_a_warning() {
    let server = Server::new(|_, _| ok(""));
    let ended = run(&mut fetch(&["--repeat", "--concurrency", "4", "--unordered", &server.url("/")]));
    ended.check(0, &["warning: --repeat without --count or --for", "100"]);
    assert_eq!((ended.out.lines().count(), server.received().len()), (100, 100));
}

#[test]
fn several_urls_take_turns() {
    let server = Server::new(|_, _| ok(""));
    run(&mut fetch(&["--repeat", "--count", "5", &server.url("/{a,b}")])).check(0, &[]);
    assert_eq!(server.targets(), ["/a", "/b", "/a", "/b", "/a"]);
}

#[test]
fn a_wait_beyond_the_time_given_is_the_end_and_no_failure() {
    let server = Server::new(|number, _| if number < 2 { ok("") } else { refusal("600") });
    let ended = run(&mut fetch(&["--repeat", "--for", "5m", &server.url("/")]));
    ended.check(0, &["done: 2 answers"]);
}

#[test]
fn an_answer_that_is_no_success_stops_it() {
    let server =
        Server::new(|number, _| if number < 2 { ok("") } else { answer("403 Forbidden", &[], b"no") });
    let ended = run(&mut fetch(&["--repeat", "--count", "9", &server.url("/")]));
    ended.check(1, &["403 Forbidden: no", "until then: 2 of 9 answers"]);
}

#[test]
fn lines_may_be_json() {
    let server = Server::new(|_, _| answer("200 OK", &["trackingid: ROUTER_1"], b""));
    let ended = run(&mut fetch(&["--repeat", "--count", "1", "--json", &server.url("/")]));
    let line: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&line["status"], &line["tracking_id"]), (&200.into(), &"ROUTER_1".into()));
}
