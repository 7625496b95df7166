//! What refusals and errors look like.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tidegate::classify::{Cost, Limit, Policy, Request};
use tidegate::limiter::{Limiter, Refusal, Verdict};
use tidegate::path::{Host, Target};
use tidegate::server::{Answers, Asked, Body, Trouble};
use tidegate::store::{Room, Secret, Table};
use tidegate_core::Time;
use tidegate_wire::announce::{Form, ResetAs};
use tidegate_wire::problem::Kind;
use tidegate_wire::tracking::TrackingId;

use crate::support::limit;

/// The time since the Unix epoch.
const NOW: Time = Time::from_secs(1_700_000_000);
/// The limiter's time.
const START: Time = Time::from_secs(100_000);

/// The refusal of the call after `passing` others of the same token, half a second later.
async fn refusal(limit: Limit, passing: usize) -> Box<Refusal> {
    let policy = Policy { limits: vec![limit], ..Policy::default() };
    let limiter = Limiter::new(policy, Table::new(Room::split(1 << 16)), Secret::new([1, 2]), START).unwrap();
    let rules = limiter.rules();
    let headers = HeaderMap::from_iter([
        (http::header::HOST, HeaderValue::from_static("api.example")),
        (http::header::AUTHORIZATION, HeaderValue::from_static("Bearer a")),
    ]);
    let request = Request {
        method: &http::Method::GET,
        target: &Target::of(b"/", rules.paths()).unwrap(),
        host: &Host::of(None, &headers).unwrap(),
        headers: &headers,
        client: [192, 0, 2, 7].into(),
    };
    for _ in 0..passing {
        assert!(matches!(limiter.decide(START, &request).await.unwrap(), Verdict::Admitted(_)));
    }
    let then = START.later(Duration::from_millis(500));
    match limiter.decide(then, &request).await.unwrap() {
        Verdict::Refused(refusal) => refusal,
        Verdict::Admitted(permit) => panic!("{permit:?}"),
    }
}

/// What `answer` makes for somebody with these fields.
fn asked(
    fields: &[(&'static str, &'static str)],
    draw: u64,
    answer: impl Fn(&Asked<'_>) -> Response<Bytes>,
) -> Response<Bytes> {
    let headers: HeaderMap =
        fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let tracking: TrackingId = "ROUTER_1".parse().unwrap();
    answer(&Asked { headers: &headers, tracking: &tracking, draw, wall_clock: NOW })
}

#[track_caller]
fn fields(answer: &Response<Bytes>) -> Vec<(&str, &str)> {
    let mut fields: Vec<_> =
        answer.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    fields.sort_unstable();
    fields
}

fn json(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

#[tokio::test]
async fn a_refusal_says_all_that_is_known() {
    let refusal = refusal(limit("rooms", "1 per 10 s"), 1).await;
    let answer = asked(&[], 7, |asked| Answers::default().refusal(&refusal, asked));
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let length = answer.body().len().to_string();
    let expected = [
        ("cache-control", "no-store"),
        ("content-length", length.as_str()),
        ("content-type", "application/problem+json"),
        ("ratelimit", "\"rooms\";r=0;t=10"),
        ("ratelimit-policy", "\"rooms\";q=1;w=10"),
        ("retry-after", "10"),
        ("trackingid", "ROUTER_1"),
    ];
    assert_eq!(fields(&answer), expected, "9.5 s are told as 10");
    let body = json!({
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "the limit `rooms` is used up for now: wait, then send the request again",
        "instance": "ROUTER_1",
        "violated-policies": ["rooms"],
    });
    assert_eq!(json(&answer), body);
}

#[tokio::test]
async fn a_body_is_written_for_whom_it_is_for() {
    let refusal = refusal(limit("rooms", "1 per 10 s"), 1).await;
    let webex = Answers { body: Body::Webex, ..Answers::default() };
    let answer = asked(&[("accept", "application/json")], 7, |asked| webex.refusal(&refusal, asked));
    assert_eq!(answer.headers()["content-type"], "application/json;charset=UTF-8");
    let message = "the limit `rooms` is used up for now: wait, then send the request again";
    let body =
        json!({ "message": message, "errors": [{ "description": message }], "trackingId": "ROUTER_1" });
    assert_eq!(json(&answer), body);
    let answer = asked(&[("accept", "application/problem+json")], 7, |asked| webex.refusal(&refusal, asked));
    assert_eq!(json(&answer)["violated-policies"], json!(["rooms"]));
    let answer = asked(&[("accept", "text/html")], 7, |asked| webex.refusal(&refusal, asked));
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.body(), &format!("{message}\n"));
}

#[tokio::test]
async fn jitter_only_adds_and_all_fields_tell_the_same_wait() {
    let refusal = refusal(limit("rooms", "1 per 10 s"), 1).await;
    for forms in [vec![Form::Current], vec![Form::Draft03], vec![Form::Draft06, Form::Current]] {
        let answers = Answers { jitter: Duration::from_secs(30), forms, ..Answers::default() };
        let told = |draw| {
            let answer = asked(&[], draw, |asked| answers.refusal(&refusal, asked));
            let number =
                |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let reset = number("ratelimit-reset")
                .or_else(|| Some(number("ratelimit")?.rsplit_once("t=")?.1.to_owned()));
            (number("retry-after").unwrap(), reset.unwrap())
        };
        assert_eq!(told(0), ("10".into(), "10".into()));
        assert_eq!(told(u64::MAX / 2), ("25".into(), "25".into()));
        assert_eq!(told(u64::MAX), ("40".into(), "40".into()));
    }
}

#[tokio::test]
async fn the_older_forms_are_written_where_they_are_asked_for() {
    let refusal = refusal(limit("rooms", "1 per 10 s"), 1).await;
    let told = |forms: &[Form]| {
        let answers = Answers { forms: forms.to_vec(), ..Answers::default() };
        let answer = asked(&[], 7, |asked| answers.refusal(&refusal, asked));
        let all = fields(&answer)
            .into_iter()
            .filter(|(name, _)| name.contains("ratelimit") || *name == "retry-after");
        all.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), ["retry-after: 10"]);
    let epoch = Form::XRateLimit(ResetAs::EpochSeconds);
    let expected = [
        "retry-after: 10",
        "x-ratelimit-limit: 1",
        "x-ratelimit-remaining: 0",
        "x-ratelimit-reset: 1700000010",
    ];
    assert_eq!(told(&[epoch]), expected);
    let both = ["ratelimit: \"rooms\";r=0;t=10", "ratelimit-policy: \"rooms\";q=1;w=10"];
    assert_eq!(told(&[Form::Current, epoch])[..2], both);
}

