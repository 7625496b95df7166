//! How many refusals an origin is asked for when it refuses everything. Never here: what a single gate does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidegate::client::{BucketView, WaitLayer};
use tidegate::observe::{Event, Stance};
use tidegate::world;
use tidegate_core::Quota;
use tokio::task::{JoinSet, yield_now};

use crate::support::{Answer, Client, SECOND, Upstream, get, limit};

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// Each path is a bucket of its own.
fn apart() -> WaitLayer {
    WaitLayer::new().resource(|parts| parts.uri.path().into())
}

fn budget(amount: u64, window: Duration) -> Quota {
    Quota::new(amount, window).unwrap()
}

/// Callers of as many buckets, or of one.
fn callers(client: &Client, count: usize, path: fn(usize) -> String) -> JoinSet<()> {
    let mut set = JoinSet::new();
    for number in 0..count {
        let call = client.get(&path(number));
        set.spawn(async move {
            call.await.unwrap();
        });
    }
    set
}

/// The most calls that were sent in any window.
fn most_in(upstream: &Upstream, window: Duration) -> usize {
    let sent: Vec<_> = upstream.log().iter().map(|seen| seen.sent).collect();
    let mut first = 0;
    let counts = sent.iter().enumerate().map(|(last, at)| {
        while at.since(sent[first]) >= window {
            first += 1;
        }
        last + 1 - first
    });
    counts.max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_of_an_upstream_that_refuses_all_make_no_storm() {
    let upstream = Upstream::new(|_, _| limit(0)).latency(SECOND / 10);
    let client = upstream.behind(apart());
    let mut set = callers(&client, 1_200, |number| format!("/{number}"));
    world::sleep_until(world::now().later(TEN_MINUTES + 30 * SECOND)).await;
    assert!(upstream.log().len() > 1_000, "it goes on: {}", upstream.log().len());
    let most = most_in(&upstream, TEN_MINUTES);
    assert!(most <= 1_000, "{most} refusals in ten minutes");
    set.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_of_one_bucket_make_no_storm() {
    let upstream = Upstream::new(|_, _| limit(0)).latency(SECOND / 10);
    let client = upstream.behind(apart().refusals(budget(50, TEN_MINUTES)));
    let mut set = callers(&client, 1_000, |_| "/all".into());
    world::sleep_until(world::now().later(TEN_MINUTES * 5)).await;
    let most = most_in(&upstream, TEN_MINUTES);
    assert!((40..=50).contains(&most), "{most} refusals in ten minutes");
    set.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn once_a_probe_passes_all_go_and_observers_hear_of_both() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let layer = apart().refusals(budget(5, 60 * SECOND)).observer(Arc::new(move |event: &Event<'_>| {
        if let Event::Guarded { origin, stance, .. } = event {
            sink.lock().unwrap().push(((*origin).to_owned(), *stance));
        }
    }));
    let start = world::now();
    let over = start.later(200 * SECOND);
    let upstream =
        Upstream::new(move |_, seen| if seen.sent < over { limit(0) } else { Answer::Pass }).latency(SECOND);
    let client = upstream.behind(layer);
    callers(&client, 20, |number| format!("/{number}")).join_all().await;
    let origin = || "http://upstream.test".to_owned();
    assert_eq!(*told.lock().unwrap(), [(origin(), Stance::Shut), (origin(), Stance::Open)]);
    assert!(most_in(&upstream, 60 * SECOND) <= 25, "five refusals, and then all pass");
    let refused = upstream.log().iter().filter(|seen| seen.sent < over).count();
    assert!(refused <= 20, "five a minute for little more than three minutes: {refused}");
    assert!(world::now().since(over) < 60 * SECOND, "{:?}", world::now().since(over));
}

#[tokio::test(start_paused = true)]
async fn another_origin_is_not_held_up() {
    let upstream = Upstream::new(|_, seen| match seen.path.as_str() {
        "/well" => Answer::Pass,
        _ => limit(0),
    });
    let client = upstream.behind(apart().refusals(budget(2, TEN_MINUTES)));
    let mut set = callers(&client, 4, |number| format!("/{number}"));
    yield_now().await;
    let start = world::now();
    let mut well = get("/well");
    *well.uri_mut() = "http://other.test/well".parse().unwrap();
    client.send(well).await.unwrap();
    let is_shut = |view: &BucketView| view.stance == Stance::Shut && view.refusals_left == 0;
    for view in client.layer.views() {
        assert_eq!(is_shut(&view), view.name.origin() == "http://upstream.test", "{view:?}");
    }
    assert_eq!(world::now(), start);
    client.get("/well").await.unwrap();
    assert!(world::now().since(start) >= TEN_MINUTES, "of this one the budget is spent");
    set.shutdown().await;
}
