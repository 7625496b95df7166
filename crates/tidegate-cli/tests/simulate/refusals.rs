//! What the limits do and what is counted of it. Never here: a wait.

use std::time::Duration;

use tidegate::world;

use crate::running::Running;

/// One server that lets a token post or list once an hour.
const ONCE: [&str; 6] =
    ["--servers", "1", "--limit", "GET /v1/rooms: 1 per hour", "--limit", "POST /v1/messages: 1 per hour"];

#[test]
fn the_second_call_is_told_how_long_to_wait() {
    let running = Running::start(&ONCE);
    assert_eq!(running.get("/v1/rooms").status, 200);
    let refused = running.get("/v1/rooms");
    assert_eq!(refused.status, 429);
    let told: u64 = refused.field("retry-after").unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&told), "{told}");
    let body = refused.json();
    assert_eq!(body["errors"][0]["description"], body["message"]);
    assert_eq!(body["trackingId"].as_str(), refused.field("trackingid"));
    assert_eq!(refused.field("ratelimit"), None, "the limit is hidden");
}

#[test]
fn each_token_has_its_own_counters() {
    let running = Running::start(&ONCE);
    for token in ["a", "b"] {
        let answer = running.ask("GET", "/v1/rooms", &format!("Authorization: Bearer {token}\r\n"), "");
        assert_eq!(answer.status, 200, "{token}");
    }
    let tokens = running.stats()["tokens"].clone();
    assert_eq!((&tokens[0]["token"], &tokens[1]["token"]), (&1.into(), &2.into()));
    assert_eq!((&tokens[0]["done"], &tokens[1]["done"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn who_calls_again_while_told_to_wait_is_counted() {
    let running = Running::start(&ONCE);
    assert_eq!(running.get("/v1/rooms").status, 200);
    assert_eq!(running.get("/v1/rooms").status, 429);
    assert_eq!(running.stats()["total"]["violations"], 0);
    world::sleep_until(world::now().later(Duration::from_millis(300))).await;
    assert_eq!(running.get("/v1/rooms").status, 429);
    let total = running.stats()["total"].clone();
    assert_eq!((&total["limited"], &total["violations"]), (&2.into(), &1.into()));
}

#[test]
fn a_message_that_never_passed_is_missing_and_one_that_passed_twice_is_doubled() {
    let running = Running::start(&["--servers", "1", "--limit", "POST /v1/messages: 2 per hour"]);
    let posts =
        [r#"{"id":"a"}"#, r#"{"id":"a"}"#, r#"{"id":"b"}"#].map(|body| running.post("/v1/messages", body));
    assert_eq!(posts.map(|answer| answer.status), [200, 200, 429]);
    let total = running.stats()["total"].clone();
    assert_eq!((&total["doubled"], &total["missing"]), (&1.into(), &1.into()));
}

#[test]
fn with_an_idempotency_key_nothing_is_doubled() {
    let running = Running::start(&[]);
    for _ in 0..2 {
        let fields = "Authorization: Bearer any\r\nIdempotency-Key: \"k\"\r\n";
        assert_eq!(running.ask("POST", "/v1/messages?id=a", fields, "{}").status, 200);
    }
    let total = running.stats()["total"].clone();
    assert_eq!((&total["doubled"], &total["repeated"]), (&0.into(), &1.into()));
}

#[test]
fn equal_messages_of_two_people_are_not_doubled() {
    let running = Running::start(&[]);
    for _ in 0..2 {
        assert_eq!(running.post("/v1/messages", r#"{"text":"hi"}"#).status, 200);
    }
    let total = running.stats()["total"].clone();
    assert_eq!((&total["done"], &total["doubled"]), (&2.into(), &0.into()), "{total}");
}

#[test]
fn a_key_stands_for_an_id_that_a_message_does_not_have() {
    let running = Running::start(&["--servers", "1", "--limit", "POST /v1/messages: 1 per hour"]);
    for (key, status) in [("\"a\"", 200), ("\"b\"", 429)] {
        let fields = format!("Authorization: Bearer any\r\nIdempotency-Key: {key}\r\n");
        assert_eq!(running.ask("POST", "/v1/messages", &fields, "{}").status, status);
    }
    let total = running.stats()["total"].clone();
    assert_eq!((&total["done"], &total["missing"]), (&1.into(), &1.into()), "{total}");
}

#[test]
fn what_people_read_in_a_terminal_ends_its_line() {
    let running = Running::start(&[]);
    assert!(running.ask("GET", "/_tidegate/stats", "", "").body.ends_with("}\n"));
    assert_eq!(running.ask("POST", "/_tidegate/reset", "", "").body, "true\n");
}

#[test]
fn limits_are_announced_on_request() {
    let running = Running::start(&["--announce", "--servers", "1", "--limit", "GET /v1/rooms: 10 per hour"]);
    let answer = running.get("/v1/rooms");
    assert_eq!(answer.field("ratelimit-policy"), Some("\"default\";q=10;w=3600"));
    assert!(
        answer.field("ratelimit").unwrap().starts_with("\"default\";r=9;t="),
        "{:?}",
        answer.field("ratelimit")
    );
}

#[test]
fn a_date_is_told_as_a_date() {
    let running = Running::start(&[&ONCE[..], &["--retry-after", "date"]].concat());
    assert_eq!(running.get("/v1/rooms").status, 200);
    let refused = running.get("/v1/rooms");
    let read =
        |name| tidegate_wire::date::read_http(refused.field(name).unwrap().as_bytes(), world::wall_clock());
    let wait = read("retry-after").unwrap() - read("date").unwrap();
    assert!((3500..=3602).contains(&wait), "{wait}");
}

#[test]
fn a_reset_begins_anew() {
    let running = Running::start(&ONCE);
    assert_eq!(running.get("/v1/rooms").status, 200);
    assert_eq!(running.get("/v1/rooms").status, 429);
    assert_eq!(running.ask("POST", "/_tidegate/reset", "", "").status, 200);
    assert_eq!(running.stats()["total"]["calls"], 0);
    assert_eq!(running.get("/v1/rooms").status, 200);
}
