//! Many requests at one gate, and several gates. Never here: bodies, broken connections.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use http::Request;
use tidegate::client::{Bound, Deadline, Replay, WaitError, WaitLayer};
use tidegate::world;
use tokio::task::JoinSet;
use tokio::task::yield_now;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Answer, Chunks, Client, Outcome, SECOND, Upstream, check_waited, get, limit};

/// Starts `paths` in this order, all at once.
pub(crate) async fn start(client: &Client, paths: impl IntoIterator<Item = String>) -> JoinSet<Outcome> {
    let mut set = JoinSet::new();
    for path in paths {
        set.spawn(client.get(&path));
        yield_now().await;
    }
    set
}

/// All requests share one bucket, and have numbers as paths.
pub(crate) fn numbered() -> WaitLayer {
    WaitLayer::new().resource(|_| "/all".into())
}

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("/{number}"))
}

fn all_passed(outcomes: Vec<Outcome>) -> bool {
    outcomes.into_iter().all(|outcome| outcome.is_ok_and(|answer| answer.status() == 200))
}

#[tokio::test(start_paused = true)]
async fn one_refusal_closes_the_gate_for_all_tasks_and_they_resume_one_by_one() {
    let upstream = Upstream::script([limit(30)]).latency(SECOND);
    let client = upstream.behind(WaitLayer::new());
    let set = start(&client, vec!["/rooms".into(); 50]).await;
    assert!(all_passed(set.join_all().await));
    let log = upstream.log();
    let told = log[0].answered.unwrap();
    let after: Vec<Duration> =
        log.iter().map(|seen| seen.sent.since(told)).filter(|span| !span.is_zero()).collect();
    check_waited(after[0], 30 * SECOND);
    let gaps: Vec<Duration> = after.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[..5].iter().all(|gap| *gap >= SECOND / 20), "one by one, not as a herd: {gaps:?}");
    assert!(gaps.iter().all(|gap| !gap.is_zero()), "{gaps:?}");
    assert_eq!(log.len(), 51, "one refused, fifty passed");
}

#[tokio::test(start_paused = true)]
async fn another_resource_or_token_is_not_delayed() {
    let upstream = Upstream::new(|_, seen| match (seen.path.as_str(), seen.headers.get("authorization")) {
        ("/rooms", None) if seen.sent < world::now().later(SECOND) => limit(60),
        _ => Answer::Pass,
    });
    let client = upstream.behind(WaitLayer::new());
    let refused = tokio::spawn(client.get("/rooms"));
    let start = world::now();
    yield_now().await;
    client.get("/messages").await.unwrap();
    let mut other = get("/rooms");
    other.headers_mut().insert("authorization", "Bearer other".parse().unwrap());
    client.send(other).await.unwrap();
    assert_eq!(world::now(), start);
    refused.abort();
}

#[tokio::test(start_paused = true)]
async fn ids_in_a_path_share_a_gate() {
    let upstream = Upstream::script([limit(9)]);
    let client = upstream.behind(WaitLayer::new());
    client.get("/people/123").await.unwrap();
    client.get("/people/456").await.unwrap();
    assert_eq!(client.layer.beliefs().len(), 1);
    assert_eq!(client.layer.beliefs()[0].0.resource(), "/people/{}");
}

