//! What must hold for long: every end is heard, nothing stalls, no host crowds out another. Never here: one wait.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use tidegate::client::{WaitError, WaitLayer};
use tidegate::observe::Event;
use tidegate::world;

use crate::support::{Answer, Chunks, Seen, Upstream, limit};

#[tokio::test(start_paused = true)]
async fn an_observer_hears_of_every_end() {
    let open = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = open.clone();
    let observer = move |event: &Event<'_>| {
        let mut open = seen.lock().unwrap();
        match event {
            Event::Waiting { call, .. } | Event::Sent { call, .. } => drop(open.insert(call.id)),
            Event::Ended { call, .. } => assert!(open.remove(&call.id), "told once, last"),
            _ => {}
        }
    };
    let upstream = Upstream::script([limit(60), limit(9999), Answer::Pass]);
    let client =
        upstream.behind(WaitLayer::new().max_wait(Duration::from_secs(100)).observer(Arc::new(observer)));
    let dropped = client.get("/a");
    tokio::time::timeout(Duration::from_secs(1), dropped).await.unwrap_err();
    assert!(client.get("/a").await.is_err(), "told to wait too long");
    client.get("/b").await.unwrap();
    assert_eq!(*open.lock().unwrap(), BTreeSet::new());
}

#[tokio::test(start_paused = true)]
async fn one_host_that_closes_bucket_after_bucket_for_years_shuts_out_no_other() {
    let years =
        |_, seen: &Seen| if seen.path.starts_with("/evil") { limit(315_360_000) } else { Answer::Pass };
    let upstream = Upstream::new(years);
    let client = upstream.behind(WaitLayer::new().buckets(10));
    for number in 0..10 {
        client.get(&format!("/evil/a{number}")).await.unwrap_err();
    }
    let other = Request::get("http://innocent.test/good").body(Chunks::default()).unwrap();
    assert!(client.send(other).await.is_ok());
    let late = client.get("/evil/a3").await;
    assert!(matches!(late, Err(WaitError::Overdue { .. })), "and what it told is not forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_stalls_nobody() {
    let upstream = Upstream::new(|number, _| match number {
        0 => limit(1),
        1 => Answer::Never,
        _ => Answer::Pass,
    });
    let client = upstream.behind(WaitLayer::new());
    let hangs = tokio::spawn(client.get("/a"));
    tokio::task::yield_now().await;
    let minute = Duration::from_secs(60);
    assert!(tokio::time::timeout(minute, client.get("/a")).await.is_ok());
    hangs.abort();
}

#[tokio::test(start_paused = true)]
async fn a_long_told_wait_is_not_waited_again_as_a_pace() {
    let upstream = Upstream::script([Answer::Pass, limit(3500)]).latency(Duration::from_millis(100));
    let client = upstream.behind(WaitLayer::new());
    client.get("/a").await.unwrap();
    let start = world::now();
    for _ in 0..5 {
        client.get("/a").await.unwrap();
    }
    let waited = world::now().since(start);
    assert!(waited < Duration::from_secs(3500 + 300), "{waited:?}");
}
