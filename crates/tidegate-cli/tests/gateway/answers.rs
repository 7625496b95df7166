//! What callers hear: refusals to the letter, and what every answer has. Never here: which request falls under what.

use tidegate::world;

use crate::caller::Answer;
use crate::running::{Gateway, policy};
use crate::upstream::{Upstream, answer};

const ROOMS: &str = r#"
[[limit]]
name = "rooms"
match = { path = "/v1/rooms/{*rest}" }
key = "bearer"
quota = "1 per 2 seconds, burst 2"
cost = [{ query = "max > 100", is = 5 }]
"#;

async fn in_front_of(upstream: &Upstream, gateway: &str, tables: &str) -> Gateway {
    Gateway::start(&policy(&[upstream.url()], gateway, tables)).await
}

/// Spends a burst of two, and gives the refusal that follows.
async fn refusal(gateway: &Gateway, token: &str, fields: &[&str]) -> Answer {
    for _ in 0..2 {
        assert_eq!(gateway.get("/v1/rooms", token).await.status(), 200);
    }
    let token = format!("Authorization: Bearer {token}");
    let refused = gateway.ask("GET", "/v1/rooms", &[&[&*token], fields].concat()).await;
    assert_eq!(refused.status(), 429, "{refused:?}");
    refused
}

#[tokio::test]
async fn who_waits_as_told_is_admitted_and_nobody_before() {
    let upstream = Upstream::echo().await;
    let gateway = in_front_of(&upstream, "", ROOMS).await;
    let before = world::now();
    let refused = refusal(&gateway, "a", &[]).await;
    assert_eq!(refused.wait_seconds(), 2, "two seconds less what has passed, rounded up");
    assert_eq!(refused.field("ratelimit-policy"), Some("\"rooms\";q=1;w=2"));
    assert_eq!(refused.field("ratelimit"), Some("\"rooms\";r=0;t=2"));
    assert_eq!(refused.field("content-type"), Some("application/problem+json"));
    assert_eq!(gateway.get("/v1/rooms", "b").await.status(), 200, "another caller is on another count");
    assert_eq!(gateway.get("/other", "a").await.status(), 200, "and another resource on none");
    world::sleep_until(world::now().later(std::time::Duration::from_secs(refused.wait_seconds()))).await;
    assert_eq!(gateway.get("/v1/rooms", "a").await.status(), 200, "it waited as told");
    let took = world::now().since(before).as_secs();
    let admitted =
        upstream.requests().iter().filter(|seen| seen.field("authorization") == Some("Bearer a")).count();
    assert_eq!(admitted, 4, "refused calls reach no server, after {took} s");
}

