//! What becomes of calls while the store can't answer.

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use http::StatusCode;
use tidegate::classify::Policy;
use tidegate::limiter::Limiter;
use tidegate::server::{LimitLayer, OnStoreError};
use tidegate::store::{Claim, Key, Limit, Secret, Store};
use tidegate_core::{Time, Together};
use tower::{Layer, ServiceExt};

use crate::support::{Echo, call, limit};

/// A store that nobody reaches.
struct Away;

#[derive(Debug)]
struct Unreachable;

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody answers")
    }
}

impl std::error::Error for Unreachable {}

impl Store for Away {
    type Error = Unreachable;

    fn decide(
        &self,
        _: Time,
        _: &mut [Claim<'_>],
    ) -> impl Future<Output = Result<Together, Unreachable>> + Send {
        ready(Err(Unreachable))
    }

    fn peek(&self, _: Time, _: &[Claim<'_>]) -> impl Future<Output = Result<Together, Unreachable>> + Send {
        ready(Err(Unreachable))
    }

    fn refund(&self, _: Time, _: &mut [Claim<'_>]) -> impl Future<Output = Result<(), Unreachable>> + Send {
        ready(Err(Unreachable))
    }

    fn settle(
        &self,
        _: Time,
        _: &mut Claim<'_>,
        _: u64,
    ) -> impl Future<Output = Result<(), Unreachable>> + Send {
        ready(Err(Unreachable))
    }

    fn reset(&self, _: &Limit, _: Key) -> impl Future<Output = Result<(), Unreachable>> + Send {
        ready(Err(Unreachable))
    }
}

fn layer() -> LimitLayer<Away> {
    let policy = Policy { limits: vec![limit("it", "1 per minute")], ..Policy::default() };
    let limiter = Limiter::new(policy, Away, Secret::new([1, 2]), Time::from_secs(100_000)).unwrap();
    LimitLayer::new(Arc::new(limiter))
}

#[tokio::test(start_paused = true)]
async fn calls_go_uncounted_unless_told_otherwise() {
    let echo = Echo::default();
    for _ in 0..3 {
        let answer = layer().layer(echo.clone()).oneshot(call("GET", "/a//b", "a")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(!answer.headers().contains_key("ratelimit"), "nobody knows what is left");
        assert!(answer.headers().contains_key("trackingid"));
    }
    assert_eq!(echo.targets(), ["/a/b"; 3]);
}

#[tokio::test(start_paused = true)]
async fn or_they_are_refused_and_told_to_come_back() {
    let echo = Echo::default();
    let service = layer().on_store_error(OnStoreError::Closed).layer(echo.clone());
    let answer = service.oneshot(call("GET", "/", "a")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(echo.targets().is_empty());
}
