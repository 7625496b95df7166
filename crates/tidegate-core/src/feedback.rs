//! What an answer teaches about the limit behind it. Never here: a header, a status code, a guess.

use core::time::Duration;

/// What one answer says about the limit that it was judged by, in the engine's own words.
///
/// `tidegate-wire` reads it from an HTTP answer; the simulator makes it directly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Whether the call was let through.
    pub verdict: Verdict,
    /// How many more units the announced window allows.
    pub remaining: Option<u64>,
    /// How many units a whole window allows.
    pub limit: Option<u64>,
    /// How long the announced window is.
    pub window: Option<Duration>,
    /// In how long the announced window starts anew, counted from the answer's arrival.
    pub reset: Option<Duration>,
    /// Which calls this is about.
    pub scope: Scope,
}

/// Whether a call was let through, and if not, for how long not.
///
/// A wait counts from the answer's arrival. `None` means that the refusal didn't say; a waiter then needs
/// a rule of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Let through: the call was done, whatever came of it.
    #[default]
    Passed,
    /// Refused for its rate: not done, may be asked again after the wait.
    Limited {
        /// How long to wait.
        wait: Option<Duration>,
    },
    /// Refused because the service is down or overloaded, not because of the caller's rate.
    Unavailable {
        /// How long to wait.
        wait: Option<Duration>,
    },
}

/// Which calls a feedback is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The resource that was called, with the token that called it.
    #[default]
    Resource,
    /// Every call to the same origin with the same token.
    Origin,
}

impl Feedback {
    /// A call that passed, and nothing else told.
    pub const PASSED: Feedback = Feedback {
        verdict: Verdict::Passed,
        remaining: None,
        limit: None,
        window: None,
        reset: None,
        scope: Scope::Resource,
    };

    /// A call refused for its rate, with the wait that was told.
    pub const fn limited(wait: Option<Duration>) -> Feedback {
        Feedback { verdict: Verdict::Limited { wait }, ..Feedback::PASSED }
    }

    /// A call refused because the service is down, with the wait that was told.
    pub const fn unavailable(wait: Option<Duration>) -> Feedback {
        Feedback { verdict: Verdict::Unavailable { wait }, ..Feedback::PASSED }
    }

    /// Whether the same call should be made again, later.
    pub const fn is_refusal(&self) -> bool {
        !matches!(self.verdict, Verdict::Passed)
    }
}
