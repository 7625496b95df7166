//! Quotas that are known beforehand. Never here: what a quota allows, which the engine's own tests say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidegate::client::WaitLayer;
use tidegate::observe::{Cause, Event};
use tidegate::world;
use tidegate_core::{Ask, Quota, State, step};
use tokio::task::JoinSet;

use crate::support::{Answer, SECOND, Upstream, check_waited, limit};

/// Two at once, and one more each five seconds, of all messages.
fn layer() -> WaitLayer {
    let quota: Quota = "2 per 10 seconds".parse().unwrap();
    let layer = WaitLayer::new();
    layer.quotas(move |_, resource| (resource == "/messages").then_some(quota))
}

/// Refuses whatever this quota would.
fn strict(quota: &str) -> Upstream {
    let quota: Quota = quota.parse().unwrap();
    let state = Mutex::new(State::default());
    Upstream::new(move |_, seen| {
        match step(&quota, &mut state.lock().unwrap(), seen.sent, Ask::NOW).admitted_at() {
            Some(_) => Answer::Pass,
            None => limit(60),
        }
    })
}

async fn call(client: &crate::support::Client, path: &str, count: usize) {
    let mut set = JoinSet::new();
    (0..count).for_each(|_| {
        set.spawn(client.get(path));
    });
    while let Some(outcome) = set.join_next().await {
        assert_eq!(outcome.unwrap().unwrap().status(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_quota_is_never_refused() {
    let causes = Arc::new(Mutex::new(Vec::new()));
    let sink = causes.clone();
    let layer = layer().observer(Arc::new(move |event: &Event<'_>| {
        if let Event::Waiting { cause, until: Some(_), .. } = event {
            sink.lock().unwrap().push(*cause);
        }
    }));
    let upstream = strict("2 per 10 seconds");
    let client = upstream.behind(layer);
    let start = world::now();
    call(&client, "/messages", 6).await;
    assert_eq!(upstream.log().len(), 6, "none was refused");
    check_waited(world::now().since(start), 20 * SECOND);
    let causes = causes.lock().unwrap();
    assert!(!causes.is_empty() && causes.iter().all(|cause| *cause == Cause::Pace), "{causes:?}");
}

#[tokio::test(start_paused = true)]
async fn what_no_quota_is_known_of_goes_as_before() {
    let upstream = Upstream::script([]);
    let client = upstream.behind(layer());
    let start = world::now();
    call(&client, "/rooms", 20).await;
    assert_eq!(world::now(), start);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_counts_though_the_quota_would_allow_the_call() {
    // Another process uses the same quota.
    let upstream = Upstream::script([Answer::Pass, limit(60)]);
    let client = upstream.behind(layer());
    let start = world::now();
    call(&client, "/messages", 2).await;
    check_waited(world::now().since(start), 60 * SECOND);
    call(&client, "/messages", 3).await;
    assert!(world::now().since(start) >= 70 * SECOND, "and the quota counts after it");
}

#[tokio::test(start_paused = true)]
async fn what_is_spent_is_not_forgotten_with_an_idle_bucket() {
    let upstream = Upstream::script([]);
    let client = upstream.behind(layer().buckets(2));
    call(&client, "/messages", 2).await;
    for number in ["/a", "/b", "/c"] {
        call(&client, number, 1).await;
    }
    let start = world::now();
    call(&client, "/messages", 1).await;
    check_waited(world::now().since(start), 5 * SECOND);
    assert!(world::now().since(start) < Duration::from_secs(6));
    assert_eq!(upstream.log().iter().filter(|seen| seen.path == "/messages").count(), 3);
}
