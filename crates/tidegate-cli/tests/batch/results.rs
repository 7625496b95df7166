//! What is in the results. Never here: how a run is ended and gone on with.

use serde_json::json;

use crate::running::{Desk, Simulation, posts};
use crate::server::{Server, answer, ok, page, refusal};

#[test]
fn each_item_has_one_result() {
    let server = Server::new(|_, request| match &*request.target {
        "/json" => answer(
            "200 OK",
            &["content-type: application/json", "etag: e", "set-cookie: s3cret"],
            b"{\"a\": [1, 2.50]}",
        ),
        "/text" => answer("200 OK", &["content-type: text/plain"], "é\"".as_bytes()),
        "/bytes" => answer("200 OK", &["content-type: image/png"], b"\xff\x00"),
        "/none" => answer("204 No Content", &[], b""),
        _ => answer("404 Not Found", &[], b"{\"message\":\"no\"}"),
    });
    let desk = Desk::new(
        "{\"id\":\"j\",\"path\":\"/json\"}\n{\"id\":\"t\",\"path\":\"/text\"}\n{\"id\":\"b\",\"path\":\"/bytes\"}\n\
         {\"id\":\"n\",\"path\":\"/none\",\"method\":\"DELETE\"}\n{\"path\":\"/lost\"}\n",
    );
    let ended = desk.run(&server.url(""), &["--with-headers"]);
    ended.check(1, &["done: 5 of 5 items", "1 without success"]);
    let results = desk.results();
    assert_eq!(results["j"]["body"], json!({ "a": [1, 2.50] }));
    assert!(desk.read("results").contains("\"body\":{\"a\":[1,2.50]}"), "numbers keep their digits");
    assert_eq!(results["j"]["headers"]["etag"], "e");
    assert_eq!((&results["t"]["body"], &results["b"]["body"]), (&json!("é\""), &json!({ "base64": "/wA=" })));
    assert_eq!((&results["n"]["status"], results["n"].get("body")), (&json!(204), None));
    assert_eq!(results["5"]["error"], "answered 404 Not Found");
    assert_eq!((&results["5"]["id"], &results["5"]["body"]["message"]), (&json!(5), &json!("no")));
    for file in ["results", "results.journal"] {
        let text = desk.read(file);
        assert!(!text.contains("s3cret") && !text.contains("canary"), "{file}: {text}");
    }
}

#[test]
fn waits_use_up_no_attempts_and_lose_nothing() {
    let simulation = Simulation::start(&["--servers", "1", "--limit", "POST /v1/messages: 20/s, burst 5"]);
    let desk = Desk::new(&posts(40));
    desk.run(&simulation.base(), &["--concurrency", "8"]).check(0, &["done: 40 of 40 items"]);
    assert!(desk.results().values().all(|result| result["status"] == 200), "{}", desk.read("results"));
    let counted = ["done", "doubled", "missing", "violations"].map(|name| simulation.total(name));
    assert_eq!(counted, [40, 0, 0, 0]);
}

#[test]
fn a_lane_that_waits_does_not_hold_up_another() {
    let server = Server::new(|_, request| match request.target.starts_with("/slow") {
        true => refusal("600"),
        false => ok("1"),
    });
    let slow: String = (0..100).map(|number| format!("{{\"path\":\"/slow/{number}\"}}\n")).collect();
    let fast: String = (0..100).map(|number| format!("{{\"path\":\"/fast/{number}\"}}\n")).collect();
    let desk = Desk::new(&(slow + &fast));
    let ended = desk.run(&server.url(""), &["--concurrency", "4", "--max-wait", "1m"]);
    ended.check(3, &["until then: 100 of 200 items", "not done: 100; resume with: "]);
    assert!(desk.results().values().all(|result| result["status"] == 200));
}

#[test]
fn pages_are_followed_to_the_end_and_no_further_than_the_origin() {
    let server = Server::new(|_, request| match &*request.target {
        "/rooms" => page("[1]", Some("/rooms?2")),
        "/rooms?2" => page("[2, 3]", None),
        _ => page("[]", Some("http://127.0.0.1:1/")),
    });
    let desk = Desk::new(
        "{\"id\":\"r\",\"path\":\"/rooms\",\"paginate\":true}\n{\"id\":\"x\",\"path\":\"/x\",\"paginate\":true}\n",
    );
    desk.run(&server.url(""), &[]).check(1, &["1 without success"]);
    let results = desk.results();
    assert_eq!(results["r"]["pages"], json!([{ "items": [1] }, { "items": [2, 3] }]));
    assert_eq!(results["r"]["attempts"], 2);
    assert!(results["x"]["error"].as_str().unwrap().contains("another origin"), "{}", results["x"]);
}

