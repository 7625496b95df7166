//! Rule 4 seen from outside: what is sent again, how often, and what is reported. Never here: refusal waits.

use std::error::Error;

use http::Method;
use tidegate::client::Broken::{self, MayBeDone, NeverSent};
use tidegate::client::{WaitError, WaitLayer};
use tidegate::world;

use crate::support::{Answer, Broke, Chunks, Outcome, SECOND, Upstream, limit, post};

fn breaks(broken: Broken, times: usize) -> Upstream {
    Upstream::script(vec![Answer::Break(broken); times])
}

async fn send(upstream: &Upstream, method: Method, key: Option<&str>) -> Outcome {
    let mut request = post("/messages", Chunks::of([b"text".as_slice()]));
    *request.method_mut() = method;
    if let Some(key) = key {
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    }
    upstream.behind(WaitLayer::new()).send(request).await
}

#[tokio::test(start_paused = true)]
async fn what_never_left_goes_again_whatever_it_is_with_growing_pauses() {
    for method in [Method::GET, Method::POST, Method::PATCH, Method::PUT] {
        let upstream = breaks(NeverSent, 2);
        assert!(send(&upstream, method, None).await.is_ok());
        let log = upstream.log();
        assert_eq!(log.len(), 3);
        let pauses: Vec<_> = log.windows(2).map(|pair| pair[1].sent.since(pair[0].sent)).collect();
        assert!(pauses[0] >= SECOND / 5 && pauses[1] >= 2 * SECOND / 5 && pauses[1] < SECOND, "{pauses:?}");
        assert!(log.iter().all(|seen| seen.body == b"text" && seen.whole));
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_be_done_goes_again_only_if_that_does_no_harm() {
    for (method, key) in
        [(Method::GET, None), (Method::PUT, None), (Method::DELETE, None), (Method::POST, Some("k"))]
    {
        let upstream = breaks(MayBeDone, 2);
        assert!(send(&upstream, method, key).await.is_ok());
        assert_eq!(upstream.log().len(), 3);
    }
    for method in [Method::POST, Method::PATCH] {
        let upstream = breaks(MayBeDone, 1);
        let error = send(&upstream, method, None).await.unwrap_err();
        assert!(matches!(error, WaitError::Unknown(Broke(MayBeDone))), "{error}");
        assert!(error.source().is_some_and(|source| source.is::<Broke>()));
        assert_eq!(upstream.log().len(), 1, "not sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn tries_are_bounded_and_the_error_is_handed_back() {
    for (method, broken) in [(Method::POST, NeverSent), (Method::GET, NeverSent), (Method::GET, MayBeDone)] {
        let upstream = breaks(broken, 99);
        let error = send(&upstream, method, None).await.unwrap_err();
        assert!(matches!(error, WaitError::Inner(Broke(_))), "{error}");
        assert_eq!(upstream.log().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_use_up_no_tries() {
    let (broken, refused) = (Answer::Break(NeverSent), limit(1));
    let upstream = Upstream::script([vec![broken.clone()], vec![refused; 20], vec![broken]].concat());
    assert!(send(&upstream, Method::POST, None).await.is_ok());
    assert_eq!(upstream.log().len(), 23);
}

#[tokio::test(start_paused = true)]
async fn no_pause_outlasts_the_deadline() {
    let upstream = breaks(NeverSent, 99);
    let client = upstream.behind(WaitLayer::new().deadline(SECOND / 2).tries(u32::MAX));
    let start = world::now();
    let error = client.get("/rooms").await.unwrap_err();
    assert!(matches!(error, WaitError::Inner(Broke(NeverSent))), "{error}");
    assert!(world::now().since(start) <= SECOND / 2);
    assert_eq!(upstream.log().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_nobody_explains_may_have_been_done() {
    use tower::{Layer, ServiceExt};
    let upstream = breaks(NeverSent, 1);
    let client = WaitLayer::new().layer(upstream.clone());
    let error = client.oneshot(post("/messages", Chunks::default())).await.unwrap_err();
    assert!(matches!(error, WaitError::Unknown(Broke(NeverSent))));
}

#[tokio::test(start_paused = true)]
async fn other_answers_are_handed_back_as_they_are() {
    for status in [200, 301, 400, 401, 404, 500, 502, 503] {
        let upstream = Upstream::script([Answer::Status(status)]);
        assert_eq!(send(&upstream, Method::POST, None).await.unwrap().status().as_u16(), status);
        assert_eq!(upstream.log().len(), 1);
    }
}
