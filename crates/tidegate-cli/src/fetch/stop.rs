//! Why a job stops before its end. Never here: what is said about it, or a signal.

use std::fmt;

use crate::exit::Failure;

use super::sink::Closed;

/// Why a job stopped before its end.
#[derive(Debug)]
pub(crate) enum Stop {
    Failed(Failure),
    /// The time given by `--for` is over: that is an end as good as any.
    TimeOver,
    /// Results can't be written any more; why is known where they are written.
    Closed,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Stop {
        Stop::Closed
    }
}

impl Stop {
    /// Says what was under way.
    pub(crate) fn within(self, place: impl fmt::Display) -> Stop {
        match self {
            Stop::Failed(failure) => Stop::Failed(failure.within(place)),
            other => other,
        }
    }
}
