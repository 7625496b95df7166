//! The JSON object: its keys, their order, where each was read. Never here: the vectors, which the crate runs whole.

use serde_json::{Value, json};

use crate::running::explain;

const GITHUB: &[u8] = b"HTTP/2 403 \r\nx-ratelimit-limit: 60\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-used: 60\r\nx-ratelimit-reset: 1700000900\r\nx-ratelimit-resource: core\r\n\r\n{\"message\": \"API rate limit exceeded for 192.0.2.1.\"}";

fn said(args: &[&str], pasted: &[u8]) -> String {
    explain(&[args, &["--now", "1700000000", "--json"]].concat(), pasted).noted(&[])
}

#[track_caller]
fn check(args: &[&str], pasted: &[u8], key: &str, expected: Value) {
    let said: Value = serde_json::from_str(&said(args, pasted)).unwrap();
    assert_eq!(said[key], expected, "{said}");
}

#[test]
fn all_that_is_understood_is_in_one_line() {
    let args = ["--provider", "github"];
    check(&args, GITHUB, "provider", json!("github"));
    check(&args, GITHUB, "retry_after", json!({ "invalid": true }));
    check(
        &args,
        GITHUB,
        "ratelimit",
        json!({ "trio": { "limit": 60, "remaining": 0 }, "reset_at": 1_700_000_900 }),
    );
    let feedback = json!({
        "limited": true,
        "terminal": false,
        "wait_seconds": 900,
        "limit": 60,
        "remaining": 0,
        "reset_seconds": 900,
        "scope": "ip:core",
        "message": "API rate limit exceeded for 192.0.2.1.",
    });
    check(&args, GITHUB, "feedback", feedback);
    let from = json!({
        "limited": "x-ratelimit-remaining",
        "wait_seconds": "x-ratelimit-reset",
        "limit": "x-ratelimit-limit",
        "remaining": "x-ratelimit-remaining",
        "reset_seconds": "x-ratelimit-reset",
        "scope": "x-ratelimit-resource",
        "message": "body",
    });
    check(&args, GITHUB, "from", from);
}

#[test]
fn what_became_of_the_call_and_what_to_do_have_words() {
    let args = ["--provider", "ietf"];
    let of = |status: &str| format!("HTTP/2 {status}\r\nRetry-After: 5\r\nRateLimit: ?\r\n\r\n").into_bytes();
    for (status, verdict, decision) in
        [("429", "limited", "repeat"), ("503", "unavailable", "repeat"), ("301", "passed", "hand-back")]
    {
        check(&args, &of(status), "status", json!(status.parse::<u16>().unwrap()));
        check(&args, &of(status), "verdict", json!(verdict));
        check(&args, &of(status), "advice", json!({ "decision": decision, "after_seconds": 5 }));
        check(&args, &of(status), "unreadable", json!(["ratelimit"]));
        check(&args, &of(status), "unsure", Value::Null);
    }
    check(&args, b"HTTP/2 429\r\n\r\n", "advice", json!({ "decision": "repeat" }));
}

#[test]
fn what_may_stand_in_a_body_that_cannot_be_read_is_told() {
    let unsure = json!("a refusal may stand in the body, which has something behind its JSON");
    check(&["--provider", "slack"], b"HTTP/2 200\r\n\r\n{\"ok\": false}200", "unsure", unsure);
    let whole = b"HTTP/2 200\r\n\r\n{\"ok\": false, \"error\": \"ratelimited\"}";
    check(&["--provider", "slack"], whole, "unsure", Value::Null);
    check(&["--provider", "slack"], whole, "verdict", json!("limited"));
}

#[test]
fn the_keys_have_an_order() {
    let said = said(&["--host", "api.github.com"], GITHUB);
    let at = |key: &str| said.find(&format!("\"{key}\":")).unwrap();
    assert!(at("provider") < at("retry_after") && at("retry_after") < at("ratelimit"), "{said}");
    assert!(at("ratelimit") < at("feedback") && at("feedback") < at("from"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn what_isnt_told_is_left_out() {
    let feedback = json!({ "limited": false, "terminal": false });
    check(&["--provider", "ietf"], b"HTTP/2 200\r\n\r\n", "feedback", feedback);
    check(&["--provider", "ietf"], b"HTTP/2 200\r\n\r\n", "from", json!({}));
    check(&["--provider", "ietf"], b"HTTP/2 200\r\n\r\n", "ratelimit", Value::Null);
}

#[test]
fn waits_are_written_as_they_were_told() {
    let told = |value: &str| format!("HTTP/2 429\r\nRetry-After: {value}\r\n\r\n");
    for (value, seconds) in [("60", json!(60)), ("64.57", json!(64.57)), ("0", json!(0))] {
        check(&[], told(value).as_bytes(), "retry_after", json!({ "seconds": seconds }));
    }
    let saturated = json!({ "seconds": 2_147_483_648_u64, "saturated": true });
    check(&[], told("99999999999999999999").as_bytes(), "retry_after", saturated);
    assert!(said(&[], told("64.57").as_bytes()).contains("\"seconds\":64.57}"));
}

#[test]
fn a_terminal_refusal_says_where_it_says_so() {
    let pasted = b"HTTP/2 429\r\n\r\n{\"error\": {\"message\": \"Check your plan.\", \"code\": \"insufficient_quota\"}}";
    let feedback = json!({ "limited": true, "terminal": true, "message": "Check your plan." });
    let said: Value = serde_json::from_str(&said(&["--provider", "openai"], pasted)).unwrap();
    for (key, value) in feedback.as_object().unwrap() {
        assert_eq!(&said["feedback"][key], value, "{said}");
    }
    assert_eq!(said["feedback"].get("wait_seconds"), None, "{said}");
    assert_eq!((&said["from"]["terminal"], &said["from"]["limited"]), (&json!("body"), &json!("body")));
}
