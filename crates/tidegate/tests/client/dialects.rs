//! How providers refuse, for good or for a while, and what the layer makes of it. Never here: a body's way through.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt;
use tidegate::client::{HandedBack, WaitLayer};
use tidegate::observe::Event;
use tidegate::world;
use tidegate_wire::dialect::{self, Table};

use crate::provider::{Piece, Provider, Reply, call, reply};
use crate::support::{SECOND, check_waited};

const SLACK: &str = "https://slack.com/api/chat.postMessage";
const GITHUB: &str = "https://api.github.com/user/repos";
const OPENAI: &str = "https://api.openai.com/v1/chat/completions";
const SECONDARY: &str =
    r#"{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}"#;
const QUOTA: &str = r#"{"error": {"message": "You exceeded your current quota, please check your plan and billing details.",
    "type": "insufficient_quota", "param": null, "code": "insufficient_quota"}}"#;

fn done() -> Reply {
    reply(200, &[("content-type", "application/json")], r#"{"ok": true}"#)
}

/// The refusal is waited for as told, and the same is sent again.
#[track_caller]
fn check(url: &str, refusal: Reply, told: Duration) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let provider = Provider::new([refusal, done()]);
    let answer = runtime.block_on(async {
        let answer = call(&provider.behind(&WaitLayer::new()), url).await.unwrap();
        answer.into_body().collect().await.unwrap().to_bytes()
    });
    assert_eq!(answer, r#"{"ok": true}"#, "{url}");
    let log = provider.log();
    assert!(log.len() == 2 && log.iter().all(|(_, body)| body == "what is sent"), "{url}: {log:?}");
    check_waited(provider.gaps()[0], told);
}

#[test]
fn a_refusal_is_waited_for_whatever_its_status_is() {
    let json = ("content-type", "application/json; charset=utf-8");
    let limited = r#"{"ok": false, "error": "ratelimited"}"#;
    check(SLACK, reply(200, &[json, ("retry-after", "30")], limited), 30 * SECOND);
    check(GITHUB, reply(403, &[json, ("x-ratelimit-remaining", "4990")], SECONDARY), 60 * SECOND);
    check(GITHUB, reply(403, &[json, ("retry-after", "90")], SECONDARY), 90 * SECOND);
    let broken = [Piece::Data("{".into()), Piece::Breaks];
    check(OPENAI, reply(429, &[("retry-after", "3")], "").pieces(broken), 3 * SECOND);
    let throttled = r#"{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": 202, "actualQueryCost": null, "throttleStatus":
        {"maximumAvailable": 1000.0, "currentlyAvailable": 2, "restoreRate": 50.0}}}}"#;
    check(
        "https://a.myshopify.com/admin/api/2025-01/graphql.json",
        reply(200, &[json], throttled),
        4 * SECOND,
    );
    let limited = r#"{"errors": [{"message": "slow down", "extensions": {"code": "RATELIMITED"}}]}"#;
    check("https://api.linear.app/graphql", reply(400, &[json, ("retry-after", "12")], limited), 12 * SECOND);
    let exhausted = r#"{"error": {"status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "7s"}]}}"#;
    check("https://sheets.googleapis.com/v4/x", reply(403, &[json], exhausted), 7 * SECOND);
    let flood = r#"{"ok": false, "error_code": 429, "parameters": {"retry_after": 5}}"#;
    check("https://api.telegram.org/bot/x", reply(429, &[json], flood), 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_whose_units_come_back_at_a_stamp_is_waited_for() {
    let reset = (world::wall_clock().as_nanos() / 1_000_000 + 20_000).to_string();
    let fields = [("x-ratelimit-requests-remaining", "0"), ("x-ratelimit-requests-reset", &*reset)];
    let refusal = reply(400, &fields, r#"{"errors": [{"extensions": {"code": "RATELIMITED"}}]}"#);
    let provider = Provider::new([refusal, done()]);
    call(&provider.behind(&WaitLayer::new()), "https://api.linear.app/graphql").await.unwrap();
    let gap = provider.gaps()[0];
    // The wall clock, which no test can stop, went on between the stamp and its reading.
    assert!(gap > 10 * SECOND && gap < 21 * SECOND, "{gap:?}");
}

#[tokio::test(start_paused = true)]
async fn a_403_about_permission_is_handed_back_at_once_and_whole() {
    let text = r#"{"message": "Resource not accessible by integration", "status": "403"}"#;
    let fields = [("content-type", "application/json"), ("x-ratelimit-remaining", "4990")];
    let provider = Provider::new([reply(403, &fields, text)]);
    let start = world::now();
    let answer = call(&provider.behind(&WaitLayer::new()), GITHUB).await.unwrap();
    assert_eq!((answer.status().as_u16(), world::now()), (403, start));
    assert_eq!(answer.extensions().get::<HandedBack>(), None);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), text);
    assert_eq!(provider.log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_no_waiting_cures_surfaces_at_once_with_its_body() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let layer = WaitLayer::new().observer(Arc::new(move |event: &Event<'_>| {
        let said = match event {
            Event::Terminal { provider, message, .. } => format!("{provider}: {message:?}, {event:?}"),
            _ => format!("{event:?}").split(' ').next().unwrap().to_owned(),
        };
        sink.lock().unwrap().push(said);
    }));
    let provider = Provider::new([reply(429, &[("content-type", "application/json")], QUOTA), done()]);
    let client = provider.behind(&layer);
    let start = world::now();
    let answer = call(&client, OPENAI).await.unwrap();
    assert_eq!((answer.status().as_u16(), provider.log().len()), (429, 1));
    assert_eq!(answer.extensions().get(), Some(&HandedBack::NoWaitHelps));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), QUOTA);
    let belief = layer.beliefs()[0].1;
    assert!(belief.refused == 0 && belief.closed_until <= start, "{belief:?}");
    call(&client, OPENAI).await.unwrap();
    assert_eq!(world::now(), start, "and it holds up nobody");
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told[1].starts_with("openai: Some(\"You exceeded your current quota"), "{}", told[1]);
    assert_eq!(told[1].matches("exceeded").count(), 1, "its Debug output leaves the message out");
    assert_eq!(told[2], "Ended");
}