#[test]
fn rows_of_csv_are_calls() {
    let server = Server::new(|_, request| ok(&format!("{:?}", request.target)));
    let desk = Desk::new("id,name\n7,\"a/b\nc\"\n,d\n");
    desk.run(&server.url("/v1"), &["--url-template", "/p/{id}?n={name}"]).check(0, &["done: 2 of 2"]);
    let results = desk.results();
    assert_eq!(results["7"]["body"], "/v1/p/7?n=a%2Fb%0Ac");
    assert_eq!(results["4"]["body"], "/v1/p/?n=d", "without an id, the line is one");
}

#[test]
fn results_may_be_put_into_the_order_of_the_list() {
    let simulation = Simulation::start(&[]);
    let desk = Desk::new(&posts(60));
    desk.run(&simulation.base(), &["--ordered", "--concurrency", "16"]).check(0, &["done: 60 of 60"]);
    let expected: Vec<String> = (0..60).map(|number| format!("m{number}")).collect();
    assert_eq!(desk.ids(), expected);
    assert_eq!(desk.files(), ["list", "results", "results.journal"]);
    desk.run(&simulation.base(), &["--ordered"]).check(0, &["60 of them before"]);
    assert_eq!((desk.ids(), simulation.total("calls")), (expected, 60));
}

#[test]
fn what_is_larger_than_memory_goes_through_a_file_and_what_is_too_large_is_said() {
    let large = format!("[{}1]", "1,".repeat(200_000));
    let body = large.clone();
    let server =
        Server::new(move |_, _| answer("200 OK", &["content-type: application/json"], body.as_bytes()));
    let desk = Desk::new("{\"id\":\"a\",\"path\":\"/\"}\n");
    desk.run(&server.url(""), &[]).check(0, &[]);
    assert!(desk.read("results").contains(&format!("\"body\":{large}}}")));
    let desk = Desk::new("{\"id\":\"a\",\"path\":\"/\"}\n");
    desk.run(&server.url(""), &["--max-body", "64KiB"]).check(1, &["1 without success"]);
    assert_eq!(desk.results()["a"]["error"], "the result is larger than 64 KiB, as --max-body says");
}

#[test]
fn programs_are_told_how_it_ended() {
    let server = Server::new(|_, _| ok("1"));
    let desk = Desk::new("{\"path\":\"/\"}\n");
    let ended = desk.run(&server.url(""), &["--json"]);
    let summary: serde_json::Value = serde_json::from_str(ended.err.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&summary["event"], &summary["exit"], &summary["done"]),
        (&json!("summary"), &json!(0), &json!(1))
    );
    assert_eq!(ended.out, "");
}

#[test]
fn a_token_that_is_not_taken_ends_the_run_and_burns_no_items() {
    let server =
        Server::new(|number, _| if number < 3 { ok("1") } else { answer("401 Unauthorized", &[], b"") });
    let desk = Desk::new(&posts(50));
    let ended = desk.run(&server.url(""), &["--concurrency", "1"]);
    ended.check(1, &["doesn't take the token", "until then: 3 of 50 items", "not done: 47"]);
    assert_eq!(desk.results().len(), 3);
    assert!(!ended.err.contains("unknown"), "a 401 is no doubt: {}", ended.err);
}

#[test]
fn a_token_that_is_not_there_ends_the_run_and_burns_no_items() {
    let server = Server::new(|_, request| match request.header("authorization") {
        Some(_) => ok("1"),
        None => answer("401 Unauthorized", &[], b""),
    });
    let desk = Desk::new(&posts(20));
    let mut command = desk.batch(&server.url(""), &["--concurrency", "1"]);
    let ended = crate::running::ended(command.env_remove("TIDEGATE_TOKEN"));
    ended.check(1, &["wants a token, and there is none", "export TIDEGATE_TOKEN", "not done: 20"]);
    desk.run(&server.url(""), &[]).check(0, &["done: 20 of 20 items"]);
}

#[test]
fn a_refusal_for_good_leaves_what_shares_it() {
    let server = Server::new(|_, request| match &*request.target {
        "/v1/messages" => {
            answer("429 Too Many Requests", &[], br#"{"error": {"code": "insufficient_quota"}}"#)
        }
        _ => ok("1"),
    });
    let desk = Desk::new(&(posts(20) + "{\"path\":\"/other\"}\n"));
    let ended = desk.run(&server.url(""), &["--provider", "openai", "--concurrency", "2"]);
    ended.check(1, &["refuses for good", "until then: 1 of 21 items", "not done: 20"]);
    assert!(server.received().len() < 8, "not one after another is sent: {}", server.received().len());
}
