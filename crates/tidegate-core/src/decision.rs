//! What is asked of a limit, and what it answers. Never here: how the answer is found.

use core::time::Duration;

use crate::time::Time;

/// A call that would like to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// How many units the call takes. Zero asks nothing and always passes.
    pub cost: u64,
    /// How long the asker would rather wait than be refused. A server has none; a client has all the time
    /// to its deadline.
    pub patience: Duration,
}

impl Ask {
    /// One unit, now or never: what a server asks.
    pub const NOW: Ask = Ask { cost: 1, patience: Duration::ZERO };

    /// The same ask at another cost.
    pub const fn costing(self, cost: u64) -> Ask {
        Ask { cost, ..self }
    }

    /// The same ask with another patience.
    pub const fn within(self, patience: Duration) -> Ask {
        Ask { patience, ..self }
    }
}

/// What a limit answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go at `at`: now, or within the patience. The cost is spent, so a future `at` *is* the reservation.
    Admit {
        /// When to go; never before the instant of asking.
        at: Time,
        /// How many more units would pass at `at`, right after this call.
        remaining: u64,
        /// What [`refund`](crate::refund) takes back if the call is dropped.
        receipt: Receipt,
    },
    /// Refused, and nothing spent.
    Deny {
        /// The first instant at which the same ask would pass, if nobody else came before.
        retry_at: Time,
    },
    /// Costs more than the quota can ever hold: no waiting helps. Nothing spent.
    Never,
}

impl Decision {
    /// When the call may go, if it may.
    pub const fn admitted_at(&self) -> Option<Time> {
        match self {
            Decision::Admit { at, .. } => Some(*at),
            Decision::Deny { .. } | Decision::Never => None,
        }
    }
}

/// What one admission spent: enough to give it back, and no more than once worth keeping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    pub(crate) cost: u64,
    pub(crate) asked: Time,
    /// Where in the limit's own count the cost lies: a full-again instant, a window, an entry.
    pub(crate) place: u128,
}
