//! A limiter in a line, and calls to it. Never here: a promise.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tidegate::classify::{Limit, Policy, Request};
use tidegate::limiter::{Explained, Limiter, Permit, Refusal, Seen, Verdict};
use tidegate::path::{Host, Target};
use tidegate::store::{Room, Secret, Table};
use tidegate_core::Time;

/// When these tests begin.
pub(crate) const START: Time = Time::from_secs(100_000);

/// What a future comes to that is ready when it is made, as all of the memory store's are.
pub(crate) fn ready<F: Future>(work: F) -> F::Output {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the memory store made somebody wait"),
    }
}

/// A limit on all calls of a token.
pub(crate) fn limit(name: &str, quota: &str) -> Limit {
    Limit::new(name, vec!["bearer".parse().unwrap()], quota.parse().unwrap())
}

pub(crate) fn policy(limits: Vec<Limit>) -> Policy {
    Policy { limits, ..Policy::default() }
}

/// A limiter, asked as `token` on `/` unless told otherwise.
pub(crate) struct World(pub(crate) Limiter<Table>);

impl World {
    pub(crate) fn new(limits: Vec<Limit>) -> World {
        let table = Table::new(Room::split(1 << 20));
        World(Limiter::new(policy(limits), table, Secret::new([1, 2]), START).unwrap())
    }

    pub(crate) fn with<T>(
        &self,
        line: &str,
        fields: &[(&str, &str)],
        ask: impl FnOnce(&Request<'_>) -> T,
    ) -> T {
        let (method, target) = line.split_once(' ').expect("a method and a target");
        let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("api.example"))]);
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let rules = self.0.rules();
        let target = Target::of(target.as_bytes(), rules.paths()).unwrap();
        let host = Host::of(target.authority(), &headers).unwrap();
        let method: Method = method.parse().unwrap();
        ask(&Request {
            method: &method,
            target: &target,
            host: &host,
            headers: &headers,
            client: [192, 0, 2, 7].into(),
        })
    }

    pub(crate) fn decide(&self, now: Time, line: &str, fields: &[(&str, &str)]) -> Verdict {
        self.with(line, fields, |request| ready(self.0.decide(now, request)).unwrap())
    }

    pub(crate) fn ask(&self, now: Time, token: &str) -> Verdict {
        self.decide(now, "GET /", &[("authorization", &format!("Bearer {token}"))])
    }

    pub(crate) fn explained(&self, now: Time, token: &str) -> Explained {
        let token = format!("Bearer {token}");
        self.with("GET /", &[("authorization", &token)], |request| {
            ready(self.0.explain(now, request)).unwrap()
        })
    }

    /// How many calls of a token go at once.
    pub(crate) fn burst(&self, now: Time, token: &str) -> usize {
        (0..10_000).take_while(|_| matches!(self.ask(now, token), Verdict::Admitted(_))).count()
    }

    pub(crate) fn settle(&self, now: Time, permit: Box<Permit>, seen: Seen<'_>) {
        ready(self.0.settle(now, permit, &seen)).unwrap();
    }
}

#[track_caller]
pub(crate) fn admitted(verdict: Verdict) -> Box<Permit> {
    match verdict {
        Verdict::Admitted(permit) => permit,
        Verdict::Refused(refusal) => panic!("{refusal}"),
    }
}

#[track_caller]
pub(crate) fn refused(verdict: Verdict) -> Box<Refusal> {
    match verdict {
        Verdict::Admitted(permit) => panic!("{permit:?}"),
        Verdict::Refused(refusal) => refusal,
    }
}