#[tokio::test]
async fn what_can_never_pass_is_told_so_and_not_to_wait() {
    let dear = Limit { cost: Cost::units(11), ..limit("dear", "10 per minute") };
    let refusal = refusal(dear, 0).await;
    let answer = asked(&[], 7, |asked| Answers::default().refusal(&refusal, asked));
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let names: Vec<&str> = fields(&answer).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["cache-control", "content-length", "content-type", "trackingid"]);
    let detail = json(&answer)["detail"].to_string();
    assert!(detail.contains("costs 11 units") && detail.contains("never holds more than 10"), "{detail}");
}

#[tokio::test]
async fn who_lacks_a_field_is_told_which_to_bring() {
    let refusal =
        refusal(Limit::new("it", vec!["header:x-key".parse().unwrap()], "1 per s".parse().unwrap()), 0).await;
    let answer = asked(&[], 7, |asked| Answers::default().refusal(&refusal, asked));
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(!answer.headers().contains_key("www-authenticate"));
    assert!(json(&answer)["detail"].to_string().contains("x-key"), "{answer:?}");
}

#[test]
fn the_gateways_own_errors_look_the_same() {
    let trouble = Trouble {
        kind: Kind::TemporaryReducedCapacity,
        wait: Some(Duration::from_millis(1_200)),
        ..Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "no server is in routing: try again")
    };
    let answer = asked(&[], 7, |asked| Answers::default().problem(&trouble, asked));
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "2");
    assert_eq!(answer.headers()["trackingid"], "ROUTER_1");
    let body = json(&answer);
    assert_eq!(body["type"], "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
    assert_eq!((&body["title"], &body["status"]), (&json!("Service Unavailable"), &json!(503)));
    let large = Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, "send less");
    let answer = asked(&[("accept", "text/plain")], 7, |asked| Answers::default().problem(&large, asked));
    assert_eq!(
        (answer.status(), answer.body()),
        (StatusCode::PAYLOAD_TOO_LARGE, &Bytes::from("send less\n"))
    );
    assert!(!answer.headers().contains_key("retry-after"));
}

#[test]
fn a_tracking_id_is_kept_if_it_is_well_formed() {
    let answers = Answers::default();
    let told = |value: &'static str| {
        let headers = HeaderMap::from_iter([(answers.tracking.clone(), HeaderValue::from_static(value))]);
        answers.tracking(&headers, || 0xAB).to_string()
    };
    assert_eq!(told("ROUTER_1"), "ROUTER_1");
    assert_eq!(told("<script>"), "TIDEGATE_00000000-0000-0000-0000-0000000000AB");
    let none = answers.tracking(&HeaderMap::new(), || 0xAB);
    assert_eq!(none.as_str(), "TIDEGATE_00000000-0000-0000-0000-0000000000AB");
}
