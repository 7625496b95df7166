//! Told waits: sat out, or refused for good reason, and told. Never here: how long a wait is measured to be.

use serde_json::Value;

use crate::running::{fetch, run};
use crate::server::{Server, answer, ok, refusal};

#[test]
fn a_refusal_is_waited_out_and_told_once() {
    let server = Server::new(|number, _| if number == 0 { refusal("1") } else { ok("at last") });
    let ended = run(&mut fetch(&[server.url("/")]));
    assert_eq!(ended.out, "at last");
    ended.check(0, &["done: 1 answer", "was told once to wait"]);
}

#[test]
fn where_no_bar_shows_it_a_long_wait_has_one_line_for_all_who_wait() {
    let server = Server::new(|number, _| if number == 0 { refusal("3") } else { ok("") });
    let ended = run(&mut fetch(&["--concurrency", "4", &server.url("/v1/rooms?{1..4}")]));
    let place = server.url("/v1/rooms").replace("http://", "");
    ended.check(0, &["  waits ", " s until ", &format!("Z as told: {place}\n")]);
    assert_eq!(ended.err.matches("waits").count(), 1, "{}", ended.err);
}

#[test]
fn nobody_is_told_of_a_wait_who_wants_quiet_or_it_is_short() {
    let refuse_first =
        |seconds| Server::new(move |number, _| if number == 0 { refusal(seconds) } else { ok("") });
    let ended = run(&mut fetch(&["--quiet", &refuse_first("3").url("/")]));
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
    let ended = run(&mut fetch(&[&refuse_first("1").url("/")]));
    assert!(!ended.err.contains("waits"), "{}", ended.err);
}

#[test]
fn a_refused_body_is_sent_again_byte_for_byte() {
    let server = Server::new(|number, _| if number == 0 { refusal("1") } else { ok("") });
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("body");
    // More than is kept in memory, so that the spill file has its part.
    let body: Vec<u8> =
        (0..200_000u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    std::fs::write(&path, &body).unwrap();
    let at = format!("@{}", path.display());
    run(&mut fetch(&["--data-binary", &at, &server.url("/")])).check(0, &[]);
    let received = server.received();
    assert_eq!(received.len(), 2);
    for request in received {
        assert_eq!((&*request.method, request.header("content-length")), ("POST", Some("800000")));
        assert!(request.body == body);
    }
}

#[test]
fn verbose_shows_the_refusal_with_its_header_and_no_secret() {
    let server = Server::new(|number, _| if number == 0 { refusal("1") } else { ok("") });
    let ended = run(&mut fetch(&["-v", &server.url("/")]));
    ended.check(
        0,
        &[
            "> GET ",
            "429 Too Many Requests",
            "< retry-after: 1",
            "ROUTER_REFUSED",
            "told to wait 1 s",
            "goes on at ",
        ],
    );
    assert!(!ended.err.contains("s3cret"));
}

#[test]
fn a_wait_of_ten_years_is_an_end_at_once() {
    let server = Server::new(|_, _| refusal("315360000"));
    run(&mut fetch(&[server.url("/")])).check(3, &["10 years", "--max-wait"]);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn a_wait_beyond_a_bound_is_an_end_at_once() {
    let server = Server::new(|_, _| refusal("600"));
    run(&mut fetch(&["--max-wait", "5m", &server.url("/")])).check(3, &["10 min", "--max-wait 5 min"]);
    run(&mut fetch(&["--deadline", "5m", &server.url("/")])).check(3, &["10 min", "--deadline"]);
}

#[test]
fn an_outage_that_tells_its_end_is_waited_out_too() {
    let server = Server::new(|number, _| match number {
        0 => answer("503 Service Unavailable", &["retry-after: 1"], b""),
        _ => ok("back"),
    });
    let ended = run(&mut fetch(&[server.url("/")]));
    assert_eq!((ended.code, &*ended.out), (Some(0), "back"));
}

#[test]
fn programs_are_told_in_json() {
    let server =
        Server::new(|number, _| if number == 0 { refusal("1") } else { answer("404 Not Found", &[], b"") });
    let ended = run(&mut fetch(&["--json", &server.url("/")]));
    assert_eq!(ended.code, Some(1));
    let events: Vec<Value> = ended.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["refused", "error", "summary"]);
    assert_eq!(
        (&events[0]["told_seconds"], &events[0]["tracking_id"]),
        (&1.0.into(), &"ROUTER_REFUSED".into())
    );
    assert_eq!((&events[1]["exit"], &events[2]["refused"]), (&1.into(), &1.into()));
    assert_eq!(events[2]["not_done"][0]["url"], server.url("/"));
}