#[tokio::test]
async fn a_refusal_s_body_is_what_accept_and_the_policy_say() {
    let upstream = Upstream::echo().await;
    let gateway = in_front_of(&upstream, "", ROOMS).await;
    let problem = refusal(&gateway, "a", &["TrackingID: ROUTER_1"]).await.json();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!((&problem["status"], &problem["violated-policies"][0]), (&429.into(), &"rooms".into()));
    let text = refusal(&gateway, "b", &["Accept: text/plain"]).await;
    assert_eq!(text.text().lines().count(), 1, "{text:?}");
    assert!(text.field("content-type").is_some_and(|kind| kind.starts_with("text/plain")), "{text:?}");
    let gateway =
        in_front_of(&upstream, "answers = { body = \"webex\", tracking = \"X-Request-Id\" }", ROOMS).await;
    let webex = refusal(&gateway, "a", &["Accept: application/json", "X-Request-Id: R-1"]).await;
    let body = webex.json();
    assert_eq!((body["trackingId"].as_str(), webex.field("x-request-id")), (Some("R-1"), Some("R-1")));
    assert_eq!(body["errors"][0]["description"], body["message"], "{body}");
    assert_eq!(webex.field("content-type"), Some("application/json;charset=UTF-8"));
    let problem = refusal(&gateway, "b", &["Accept: application/problem+json"]).await;
    assert_eq!(problem.field("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn every_answer_has_a_tracking_id_and_servers_see_the_same() {
    let upstream = Upstream::new(|request| async move {
        let fields: &[&str] = if request.target() == "/own" { &["TrackingID: SERVERS_OWN"] } else { &[] };
        answer("200 OK", fields, request.field("trackingid").unwrap_or("none"))
    })
    .await;
    let gateway = in_front_of(&upstream, "", ROOMS).await;
    let kept = gateway.ask("GET", "/", &["TrackingID: ROUTER_65B1-01:x.y"]).await;
    assert_eq!((kept.field("trackingid"), &*kept.text()), (Some("ROUTER_65B1-01:x.y"), "ROUTER_65B1-01:x.y"));
    for field in
        ["X: y", "TrackingID: two words", "TrackingID: <script>", &format!("TrackingID: {}", "x".repeat(129))]
    {
        let made = gateway.ask("GET", "/", &[field]).await;
        assert_eq!(made.fields("trackingid"), [made.text()], "{field}");
        assert!(made.text().starts_with("TIDEGATE_") && made.text().len() == 45, "{made:?}");
    }
    let own = gateway.ask("GET", "/own", &["TrackingID: MINE"]).await;
    assert_eq!(own.fields("trackingid"), ["SERVERS_OWN"]);
    for (status, target, method) in
        [(400, "/v1%2Frooms", "GET"), (401, "/v1/rooms", "GET"), (501, "/", "TRACE")]
    {
        let error = gateway.ask(method, target, &["TrackingID: MINE"]).await;
        assert_eq!((error.status(), error.fields("trackingid")), (status, vec!["MINE"]), "{error:?}");
    }
    upstream.end().await;
    let gone = gateway.ask("GET", "/", &["TrackingID: MINE"]).await;
    assert!(matches!(gone.status(), 502 | 503), "{gone:?}");
    assert_eq!(gone.fields("trackingid"), ["MINE"]);
}

#[tokio::test]
async fn a_head_is_refused_without_a_body_and_counts_with_get() {
    let upstream = Upstream::echo().await;
    let gateway = in_front_of(&upstream, "", &ROOMS.replace("path", "method = \"GET\", path")).await;
    refusal(&gateway, "a", &[]).await;
    let mut caller = gateway.caller().await;
    for _ in 0..2 {
        let head = caller.ask("HEAD", "/v1/rooms", &["Authorization: Bearer a"]).await;
        assert_eq!((head.status(), head.wait_seconds(), head.body.len()), (429, 2, 0), "{head:?}");
        assert_ne!(head.field("content-length"), Some("0"), "as the GET would have it: {head:?}");
    }
    let get = caller.ask("GET", "/v1/rooms", &["Authorization: Bearer a"]).await;
    assert_eq!(get.status(), 429, "the connection is still in step");
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn what_can_never_be_admitted_is_told_so_and_told_no_wait() {
    let upstream = Upstream::echo().await;
    let gateway = in_front_of(&upstream, "", ROOMS).await;
    let never = gateway.get("/v1/rooms?max=500", "a").await;
    assert_eq!((never.status(), never.field("retry-after")), (400, None), "{never:?}");
    assert!(never.text().contains("waiting doesn't help"), "{never:?}");
    assert_eq!(gateway.get("/v1/rooms?max=50", "a").await.status(), 200);
    let keyless = gateway.ask("GET", "/v1/rooms", &[]).await;
    assert_eq!((keyless.status(), keyless.field("www-authenticate")), (401, Some("Bearer")), "{keyless:?}");
    let by_header = ROOMS.replace("\"bearer\"", "\"header:X-Account\"");
    let gateway = in_front_of(&upstream, "", &by_header).await;
    let keyless = gateway.ask("GET", "/v1/rooms", &[]).await;
    assert_eq!((keyless.status(), keyless.field("retry-after")), (400, None), "{keyless:?}");
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn limits_are_told_in_the_forms_that_the_policy_names() {
    let upstream = Upstream::echo().await;
    let forms = "answers = { fields = [\"ratelimit\", \"x-ratelimit\"] }";
    let gateway = in_front_of(&upstream, forms, ROOMS).await;
    let first = gateway.get("/v1/rooms", "a").await;
    assert_eq!(first.field("ratelimit-policy"), Some("\"rooms\";q=1;w=2"), "{first:?}");
    assert_eq!(first.field("x-ratelimit-remaining"), Some("1"), "{first:?}");
    assert!(
        first.field("x-ratelimit-limit").is_some() && first.field("x-ratelimit-reset").is_some(),
        "{first:?}"
    );
    for (form, name) in
        [("draft-07", "ratelimit"), ("draft-06", "ratelimit-remaining"), ("draft-03", "ratelimit-reset")]
    {
        let gateway = in_front_of(&upstream, &format!("answers = {{ fields = [\"{form}\"] }}"), ROOMS).await;
        let refused = refusal(&gateway, "a", &[]).await;
        assert!(refused.field(name).is_some() && refused.wait_seconds() == 2, "{form}: {refused:?}");
    }
    let gateway = in_front_of(&upstream, "answers = { fields = [] }", ROOMS).await;
    let refused = refusal(&gateway, "a", &[]).await;
    assert!(
        !refused.head.to_ascii_lowercase().contains("ratelimit") && refused.wait_seconds() == 2,
        "{refused:?}"
    );
}
