//! What people and dashboards are shown of a server. Never here: a decision.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tidegate_core::Time;

use super::member::ServerId;
use super::outcome::{Counts, Failure};
use super::weight::Weight;

/// One server as it is at an instant.
#[derive(Clone, Debug)]
pub struct ServerView {
    /// Which it is.
    pub id: ServerId,
    /// Its name in the settings.
    pub name: Arc<str>,
    /// Whether it gets calls.
    pub state: State,
    /// Since when that is so.
    pub since: Time,
    /// Its weight.
    pub weight: Weight,
    /// Its calls in flight.
    pub in_flight: u32,
    /// How many it may have; `None` is no bound.
    pub at_once: Option<NonZeroU32>,
    /// How its calls ended.
    pub counts: Counts,
    /// What went wrong last, by a check or by a call.
    pub last_failure: Option<LastFailure>,
}

impl ServerView {
    /// The state in words: `out of routing for 12 s`.
    pub fn state_in_words(&self, now: Time) -> String {
        match self.state {
            State::InRouting => "in routing".to_owned(),
            State::Out => format!("out of routing for {}", seconds(now.since(self.since))),
            State::Ejected { until } if until <= now => "ejected until its checks pass".to_owned(),
            State::Ejected { until } => format!("ejected for another {}", seconds(until.since(now))),
            State::Trial => "on trial, one call at a time".to_owned(),
            State::Unknown => "not checked yet".to_owned(),
            State::Draining => format!("draining, {} in flight", self.in_flight),
        }
    }
}

/// Whether a server gets calls, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It gets calls.
    InRouting,
    /// Its checks took it out.
    Out,
    /// Its calls took it out until this instant at least; where it is checked, until a row of checks has passed, too.
    Ejected {
        /// The first instant at which it may come back.
        until: Time,
    },
    /// Its ejection is over, and nobody checks it: one call at a time finds out.
    Trial,
    /// Its first check hasn't ended.
    Unknown,
    /// It left the settings, and finishes its calls.
    Draining,
}

/// A failure and when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// When.
    pub at: Time,
    /// What; its `Display` says it in words.
    pub what: Failure,
}

/// Rounded up, so that nothing is over before it is told.
fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs() + u64::from(span.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(state: State, words: &str) {
        let view = ServerView {
            id: ServerId(1),
            name: "a".into(),
            state,
            since: Time::from_secs(10),
            weight: Weight::ONE,
            in_flight: 3,
            at_once: None,
            counts: Counts::default(),
            last_failure: None,
        };
        assert_eq!(view.state_in_words(Time::from_nanos(22_500_000_000)), words);
    }

    #[test]
    fn states_are_told_in_words() {
        check(State::InRouting, "in routing");
        check(State::Out, "out of routing for 13 s");
        check(State::Ejected { until: Time::from_secs(23) }, "ejected for another 1 s");
        check(State::Ejected { until: Time::from_secs(22) }, "ejected until its checks pass");
        check(State::Trial, "on trial, one call at a time");
        check(State::Unknown, "not checked yet");
        check(State::Draining, "draining, 3 in flight");
    }
}
