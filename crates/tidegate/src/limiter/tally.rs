//! How many calls each limit let go and refused. Never here: a label, a key.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count that many threads add to.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a limit has counted since it got its name.
#[derive(Debug, Default)]
pub struct Tally {
    pub(super) admitted: Count,
    pub(super) refused: Count,
    pub(super) full: Count,
    pub(super) never: Count,
    pub(super) lacking: Count,
    pub(super) would_refuse: Count,
}

/// A [`Tally`] at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that fell under the limit and were admitted.
    pub admitted: u64,
    /// Calls that it refused because the quota was used up.
    pub refused: u64,
    /// Calls that it refused because too many were in flight.
    pub full: u64,
    /// Calls that cost more than it can ever hold.
    pub never: u64,
    /// Calls that lacked a part of its key.
    pub lacking: u64,
    /// Calls that it would have refused, were it not in shadow mode.
    pub would_refuse: u64,
}

impl Tally {
    /// The counts of now.
    pub fn counts(&self) -> Counts {
        Counts {
            admitted: self.admitted.now(),
            refused: self.refused.now(),
            full: self.full.now(),
            never: self.never.now(),
            lacking: self.lacking.now(),
            would_refuse: self.would_refuse.now(),
        }
    }
}
