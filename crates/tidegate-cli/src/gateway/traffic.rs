//! What went through the gateway, counted: atomics alone, no lock, no label. Never here: how counts are shown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

/// The upper ends of the histogram's buckets, in seconds; a last one without an end comes behind them.
pub(crate) const BUCKETS_SECONDS: [f64; 14] =
    [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How many buckets there are.
const BUCKETS: usize = BUCKETS_SECONDS.len() + 1;

/// Why the gateway answered a call itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A limit refused it.
    Limit,
    /// Its caller is shut out for a while.
    Penalty,
    /// The servers had no room for it.
    Overload,
    /// What it asked for can be read in two ways, or not at all.
    Target,
    /// Something went wrong with it: on its caller's side, on a server's, or on the way.
    Fault,
}

impl Cause {
    /// All of them, in the order in which they are counted.
    pub(crate) const ALL: [Cause; 5] =
        [Cause::Limit, Cause::Penalty, Cause::Overload, Cause::Target, Cause::Fault];

    /// Its name in metrics and in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Cause::Limit => "limit",
            Cause::Penalty => "penalty",
            Cause::Overload => "overload",
            Cause::Target => "target",
            Cause::Fault => "fault",
        }
    }
}

/// How a reload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reload {
    /// The file was taken.
    Taken,
    /// It has faults, and nothing changed.
    Refused,
}

/// Counts of a gateway, since it was started.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    requests: Count,
    answers: Classes,
    turned: [Count; Cause::ALL.len()],
    server_answers: Classes,
    server_took: Histogram,
    reloads: [Count; 2],
}

/// A number that only grows.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    fn one(&self) {
        self.add(1);
    }

    fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts by the class of a status: 1xx to 5xx.
#[derive(Debug, Default)]
struct Classes([Count; 5]);

impl Classes {
    fn one(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.0[class].one();
    }

    fn now(&self) -> [u64; 5] {
        std::array::from_fn(|class| self.0[class].now())
    }
}

/// How long something took, by buckets.
#[derive(Debug, Default)]
struct Histogram {
    buckets: [Count; BUCKETS],
    sum_micros: Count,
}

impl Histogram {
    fn add(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS_SECONDS.iter().position(|end| seconds <= *end);
        self.buckets[bucket.unwrap_or(BUCKETS_SECONDS.len())].one();
        self.sum_micros.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

/// [`Traffic`] at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counts {
    /// Requests that came.
    pub(crate) requests: u64,
    /// Answers by the class of their status, 1xx first.
    pub(crate) answers: [u64; 5],
    /// Calls that the gateway answered itself, in the order of [`Cause::ALL`].
    pub(crate) turned: [u64; Cause::ALL.len()],
    /// Servers' answers by the class of their status, 1xx first.
    pub(crate) server_answers: [u64; 5],
    /// How long servers took to begin their answers: how many in each bucket of [`BUCKETS_SECONDS`], and beyond.
    pub(crate) server_took: [u64; BUCKETS],
    /// The sum of that, in seconds.
    pub(crate) server_took_seconds: f64,
    /// Reloads that were taken.
    pub(crate) taken: u64,
    /// Reloads whose file had faults.
    pub(crate) refused: u64,
}

impl Traffic {
    /// A request has come.
    pub(crate) fn came(&self) {
        self.requests.one();
    }

    /// A request is answered, by whomever.
    pub(crate) fn answered(&self, status: StatusCode) {
        self.answers.one(status);
    }

    /// The gateway answers a call itself.
    pub(crate) fn turned(&self, cause: Cause) {
        self.turned[cause as usize].one();
    }

    /// A server has begun its answer, so long after the call was sent.
    pub(crate) fn answered_by_server(&self, status: StatusCode, took: Duration) {
        self.server_answers.one(status);
        self.server_took.add(took);
    }

    /// The policy file was read again.
    pub(crate) fn reloaded(&self, reload: Reload) {
        self.reloads[reload as usize].one();
    }

    /// The counts of now.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            requests: self.requests.now(),
            answers: self.answers.now(),
            turned: std::array::from_fn(|cause| self.turned[cause].now()),
            server_answers: self.server_answers.now(),
            server_took: std::array::from_fn(|bucket| self.server_took.buckets[bucket].now()),
            server_took_seconds: self.server_took.sum_micros.now() as f64 / 1e6,
            taken: self.reloads[Reload::Taken as usize].now(),
            refused: self.reloads[Reload::Refused as usize].now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_counted_where_it_belongs() {
        let traffic = Traffic::default();
        traffic.came();
        traffic.answered(StatusCode::SWITCHING_PROTOCOLS);
        traffic.answered(StatusCode::TOO_MANY_REQUESTS);
        traffic.answered(StatusCode::from_u16(999).unwrap());
        traffic.turned(Cause::Overload);
        traffic.reloaded(Reload::Refused);
        let counts = traffic.counts();
        assert_eq!((counts.requests, counts.answers), (1, [1, 0, 0, 1, 1]));
        assert_eq!(counts.turned, [0, 0, 1, 0, 0]);
        assert_eq!((counts.taken, counts.refused), (0, 1));
    }

    #[test]
    fn causes_are_counted_in_the_order_of_their_list() {
        for (number, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, number, "{}", cause.name());
        }
    }

    #[track_caller]
    fn check(took: Duration, bucket: usize) {
        let traffic = Traffic::default();
        traffic.answered_by_server(StatusCode::OK, took);
        let counts = traffic.counts();
        assert_eq!(counts.server_took.iter().position(|count| *count == 1), Some(bucket), "{took:?}");
        assert!((counts.server_took_seconds - took.as_secs_f64()).abs() < 1e-5);
    }

    #[test]
    fn a_span_falls_into_the_first_bucket_that_holds_it() {
        check(Duration::ZERO, 0);
        check(Duration::from_millis(1), 0);
        check(Duration::from_micros(1_001), 1);
        check(Duration::from_secs(30), 13);
        check(Duration::from_secs(31), 14);
    }
}