#[tokio::test(start_paused = true)]
async fn a_429_of_the_same_provider_for_its_rate_is_waited_for() {
    let text =
        r#"{"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}}"#;
    let provider =
        Provider::new([reply(429, &[("retry-after-ms", "1700"), ("retry-after", "2")], text), done()]);
    assert_eq!(call(&provider.behind(&WaitLayer::new()), OPENAI).await.unwrap().status(), 200);
    check_waited(provider.gaps()[0], Duration::from_millis(1700));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_body_does_not_come_is_waited_for_as_its_header_says() {
    let slow = reply(429, &[("retry-after", "9")], "")
        .pieces([Piece::Pause(30 * SECOND), Piece::Data(QUOTA.into())]);
    let provider = Provider::new([slow, done()]);
    assert_eq!(call(&provider.behind(&WaitLayer::new()), OPENAI).await.unwrap().status(), 200);
    // A second for the body, and then the wait: never earlier than told.
    check_waited(provider.gaps()[0], 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_took_the_last_closes_the_bucket_and_is_not_repeated() {
    let limited_after = reply(200, &[("x-sentry-rate-limits", "60:error:organization")], r#"{"id": "1"}"#);
    let provider = Provider::new([limited_after, done()]);
    let client = provider.behind(&WaitLayer::new());
    let url = "https://o1.ingest.sentry.io/api/1/envelope/";
    let answer = call(&client, url).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), r#"{"id": "1"}"#);
    assert_eq!(provider.log().len(), 1);
    call(&client, url).await.unwrap();
    check_waited(provider.gaps()[0], 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn units_that_are_no_requests_close_the_bucket_when_they_are_gone() {
    let fields = [
        ("x-ratelimit-remaining-requests", "99"),
        ("x-ratelimit-reset-requests", "1s"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "6s"),
    ];
    let provider = Provider::new([reply(200, &fields, "{}"), done()]);
    let client = provider.behind(&WaitLayer::new());
    call(&client, OPENAI).await.unwrap();
    call(&client, OPENAI).await.unwrap();
    check_waited(provider.gaps()[0], 6 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_used_up_are_the_pacers_business_alone() {
    let fields = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6s")];
    let provider = Provider::new([reply(200, &fields, "{}"), done()]);
    let layer = WaitLayer::new();
    let client = provider.behind(&layer);
    call(&client, OPENAI).await.unwrap();
    let belief = layer.beliefs()[0].1;
    assert!(belief.closed_until <= world::now(), "{belief:?}");
    assert_eq!(belief.announced, Some((0, world::now().later(6 * SECOND))));
    call(&client, OPENAI).await.unwrap();
    check_waited(provider.gaps()[0], 6 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_overload_without_an_end_told_is_tried_a_few_times_and_handed_back() {
    let overloaded = r#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#;
    let provider = Provider::new([reply(529, &[], overloaded)]);
    let client = provider.behind(&WaitLayer::new());
    let answer = call(&client, "https://api.anthropic.com/v1/messages").await.unwrap();
    assert_eq!(answer.status().as_u16(), 529);
    assert_eq!(answer.extensions().get(), Some(&HandedBack::TriedEnough));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), overloaded);
    let gaps = provider.gaps();
    assert_eq!(gaps.len(), 2);
    check_waited(gaps[0], SECOND);
    check_waited(gaps[1], 2 * SECOND);
    let busy = reply(429, &[], r#"{"error": {"code": "lock_timeout"}}"#);
    let provider = Provider::new([busy, done()]);
    let client = provider.behind(&WaitLayer::new());
    assert_eq!(call(&client, "https://api.stripe.com/v1/charges").await.unwrap().status(), 200);
    check_waited(provider.gaps()[0], SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_overload_that_tells_its_end_is_waited_for_however_often() {
    let overloaded = reply(529, &[("retry-after", "5")], "{}");
    let provider = Provider::new([vec![overloaded; 6], vec![done()]].concat());
    let client = provider.behind(&WaitLayer::new());
    assert_eq!(call(&client, "https://api.anthropic.com/v1/messages").await.unwrap().status(), 200);
    provider.gaps().into_iter().for_each(|gap| check_waited(gap, 5 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_the_whole_origin_holds_back_its_other_resources() {
    let global = r#"{"message": "You are being rate limited.", "retry_after": 64.5, "global": true}"#;
    for (refusal, url, other, told) in [
        (reply(403, &[], SECONDARY), GITHUB, "https://api.github.com/search/code", 60_000),
        (
            reply(429, &[("x-ratelimit-global", "true"), ("retry-after", "65")], global),
            "https://discord.com/api/v10/channels/1/messages",
            "https://discord.com/api/v10/gateway",
            64_500,
        ),
    ] {
        let provider = Provider::new([refusal, done()]);
        let client = provider.behind(&WaitLayer::new());
        let (refused, held) = tokio::join!(call(&client, url), call_later(&client, other));
        assert!(refused.unwrap().status() == 200 && held.unwrap().status() == 200);
        let log = provider.log();
        assert_eq!(log.len(), 3);
        for (sent, _) in &log[1..] {
            check_waited(sent.since(log[0].0), Duration::from_millis(told));
        }
    }
}

async fn call_later(client: &tidegate::client::Wait<Provider>, url: &str) -> crate::provider::Called {
    world::sleep_until(world::now().later(SECOND)).await;
    call(client, url).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_took_the_last_of_the_origin_closes_all_of_it() {
    let row = r#"
        [[dialect]]
        name = "mine"
        hosts = ["api.mine.test"]
        rules = [{ status = [200], when = ["x-last"], is = "limited-after" }]
        windows = [{ remaining = "x-left", reset = "x-reset" }]
        reach = "origin"
        source = "our own wiki"
    "#;
    let layer = WaitLayer::new().dialects(Table::built_in().extended(row).unwrap());
    let last = reply(200, &[("x-last", ""), ("x-left", "0"), ("x-reset", "20")], "");
    let provider = Provider::new([last, done()]);
    let client = provider.behind(&layer);
    call(&client, "http://api.mine.test/a").await.unwrap();
    call(&client, "http://api.mine.test/b").await.unwrap();
    check_waited(provider.gaps()[0], 20 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_redirections_wait_is_for_its_bucket_and_stands_whatever_is_left() {
    let fields = [("retry-after", "8"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")];
    let provider = Provider::new([reply(302, &fields, ""), done()]);
    let layer = WaitLayer::new();
    let client = provider.behind(&layer);
    let start = world::now();
    call(&client, "https://api.cloudflare.com/a").await.unwrap();
    assert_eq!(layer.beliefs()[0].1.closed_until, start.later(8 * SECOND));
    call(&client, "https://api.cloudflare.com/b").await.unwrap();
    assert_eq!(world::now(), start, "nothing was said of another resource");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_request_cannot_be_sent_again_says_why_it_is_handed_back() {
    let provider = Provider::new([reply(429, &[("retry-after", "3")], "slow down")]);
    let answer = call(&provider.behind(&WaitLayer::new().replay(0, 3)), SLACK).await.unwrap();
    assert_eq!(answer.extensions().get(), Some(&HandedBack::SentOnce));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "slow down");
    assert_eq!(provider.log().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_of_ones_own_is_found_by_its_host_or_chosen_for_all() {
    let row = r#"
        [[dialect]]
        name = "mine"
        hosts = ["api.mine.test"]
        rules = [{ status = [420], when = ["body:/calm = down"], is = "limited" }]
        waits = ["x-calm-down"]
        source = "our own wiki"
    "#;
    let table = Table::built_in().extended(row).unwrap();
    let mine = table.named("mine").unwrap();
    let calm = || Provider::new([reply(420, &[("x-calm-down", "33")], r#"{"calm": "down"}"#), done()]);
    for (layer, url, gaps) in [
        (WaitLayer::new().dialects(table.clone()), "http://v2.api.mine.test/x", 1),
        (WaitLayer::new().dialect(mine), "http://elsewhere.test/x", 1),
        (WaitLayer::new().dialects(table), "http://elsewhere.test/x", 0),
        (WaitLayer::new().dialect(dialect::generic()), "http://api.mine.test/x", 0),
    ] {
        let provider = calm();
        let answer = call(&provider.behind(&layer), url).await.unwrap();
        assert_eq!(answer.status().as_u16(), if gaps == 0 { 420 } else { 200 }, "{url}");
        assert_eq!(provider.gaps().len(), gaps, "{url}");
        provider.gaps().into_iter().for_each(|gap| check_waited(gap, 33 * SECOND));
    }
}
