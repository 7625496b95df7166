//! What went through the gateway, counted. Never here: how counts are kept, how they are shown.

use std::time::Duration;

use http::StatusCode;

use crate::office::counts::{Classes, Count, Histogram, Spans};

/// The upper ends of the histogram's buckets, in seconds.
const BUCKETS_SECONDS: [f64; 14] =
    [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

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
#[derive(Debug)]
pub(crate) struct Traffic {
    requests: Count,
    answers: Classes,
    turned: [Count; Cause::ALL.len()],
    server_answers: Classes,
    server_took: Histogram<14>,
    reloads: [Count; 2],
}

impl Default for Traffic {
    fn default() -> Traffic {
        Traffic {
            requests: Count::default(),
            answers: Classes::default(),
            turned: Default::default(),
            server_answers: Classes::default(),
            server_took: Histogram::new(&BUCKETS_SECONDS),
            reloads: Default::default(),
        }
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
    /// How long servers took to begin their answers.
    pub(crate) server_took: Spans,
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
            server_took: self.server_took.now(),
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
        traffic.answered_by_server(StatusCode::OK, Duration::from_secs(31));
        let counts = traffic.counts();
        assert_eq!((counts.requests, counts.answers), (1, [1, 0, 0, 1, 1]));
        assert_eq!(counts.turned, [0, 0, 1, 0, 0]);
        assert_eq!((counts.taken, counts.refused), (0, 1));
        assert_eq!(counts.server_answers, [0, 1, 0, 0, 0]);
        assert_eq!(counts.server_took.buckets.last(), Some(&(f64::INFINITY, 1)));
    }

    #[test]
    fn causes_are_counted_in_the_order_of_their_list() {
        for (number, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, number, "{}", cause.name());
        }
    }
}
