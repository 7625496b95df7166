//! What became of the command's calls, in numbers. Never here: how they are said.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidegate::observe::{Again, Event, Observe};
use tidegate::world;
use tidegate_core::Time;

/// How many hosts are counted by name. A command may call any number.
const MOST_HOSTS: usize = 100;

/// A wait that is worth telling of.
const COUNTED_FROM: Duration = Duration::from_millis(10);

/// What became of all calls so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    /// How many were held back, how long in all, and how long one at most.
    pub(crate) held_back: u64,
    pub(crate) waited: Duration,
    pub(crate) longest: Duration,
    /// Refusals, by status, after which a call was sent again.
    pub(crate) absorbed: BTreeMap<u16, u64>,
    /// No answer came, and they may have been done.
    pub(crate) unknown: u64,
    /// They came to no answer, and weren't done, or may be done twice.
    pub(crate) failed: u64,
    /// The proxy itself refused them.
    pub(crate) refused: u64,
    /// Who called didn't wait for the answer.
    pub(crate) given_up: u64,
    /// Connections, by host, that were passed on unread.
    pub(crate) tunnels: BTreeMap<String, u64>,
    /// Connections that didn't come about.
    pub(crate) no_tunnel: u64,
}

/// What became of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The upstream answered, whatever it said.
    Answered,
    /// No answer came, and it may have been done.
    Unknown,
    /// It came to no answer.
    Failed,
    /// The proxy itself refused it.
    Refused,
}

/// Keeps count.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    counts: Counts,
    /// Calls that aren't over, by their numbers.
    open: HashMap<u64, Open>,
}

#[derive(Debug, Default)]
struct Open {
    since: Option<Time>,
    waited: Duration,
    refused: Option<u16>,
}

/// A call that is under way. Dropped before its end, it was given up.
#[derive(Debug)]
pub(crate) struct UnderWay<'t>(Option<&'t Tally>);

impl Tally {
    pub(crate) fn new() -> Arc<Tally> {
        Arc::default()
    }

    /// What became of all calls so far.
    pub(crate) fn counts(&self) -> Counts {
        self.books().counts.clone()
    }

    /// A call has come in.
    pub(crate) fn call(&self) -> UnderWay<'_> {
        self.books().counts.calls += 1;
        UnderWay(Some(self))
    }

    /// A connection to a host was made, and nobody reads what is said on it.
    pub(crate) fn tunnel(&self, host: &str) {
        let tunnels = &mut self.books().counts.tunnels;
        let name = if tunnels.len() < MOST_HOSTS || tunnels.contains_key(host) { host } else { "others" };
        *tunnels.entry(name.to_owned()).or_default() += 1;
    }

    /// A connection to a host didn't come about.
    pub(crate) fn no_tunnel(&self) {
        self.books().counts.no_tunnel += 1;
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay<'_> {
    /// It has come to an end.
    pub(crate) fn ended(mut self, outcome: Outcome) {
        let Some(tally) = self.0.take() else { return };
        let counts = &mut tally.books().counts;
        match outcome {
            Outcome::Answered => {}
            Outcome::Unknown => counts.unknown += 1,
            Outcome::Failed => counts.failed += 1,
            Outcome::Refused => counts.refused += 1,
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(tally) = self.0.take() {
            tally.books().counts.given_up += 1;
        }
    }
}

impl Observe for Tally {
    fn event(&self, event: &Event<'_>) {
        self.books().heard(event, world::now());
    }
}

impl Books {
    fn heard(&mut self, event: &Event<'_>, now: Time) {
        match event {
            Event::Waiting { call, .. } => _ = self.open.entry(call.id).or_default().since.get_or_insert(now),
            Event::Sent { call, at, .. } => self.open.entry(call.id).or_default().went(*at),
            Event::Refused { call, status, .. } => {
                self.open.entry(call.id).or_default().refused = Some(status.as_u16());
            }
            Event::Repeated { call, cause: Again::Refused, .. } => {
                let status = self.open.get_mut(&call.id).and_then(|open| open.refused.take());
                *self.counts.absorbed.entry(status.unwrap_or(429)).or_default() += 1;
            }
            Event::Ended { call, .. } => {
                let mut open = self.open.remove(&call.id).unwrap_or_default();
                open.went(now);
                self.counts.held(open.waited);
            }
            _ => {}
        }
    }
}

impl Open {
    /// Its wait, if it waited, ended then.
    fn went(&mut self, at: Time) {
        if let Some(since) = self.since.take() {
            self.waited += at.since(since);
        }
    }
}

impl Counts {
    fn held(&mut self, waited: Duration) {
        if waited >= COUNTED_FROM {
            self.held_back += 1;
            self.waited += waited;
            self.longest = self.longest.max(waited);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{Ready, ready};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Empty;
    use tidegate::client::{Replay, WaitLayer};
    use tower_layer::Layer as _;
    use tower_service::Service;

    use super::*;

    /// Refuses so many calls with a 429 that tells 3 s, and serves the others.
    #[derive(Clone)]
    struct Upstream(Arc<AtomicU32>);

    impl Service<Request<Replay<Empty<Bytes>>>> for Upstream {
        type Response = Response<Empty<Bytes>>;
        type Error = Infallible;
        type Future = Ready<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Replay<Empty<Bytes>>>) -> Self::Future {
            let mut answer = Response::new(Empty::new());
            let left = |left: u32| left.checked_sub(1);
            if self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok() {
                *answer.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
                answer.headers_mut().insert("retry-after", 3.into());
            }
            ready(Ok(answer))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_and_refusals_are_counted_by_call() {
        let tally = Tally::new();
        let layer = WaitLayer::new().observer(Arc::clone(&tally) as _);
        for refuses in [2_u32, 0] {
            let request = Request::builder().uri(format!("http://a.example/{refuses}/x")).body(Empty::new());
            let answer =
                layer.layer(Upstream(Arc::new(refuses.into()))).call(request.unwrap()).await.unwrap();
            assert_eq!(answer.status(), 200);
        }
        let counts = tally.counts();
        assert_eq!(counts.absorbed, BTreeMap::from([(429, 2)]));
        assert_eq!(counts.held_back, 1, "the second call didn't wait: {counts:?}");
        assert!(counts.waited >= Duration::from_secs(6) && counts.waited == counts.longest, "{counts:?}");
        assert!(tally.books().open.is_empty(), "nothing is kept of calls that are over");
    }

    #[test]
    fn a_call_ends_in_one_way() {
        let tally = Tally::new();
        for outcome in [Outcome::Answered, Outcome::Unknown, Outcome::Failed, Outcome::Refused] {
            tally.call().ended(outcome);
        }
        drop(tally.call());
        let Counts { calls, unknown, failed, refused, given_up, .. } = tally.counts();
        assert_eq!((calls, unknown, failed, refused, given_up), (5, 1, 1, 1, 1));
    }

    #[test]
    fn hosts_are_named_up_to_a_bound() {
        let tally = Tally::new();
        for number in 0..2 * MOST_HOSTS {
            tally.tunnel(&format!("host-{number}"));
        }
        tally.tunnel("host-0");
        let tunnels = tally.counts().tunnels;
        assert_eq!((tunnels.len(), tunnels["host-0"]), (MOST_HOSTS + 1, 2));
        assert_eq!(tunnels["others"], MOST_HOSTS as u64);
    }
}
