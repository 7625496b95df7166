//! Whole worlds: many requests, real limits, random cancellations. Nothing is lost, nothing done twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tidegate::client::WaitLayer;
use tidegate::world;
use tidegate_core::{Ask, Decision, Quota, State, Time, step};
use tokio::task::{JoinSet, yield_now};

use crate::support::{Answer, Broke, Chunks, SECOND, Seen, Upstream, limit, post};

/// How often each body was served.
type Served = Arc<Mutex<BTreeMap<Vec<u8>, u32>>>;

/// An upstream that limits each path for itself, and counts what it serves.
fn limited(quota: &str, latency: Duration) -> (Upstream, Served) {
    let quota: Quota = quota.parse().unwrap();
    let states: Mutex<BTreeMap<String, State>> = Mutex::default();
    let served = Served::default();
    let counts = served.clone();
    let upstream = Upstream::new(move |_, seen| {
        let now = world::now();
        let mut states = states.lock().unwrap();
        match step(&quota, states.entry(seen.path.clone()).or_default(), now, Ask::NOW) {
            Decision::Admit { .. } => {
                *counts.lock().unwrap().entry(seen.body.clone()).or_default() += 1;
                Answer::Pass
            }
            Decision::Deny { retry_at } => {
                limit(retry_at.since(now).as_nanos().div_ceil(1_000_000_000) as u64)
            }
            Decision::Never => Answer::Never,
        }
    });
    (upstream.latency(latency), served)
}

#[derive(Clone, Debug)]
struct Plan {
    path: u8,
    starts_after: u64,
    /// Cancelled so many milliseconds after its start, if at all.
    cancelled_after: Option<u64>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let cancelled = prop_oneof![2 => Just(None), 1 => (0..9_000u64).prop_map(Some)];
    (0..3u8, 0..400u64, cancelled).prop_map(|(path, starts_after, cancelled_after)| Plan {
        path,
        starts_after,
        cancelled_after,
    })
}

/// Plays the plans; gives each request's outcome, `None` if it was cancelled.
async fn play(upstream: &Upstream, plans: Vec<Plan>) -> Vec<Option<bool>> {
    let client = upstream.behind(WaitLayer::new());
    let mut set = JoinSet::new();
    for (number, plan) in plans.into_iter().enumerate() {
        let client = client.clone();
        set.spawn(async move {
            world::sleep_until(world::now().later(Duration::from_millis(plan.starts_after))).await;
            let body = number.to_string();
            let request =
                post(&format!("/{}", ["a", "b", "c"][plan.path as usize]), Chunks::of([body.as_bytes()]));
            let sending = client.send(request);
            let outcome = match plan.cancelled_after {
                Some(after) => tokio::time::timeout(Duration::from_millis(after), sending).await.ok(),
                None => Some(sending.await),
            };
            (number, outcome.map(|outcome| outcome.is_ok_and(|answer| answer.status() == 200)))
        });
    }
    let mut outcomes = set.join_all().await;
    outcomes.sort_unstable();
    let beliefs = client.layer.beliefs();
    assert!(beliefs.iter().all(|(_, belief)| belief.under_way == 0), "{beliefs:?}");
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn nothing_is_lost_doubled_or_sent_while_told_to_wait(
        plans in prop::collection::vec(plan(), 1..60),
        latency in 0..300u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let (upstream, served) = limited("5 per second, burst 3", Duration::from_millis(latency));
        let outcomes = runtime.block_on(play(&upstream, plans));
        let served = served.lock().unwrap();
        for (number, outcome) in outcomes.iter().enumerate() {
            let times = served.get(number.to_string().as_bytes()).copied().unwrap_or(0);
            match outcome {
                Some(passed) => prop_assert!(*passed && times == 1, "{} was served {} times", number, times),
                None => prop_assert!(times <= 1, "{} was served {} times, and cancelled", number, times),
            }
        }
        prop_assert_eq!(violations(&upstream.log(), &served), 0);
    }
}

/// How many requests were sent while a refusal in their bucket had told to wait. These upstreams tell at least a
/// second each time.
fn violations(log: &[Seen], served: &BTreeMap<Vec<u8>, u32>) -> usize {
    let last: BTreeMap<&[u8], Time> = log.iter().map(|seen| (&*seen.body, seen.sent)).collect();
    // Of one request's sendings, all but the last were refused; and all, if it was never served.
    let was_refused = |seen: &&Seen| !served.contains_key(&seen.body) || last[&*seen.body] > seen.sent;
    let told = log.iter().filter(was_refused).filter_map(|seen| Some((&seen.path, seen.answered?)));
    let told: Vec<(&String, Time)> = told.collect();
    let too_early = |seen: &&Seen| {
        told.iter()
            .any(|&(path, told)| *path == seen.path && seen.sent > told && seen.sent < told.later(SECOND))
    };
    log.iter().filter(too_early).count()
}

/// Wake-ups between threads: a lost one would leave somebody asleep for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_sleeps_for_ever_among_threads_and_cancellations() {
    let upstream = Upstream::new(|_, _| Answer::Pass);
    let client = upstream.behind(WaitLayer::new());
    let mut set = JoinSet::new();
    for number in 0..3000u32 {
        let client = client.clone();
        set.spawn(async move {
            let mut sending = std::pin::pin!(client.get("/rooms"));
            // Every third is dropped after a few polls: wherever it then is.
            for _ in 0..number % 7 {
                let polled =
                    std::future::poll_fn(|cx| std::task::Poll::Ready(sending.as_mut().poll(cx))).await;
                if let std::task::Poll::Ready(outcome) = polled {
                    return outcome.map(|_| ());
                }
                yield_now().await;
            }
            if number % 3 == 0 {
                Ok::<(), tidegate::client::WaitError<Broke>>(())
            } else {
                sending.await.map(|_| ())
            }
        });
    }
    let all = tokio::time::timeout(120 * SECOND, set.join_all()).await.expect("all come to an end");
    assert!(all.iter().all(Result::is_ok));
    let belief = client.layer.beliefs()[0].1;
    assert_eq!(belief.under_way, 0);
    assert!(belief.passed >= 2000, "{belief:?}");
}
