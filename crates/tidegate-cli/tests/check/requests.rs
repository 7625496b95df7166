//! What `check --request` says of a request, on a page and as JSON. Never here: the examples.

use serde_json::Value;

use crate::running::{check, with};

const ROOMS: &str = "[[limit]]\nname = \"rooms\"\nkey = \"bearer\"\nquota = \"60 per minute, burst 10\"\n\
                     match = { path = \"/v1/rooms/{*rest}\" }\ncost = [{ query = \"max > 100\", is = 4 }, { query = \"all\", is = 11 }]\n";

#[track_caller]
fn says(request: &str, more: &[&str], page: &str) {
    let mut args = vec!["--request", request];
    args.extend(more);
    assert_eq!(check(&with(ROOMS), &args).good(), page);
}

const TOKEN: [&str; 2] = ["-H", "Authorization: Bearer s3cret-s3cret"];

#[test]
fn a_request_is_explained_to_its_end() {
    says(
        "GET /v1/./rooms/7?max=500",
        &TOKEN,
        "GET /v1/./rooms/7?max=500 from 192.0.2.1\n  limits see the path /v1/rooms/7; servers see \
         /v1/rooms/7?max=500\n\n  rooms  falls on it: key bearer s3c…; cost 4, for query max > 100\n         60 per \
         minute, burst 10: 6 left of 10\n\nAdmitted. 2 such calls pass at once from a fresh count; the next is \
         answered 429 with Retry-After: 2, by `rooms`.\n",
    );
    says(
        "GET /v1/rooms?all",
        &TOKEN,
        "GET /v1/rooms?all from 192.0.2.1\n\n  rooms  falls on it: key bearer s3c…; cost 11, for query all\n         60 \
         per minute, burst 10: 10 left of 10\n\nNever admitted: it costs 11, and `rooms` holds at most 10. It is \
         answered 400, since no wait helps.\n",
    );
    says(
        "GET /v1/rooms",
        &["--client", "2001:db8::1"],
        "GET /v1/rooms from 2001:db8::1\n\n  rooms  falls on it, and refuses it: bearer none\n\nRefused with 401: the \
         request has no bearer token in Authorization, which tells callers apart here: send it.\n",
    );
    says(
        "GET /",
        &[],
        "GET / from 192.0.2.1\n\n  rooms  passed over: the path doesn't fit /v1/rooms/{*rest}\n\nAdmitted: no limit \
         falls on it.\n",
    );
}

#[test]
fn a_target_that_no_limit_ever_sees_is_explained_at_its_character() {
    says(
        "GET /v1/é%2Fx",
        &[],
        "GET /v1/é%2Fx from 192.0.2.1\n\n  /v1/é%2Fx\n       ^\nRefused with 400, before any limit: byte 7 of the \
         target begins a coded slash (%2F or %5C), which servers read in different ways: send a plain / between \
         segments\n",
    );
}

#[track_caller]
fn json(request: &str, more: &[&str]) -> Value {
    let mut args = vec!["--json", "--request", request];
    args.extend(more);
    serde_json::from_str(&check(&with(ROOMS), &args).good()).unwrap()
}

#[test]
fn scripts_are_told_the_same() {
    let admitted = json("GET /v1/rooms", &["-H", TOKEN[1], "--repeat", "4"]);
    assert_eq!(admitted["outcome"], "admitted");
    assert_eq!(admitted["limits"][0]["remaining"], 6);
    assert_eq!((&admitted["passes_at_once"], &admitted["retry_after"]), (&10.into(), &1.into()));
    assert_eq!(json("GET /v1/rooms?all", &TOKEN)["outcome"], "never");
    assert_eq!(json("GET /v1/rooms", &[])["status"], 401);
    let malformed = json("GET /%", &[]);
    assert_eq!((&malformed["status"], &malformed["byte"]), (&400.into(), &2.into()));
}

#[test]
fn no_secret_is_said() {
    for args in [&["--json"][..], &[]] {
        let mut all = vec!["--request", "GET /v1/rooms", "-H", TOKEN[1]];
        all.extend(args);
        let said = check(&with(ROOMS), &all).good();
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn what_is_no_request_is_a_slip() {
    let ended = check(&with(ROOMS), &["--request", "/v1/rooms"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("it has no method") && ended.err.contains("hint: "), "{}", ended.err);
}

#[test]
fn a_field_that_only_trusted_proxies_may_set_is_taken_from_others() {
    let plan = "[[limit.plan]]\nname = \"pro\"\nheader = \"x-plan = pro\"\nquota = \"9 per minute\"\n";
    let policy = with(&format!("trusted-proxies = \"10.0.0.1\"\ntrusted-fields = \"x-plan\"\n{ROOMS}{plan}"));
    let asked = |client: &str| {
        let request = ["--request", "GET /v1/rooms", "-H", "X-Plan: pro", "--client", client];
        check(&policy, &[&request[..], &TOKEN].concat()).good()
    };
    let stranger = asked("192.0.2.9");
    assert!(stranger.contains("taken away first") && stranger.contains("60 per minute"), "{stranger}");
    let proxy = asked("10.0.0.1");
    assert!(!proxy.contains("taken away") && proxy.contains("plan `pro`"), "{proxy}");
}
