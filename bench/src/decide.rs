//! A limiter's whole decision: the request classified, its keys hashed, all limits asked. Never here: a socket, an answer.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
use http::{Method, Uri};
use tidegate::classify::{Limit, Policy, Request};
use tidegate::limiter::{Limiter, Verdict};
use tidegate::path::{Host, Target};
use tidegate::store::{Room, Secret, Table};
use tidegate_core::Time;

const START_NS: u64 = 100_000_000_000_000;

/// Who waits for nothing: the memory store answers at once.
fn now_or_never<F: Future>(work: F) -> F::Output {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the memory store is always ready"),
    }
}

/// So many limits with this key, which all fall on the request and let it pass.
fn limiter(limits: usize, key: &str) -> Limiter<Table> {
    let limit = |number: usize| {
        let key = vec![key.parse().expect("a part of a key")];
        let mut limit =
            Limit::new(&format!("limit-{number}"), key, "1 per s, burst 1000000".parse().expect("a quota"));
        limit.on.path = Some("/v1/rooms/{*rest}".parse().expect("a template"));
        limit
    };
    let policy = Policy { limits: (0..limits).map(limit).collect(), ..Policy::default() };
    let table = Table::new(Room::split(64 << 20));
    Limiter::new(policy, table, Secret::new([1, 2]), Time::from_nanos(START_NS))
        .expect("a policy without faults")
}

/// Decides one caller's call so often, a microsecond after each other. `what` is `nothing`, `target` (the target and the
/// host read, no decision), or `LIMITS-KEY` as in `3-bearer`.
pub fn count(what: &str, decisions: u64) {
    let (limits, key) = what.split_once('-').unwrap_or(("1", "ip"));
    let limiter = limiter(limits.parse().expect("a number of limits"), key);
    let rules = limiter.rules();
    let token = HeaderValue::from_static("Bearer an-example-of-a-token-0123456789");
    let headers =
        HeaderMap::from_iter([(HOST, HeaderValue::from_static("api.example")), (AUTHORIZATION, token)]);
    let uri = Uri::from_static("/v1/rooms/7?max=50");
    let target = Target::of_uri(&uri, rules.paths()).expect("a target");
    let host = Host::of(None, &headers).expect("a host");
    let client = "192.0.2.7".parse().expect("an address");
    let method = Method::GET;
    let passed = (0..decisions).filter(|&micros| {
        let now = Time::from_nanos(START_NS + 1_000 * micros);
        match what {
            "nothing" => black_box(now) > Time::ZERO,
            "target" => {
                let target = Target::of_uri(black_box(&uri), rules.paths());
                black_box(target).is_ok() && black_box(Host::of(None, black_box(&headers))).is_ok()
            }
            _ => {
                let request =
                    Request { method: &method, target: &target, host: &host, headers: &headers, client };
                let Ok(verdict) = now_or_never(limiter.decide_by(rules.clone(), now, black_box(&request)));
                matches!(verdict, Verdict::Admitted(_))
            }
        }
    });
    assert_eq!(passed.count() as u64, decisions, "{what} refuses");
}
