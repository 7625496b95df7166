//! What the upstream announces: so many calls left, until then. Never here: what is guessed from refusals.

use super::Flight;
use crate::time::Time;

/// The newest announcement, less what went since.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Announced {
    /// The call whose answer announced it.
    by: Option<Flight>,
    left: u64,
    until: Time,
}

impl Announced {
    /// An answer announced `left` calls until `until`. Of two answers the one to the later call counts.
    pub(super) fn heard(&mut self, by: Flight, left: u64, until: Time) {
        if self.by.is_none_or(|newest| by >= newest) {
            *self = Announced { by: Some(by), left, until };
        }
    }

    pub(super) fn sent(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// When the next call may go, as far as this knows: at once while some are left, or at the new window.
    pub(super) fn not_before(&self, now: Time) -> Time {
        if self.left == 0 { self.until } else { now }
    }

    /// What is left, and until when, while it holds.
    pub(super) fn left(&self, now: Time) -> Option<(u64, Time)> {
        (now < self.until).then_some((self.left, self.until))
    }
}
