//! When a call's cost is settled, and when it is given back.

use std::convert::Infallible;
use std::io;
use std::num::NonZeroU32;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tidegate::classify::{Amount, Cost, Limit, Measured};
use tidegate::server::{Counted, LimitedBody};
use tower::{Layer, Service, ServiceExt};

use crate::support::{Echo, ask, call, layer, limit, world};

/// How many calls go at once through a service now.
macro_rules! burst {
    ($service:expr) => {{
        let mut passed = 0;
        while $service.clone().oneshot(call("GET", "/", "a")).await.unwrap().status() == StatusCode::OK {
            passed += 1;
        }
        passed
    }};
}

#[tokio::test(start_paused = true)]
async fn a_cost_that_a_field_tells_is_settled_when_the_head_is_there() {
    let measured = Some(Measured::Header("x-cost".parse().unwrap()));
    let metered = Limit { cost: Cost { measured, ..Cost::default() }, ..limit("it", "10 per hour") };
    let service = layer(vec![metered]).layer(Echo::with(&[("x-cost", "7")]));
    let answer = service.clone().oneshot(call("GET", "/", "a")).await.unwrap();
    let second = ask(&service, call("GET", "/", "a")).await;
    assert_eq!(second.field("ratelimit"), ["\"it\";r=2;t=2880"], "7 of the first and 1 of its own are gone");
    drop(answer);
}

#[tokio::test(start_paused = true)]
async fn a_cost_by_time_is_settled_when_the_body_ends() {
    let measured = Some(Measured::Took { unit: Duration::from_secs(1) });
    let metered = Limit { cost: Cost { measured, ..Cost::default() }, ..limit("it", "10 per day") };
    let (service, _) = world(vec![metered]);
    let answer = service.clone().oneshot(call("GET", "/", "a")).await.unwrap();
    tokio::time::advance(Duration::from_secs(6)).await;
    answer.into_body().collect().await.unwrap();
    let next = ask(&service, call("GET", "/", "a")).await;
    assert!(next.field("ratelimit")[0].starts_with("\"it\";r=3;"), "{:?}", next.field("ratelimit"));
}

#[tokio::test(start_paused = true)]
async fn a_cost_by_length_is_what_was_sent() {
    let otherwise = Amount::Body { bytes: 1000.try_into().unwrap(), untold: 1 };
    let metered = Limit { cost: Cost { otherwise, ..Cost::default() }, ..limit("it", "10 per day") };
    let reading = tower::service_fn(|request: Request<Counted<Full<Bytes>>>| async {
        let length = request.into_body().collect().await.unwrap().to_bytes().len();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(length.to_string())))
    });
    let service = layer(vec![metered]).layer(reading);
    let upload = call("POST", "/", "a").map(|_| Full::from(vec![b'x'; 4_500]));
    let answer = service.clone().oneshot(upload).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "4500");
    assert_eq!(burst!(service), 5);
}

#[tokio::test(start_paused = true)]
async fn a_call_counts_among_those_at_once_until_its_body_ends_or_is_dropped() {
    let (service, _) = world(vec![Limit { at_once: NonZeroU32::new(1), ..limit("it", "100 per minute") }]);
    let held = service.clone().oneshot(call("GET", "/", "a")).await.unwrap();
    let full = ask(&service, call("GET", "/", "a")).await;
    assert_eq!((full.status, full.field("retry-after")), (StatusCode::TOO_MANY_REQUESTS, vec!["1"]));
    assert!(full.body.contains("lets 1 calls be under way at once"), "{}", full.body);
    drop(held);
    let mut read = service.clone().oneshot(call("GET", "/", "a")).await.unwrap();
    while read.body_mut().frame().await.is_some() {}
    let last = ask(&service, call("GET", "/", "a")).await;
    assert_eq!(
        last.status,
        StatusCode::OK,
        "the body of the one before was read to its end, and is still held"
    );
    drop(read);
}

/// A service that is never ready: with a reason, or without end.
#[derive(Clone)]
struct Unready(Poll<()>);

impl Service<Request<Counted<Full<Bytes>>>> for Unready {
    type Response = Response<Full<Bytes>>;
    type Error = io::Error;
    type Future = std::future::Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.0.map(|()| Err(io::Error::other("not today")))
    }

    fn call(&mut self, _: Request<Counted<Full<Bytes>>>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_service_never_heard_of_is_given_back() {
    let layer = layer(vec![limit("it", "3 per hour")]);
    let broken = layer.layer(Unready(Poll::Ready(())));
    for _ in 0..10 {
        let answer: Result<Response<LimitedBody<_>>, io::Error> =
            broken.clone().oneshot(call("GET", "/", "a")).await;
        assert_eq!(answer.unwrap_err().to_string(), "not today");
    }
    let stuck = layer.layer(Unready(Poll::Pending));
    for _ in 0..10 {
        let mut waiting = Box::pin(stuck.clone().oneshot(call("GET", "/", "a")));
        assert!(
            std::future::Future::poll(waiting.as_mut(), &mut Context::from_waker(std::task::Waker::noop()))
                .is_pending()
        );
        let refused = broken.clone().oneshot(call("GET", "/", "a"));
        assert_eq!(refused.await.unwrap_err().to_string(), "not today");
        drop(waiting);
    }
    assert_eq!(burst!(layer.layer(Echo::default())), 3);
}