#[tokio::test(start_paused = true)]
async fn the_order_of_arrival_is_kept_and_the_refused_go_first() {
    let upstream = Upstream::script([Answer::Pass, Answer::Pass, limit(5), limit(2)]).latency(SECOND);
    let client = upstream.behind(numbered());
    let set = start(&client, numbers(8)).await;
    assert!(all_passed(set.join_all().await));
    assert_eq!(upstream.paths(), ["/0", "/1", "/2", "/3", "/2", "/3", "/4", "/5", "/6", "/7"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_waiter_frees_its_place_at_once() {
    let upstream = Upstream::script([limit(60)]);
    let client = upstream.behind(numbered().waiters(2));
    let mut first = Box::pin(client.get("/0"));
    assert!(at_once(first.as_mut()).await.is_none(), "refused, and waiting");
    let mut second = Box::pin(client.get("/1"));
    assert!(at_once(second.as_mut()).await.is_none());
    let full = client.get("/2").await.unwrap_err();
    assert!(matches!(full, WaitError::Overfull { bound: Bound::Waiters(2), .. }), "{full}");
    let third = {
        drop(first);
        tokio::spawn(client.get("/3"))
    };
    let start = world::now();
    second.await.unwrap();
    check_waited(world::now().since(start), 60 * SECOND);
    third.await.unwrap().unwrap();
    assert_eq!(upstream.paths(), ["/0", "/1", "/3"], "the turn of who left goes to the next");
}

/// What the future comes to without waiting.
pub(crate) async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_request_cancelled_under_way_is_lost_to_the_pacer_and_the_next_goes() {
    let upstream = Upstream::script([Answer::Never, Answer::Never]);
    let client = upstream.behind(numbered());
    let mut set = start(&client, numbers(2)).await;
    let waiting = tokio::spawn(client.get("/2"));
    yield_now().await;
    assert_eq!(client.layer.beliefs()[0].1.under_way, 2);
    set.abort_all();
    while set.join_next().await.is_some() {}
    waiting.await.unwrap().unwrap();
    assert_eq!(client.layer.beliefs()[0].1.under_way, 0);
}

#[tokio::test(start_paused = true)]
async fn who_comes_later_goes_later_even_if_it_is_polled_first() {
    let upstream = Upstream::script([limit(3)]);
    let client = upstream.behind(numbered());
    let mut first = Box::pin(client.get("/0"));
    assert!(at_once(first.as_mut()).await.is_none(), "refused, and waiting");
    tokio::time::advance(5 * SECOND).await;
    let mut second = Box::pin(client.get("/1"));
    assert!(at_once(second.as_mut()).await.is_none(), "the gate is open, and it isn't its turn");
    assert!(at_once(first.as_mut()).await.is_some());
    second.await.unwrap();
    assert_eq!(upstream.paths(), ["/0", "/0", "/1"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes_a_request_while_its_refusal_is_read() {
    let sent = Arc::new(AtomicU32::new(0));
    let count = sent.clone();
    let upstream = service_fn(move |_: Request<Replay<Chunks>>| {
        let status = if count.fetch_add(1, Relaxed) == 0 { 429 } else { 200 };
        let slowly = Chunks { hesitates: 3, ..Chunks::of([b"slow down".as_slice()]) };
        async move { http::Response::builder().status(status).header("retry-after", "0").body(slowly) }
    });
    let client = numbered().layer(upstream);
    let mut first = Box::pin(client.clone().oneshot(get("/0")));
    assert!(at_once(first.as_mut()).await.is_none(), "refused, and its body isn't read yet");
    tokio::time::advance(SECOND / 5).await;
    let mut second = Box::pin(client.oneshot(get("/1")));
    assert!(at_once(second.as_mut()).await.is_none());
    assert_eq!(sent.load(Relaxed), 1);
    first.await.unwrap();
    second.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_can_no_longer_wait_is_told_at_the_refusal_not_at_the_deadline() {
    let upstream =
        Upstream::new(|number, _| if number < 2 { limit(60) } else { Answer::Pass }).latency(SECOND);
    let client = upstream.behind(numbered());
    // Those at the head have all the time, those behind have not.
    let patient = start(&client, numbers(2)).await;
    let start = world::now();
    let mut set = JoinSet::new();
    for number in 2..20 {
        let mut request = get(&format!("/{number}"));
        request.extensions_mut().insert(Deadline(30 * SECOND));
        set.spawn(client.send(request));
    }
    for outcome in set.join_all().await {
        assert!(matches!(outcome, Err(WaitError::Overdue { .. })));
    }
    let waited = world::now().since(start);
    assert!(waited >= SECOND / 2 && waited <= SECOND + Duration::from_millis(10), "{waited:?}");
    assert!(all_passed(patient.join_all().await));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_in_the_queue_ends_the_wait_then() {
    let upstream = Upstream::script([Answer::Never, Answer::Never]);
    let client = upstream.behind(numbered());
    let set = start(&client, numbers(2)).await;
    let start = world::now();
    let mut late = get("/late");
    late.extensions_mut().insert(Deadline(Duration::from_millis(1500)));
    let error = client.send(late).await.unwrap_err();
    let waited = world::now().since(start);
    assert!(matches!(error, WaitError::Overdue { .. }), "{error}");
    assert!(error.to_string().contains("didn't come within the deadline of 1.5 s"), "{error}");
    assert!(waited <= Duration::from_millis(1510), "{waited:?}");
    drop(set);
}

#[tokio::test(start_paused = true)]
async fn idle_buckets_are_forgotten_and_closed_ones_are_not() {
    let upstream = Upstream::new(|number, _| if number == 0 { limit(60) } else { Answer::Pass });
    let client = upstream.behind(WaitLayer::new().resource(|parts| parts.uri.path().into()).buckets(4));
    let start = world::now();
    let mut closed = Box::pin(client.get("/closed"));
    assert!(at_once(closed.as_mut()).await.is_none());
    drop(closed);
    for number in 0..100 {
        client.get(&format!("/{number}")).await.unwrap();
        assert!(client.layer.beliefs().len() <= 4);
    }
    assert_eq!(world::now().since(start), Duration::ZERO);
    client.get("/closed").await.unwrap();
    check_waited(world::now().since(start), 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn one_bucket_too_many_is_a_clear_answer() {
    let upstream = Upstream::new(|_, _| limit(60));
    let client = upstream.behind(numbered().resource(|parts| parts.uri.path().into()).buckets(2));
    let set = start(&client, numbers(2)).await;
    let error = client.get("/2").await.unwrap_err();
    assert!(matches!(error, WaitError::Overfull { bound: Bound::Buckets(2), .. }));
    assert!(error.to_string().contains("2 other buckets are in use"), "{error}");
    drop(set);
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_layer_share_their_gates_and_other_layers_do_not() {
    let upstream = Upstream::script([limit(60)]);
    let layer = numbered();
    let (one, two) = (upstream.behind(layer.clone()), upstream.behind(layer.deadline(SECOND)));
    let refused = tokio::spawn(one.get("/0"));
    yield_now().await;
    assert!(matches!(two.get("/1").await, Err(WaitError::Overdue { .. })));
    assert!(upstream.behind(numbered()).get("/2").await.is_ok());
    refused.abort();
}
