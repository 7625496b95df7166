//! What happens to a request on its way, told to whoever draws bars, logs or counts. Never here: a secret, a decision.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tidegate_core::{Feedback, Time};

pub use crate::key::BucketName;

/// Somebody who is told what happens.
///
/// Called from the tasks that send, without a lock held: be quick, and don't block. Times are those of
/// [`world::now`](crate::world::now).
pub trait Observe: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observe for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Which request, and the how-manieth sending of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The number of the request: from its extension [`CallId`](crate::client::CallId), or else counted.
    pub id: u64,
    /// Which sending this is, or is to be: 1 is the first.
    pub attempt: u32,
}

/// What happened. No token, no query and no body is in it, but for the sentence of a terminal refusal.
#[derive(Clone)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The request waits. Told again when the cause or the instant changes.
    Waiting {
        /// The request.
        call: Call,
        /// Where it waits.
        bucket: &'a BucketName,
        /// Until when at least, if that is known.
        until: Option<Time>,
        /// Why.
        cause: Cause,
    },
    /// The request goes out.
    Sent {
        /// The request.
        call: Call,
        /// Where it was paced.
        bucket: &'a BucketName,
        /// When it goes.
        at: Time,
    },
    /// The answer was a refusal. The request waits and goes again, unless its body can't be sent again or it was
    /// tried often enough: then the answer is handed back, and [`HandedBack`](crate::client::HandedBack) says why.
    Refused {
        /// The request.
        call: Call,
        /// Where it was paced.
        bucket: &'a BucketName,
        /// The answer's status: mostly 429 or 503, and whatever else the provider refuses with.
        status: StatusCode,
        /// The answer's header, whole. Its `Debug` output names the fields only.
        headers: &'a HeaderMap,
        /// What the answer says.
        feedback: &'a Feedback,
        /// Until when nothing goes in this bucket.
        until: Time,
    },
    /// The answer was a refusal that no waiting lifts: it is handed back, and a human has to act.
    Terminal {
        /// The request.
        call: Call,
        /// Where it was paced.
        bucket: &'a BucketName,
        /// The answer's status.
        status: StatusCode,
        /// Whose dialect says so: the name of its row in the table.
        provider: &'a str,
        /// What the answer's body says in words. It is the upstream's own, and may name accounts: the `Debug` output
        /// leaves it out.
        message: Option<&'a str>,
        /// From sending to the answer's header.
        took: Duration,
    },
    /// The answer was no refusal: it is handed back.
    Passed {
        /// The request.
        call: Call,
        /// Where it was paced.
        bucket: &'a BucketName,
        /// The answer's status.
        status: StatusCode,
        /// What the answer says.
        feedback: &'a Feedback,
        /// From sending to the answer's header.
        took: Duration,
    },
    /// The request is to be sent again, as soon as it may. `call` counts the sending that failed.
    Repeated {
        /// The request.
        call: Call,
        /// Where it is paced.
        bucket: &'a BucketName,
        /// Why.
        cause: Again,
    },
    /// So many calls of an origin were refused that all of them wait now for one that passes, or that is over.
    Guarded {
        /// Whose answer it was that changed it.
        call: Call,
        /// The origin.
        origin: &'a str,
        /// How it is called from now on.
        stance: Stance,
    },
    /// The request is over, whatever came of it: answered, given up, or dropped by its caller. Told once, last.
    Ended {
        /// The request.
        call: Call,
        /// Where it was paced.
        bucket: &'a BucketName,
    },
}

/// How an origin is called, as far as its budget of [refusals](crate::client::WaitLayer::refusals) goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stance {
    /// The budget is spent: one call at a time goes, and none before a part of the budget is back.
    Shut,
    /// Calls go as their buckets allow, and no more at once than may be refused.
    Open,
}

/// Why a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The upstream told to wait.
    Told,
    /// The pace, learned or announced, says so.
    Pace,
    /// Enough is under way: an answer has to come first.
    UnderWay,
    /// Others came earlier.
    Turn,
    /// A connection broke: a pause before the next try.
    Broken,
    /// As many calls are awaited as may be refused, or the budget of refusals is spent.
    Guard,
}

/// Why a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Again {
    /// It was refused, so nothing was done.
    Refused,
    /// The connection broke before the request left.
    NeverSent,
    /// The connection broke, and sending the request twice does no harm.
    Harmless,
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Waiting { call, bucket, until, cause } => {
                write!(f, "Waiting {{ {call:?}, {bucket}, until: {until:?}, cause: {cause:?} }}")
            }
            Event::Sent { call, bucket, at } => write!(f, "Sent {{ {call:?}, {bucket}, at: {at:?} }}"),
            Event::Refused { call, bucket, status, headers, feedback, until } => {
                let names: Vec<_> = headers.keys().collect();
                write!(
                    f,
                    "Refused {{ {call:?}, {bucket}, {status}, {names:?}, {feedback:?}, until: {until:?} }}"
                )
            }
            Event::Passed { call, bucket, status, feedback, took } => {
                write!(f, "Passed {{ {call:?}, {bucket}, {status}, {feedback:?}, took: {took:?} }}")
            }
            Event::Terminal { call, bucket, status, provider, took, .. } => {
                write!(f, "Terminal {{ {call:?}, {bucket}, {status}, {provider}, took: {took:?} }}")
            }
            Event::Guarded { call, origin, stance } => {
                write!(f, "Guarded {{ {call:?}, {origin}, {stance:?} }}")
            }
            Event::Ended { call, bucket } => write!(f, "Ended {{ {call:?}, {bucket} }}"),
            Event::Repeated { call, bucket, cause } => {
                write!(f, "Repeated {{ {call:?}, {bucket}, cause: {cause:?} }}")
            }
        }
    }
}
