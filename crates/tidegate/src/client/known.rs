//! A quota that is known beforehand, and what of it is spent. Never here: what an answer teaches.

use tidegate_core::{Ask, Decision, Quota, State, Time, peek, step};

/// A known quota, and its state. No call goes that it would refuse.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    quota: Quota,
    spent: State,
}

impl Known {
    pub(crate) fn new(quota: Quota) -> Known {
        Known { quota, spent: State::default() }
    }

    pub(crate) fn is_of(&self, quota: &Quota) -> bool {
        self.quota == *quota
    }

    /// When the next call may go; `now` if it may at once.
    pub(crate) fn earliest(&self, now: Time) -> Time {
        match peek(&self.quota, &self.spent, now, Ask::NOW) {
            Decision::Deny { retry_at } => retry_at,
            Decision::Admit { .. } | Decision::Never => now,
        }
    }

    /// A call goes.
    pub(crate) fn sent(&mut self, now: Time) {
        step(&self.quota, &mut self.spent, now, Ask::NOW);
    }

    /// Whether it could be forgotten.
    pub(crate) fn is_whole(&self, now: Time) -> bool {
        self.spent.full_at(&self.quota) <= now
    }
}
