//! What goes to the fleet and what comes back. Never here: why.

use std::time::Duration;

use tidegate_core::Time;

/// Who calls, as the limits see it: a number that stands for a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// A call, as it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// Whose quota it takes from.
    pub token: Token,
    /// Which program calls, for violations: a wait is told to a program. Zero where nobody knows.
    pub client: u32,
    /// The method.
    pub method: &'a str,
    /// The path, normalised.
    pub path: &'a str,
    /// The query, without its question mark.
    pub query: &'a str,
    /// When it was sent.
    pub sent: Time,
    /// The thing it is about, so that what is done twice, or never, is noticed.
    pub item: Option<u64>,
    /// Its idempotency key: what was done under a key is not done again.
    pub key: Option<u64>,
}

impl<'a> Call<'a> {
    /// A call without a query, an item or a key.
    pub const fn new(token: Token, method: &'a str, path: &'a str, sent: Time) -> Call<'a> {
        Call { token, client: 0, method, path, query: "", sent, item: None, key: None }
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// How it ends.
    pub outcome: Outcome,
    /// The server that decided, numbered from 1. Zero if none was there.
    pub server: u32,
    /// How long after the call's arrival the answer, or the broken connection, is noticed by the caller.
    pub latency: Duration,
    /// What the answer announces about the limit.
    pub announced: Option<Announced>,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done. Under a key that was seen before, it was done then.
    Done,
    /// Refused for its rate.
    Limited {
        /// What the refusal says about the wait.
        told: Told,
    },
    /// Refused since the API is down.
    Unavailable {
        /// What the refusal says about the wait.
        told: Told,
    },
    /// The connection broke before the work was done.
    ResetBefore,
    /// The work is done, but the connection broke before the answer got through.
    ResetAfter,
    /// Costs more than the quota can ever hold.
    Never,
}

/// What a refusal says about the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// So many whole seconds from the answer's arrival.
    Seconds(u64),
    /// Until this instant; a date in HTTP has whole seconds, so it is rounded up when it is written.
    Date(Time),
    /// A text that means nothing.
    Garbage(&'static str),
    /// Nothing.
    Nothing,
}

/// What an answer announces about the limit with the least left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Units per window.
    pub limit: u64,
    /// How many units are left.
    pub remaining: u64,
    /// The window's length.
    pub window: Duration,
    /// In how long, in whole seconds from the answer, there is more if nothing is left, or else everything.
    pub reset: Duration,
}
