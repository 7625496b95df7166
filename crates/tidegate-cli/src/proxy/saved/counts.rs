//! What was saved, counted: atomics alone, no label. Never here: how counts are shown.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the proxy was started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) followed: Count,
    pub(super) of_one: Count,
    pub(super) lost: Count,
    pub(super) late: Count,
    pub(super) asked_about: Count,
    pub(super) revalidated: Count,
}

/// A number that only grows.
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

/// What is saved, in figures for operators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Calls that were saved: those answered by somebody else's answer.
    pub(crate) followed: u64,
    /// Calls that waited for an answer which was not for them, or not whole in time.
    pub(crate) of_one: u64,
    /// How often a follower lost the one it followed.
    pub(crate) lost: u64,
    /// Calls whose deadline passed while they followed.
    pub(crate) late: u64,
    /// Calls that asked whether a kept answer still holds.
    pub(crate) asked_about: u64,
    /// Those where it did: calls that cost nothing where a 304 is free.
    pub(crate) revalidated: u64,
    /// Calls that wait for somebody else's answer now.
    pub(crate) following: u64,
    /// Bytes that are held for followers now.
    pub(crate) shared_bytes: u64,
    /// Answers that are kept now.
    pub(crate) kept_answers: u64,
    /// And their size in memory.
    pub(crate) kept_bytes: u64,
}

impl Counts {
    /// The counts as they are now; what is held now is left at 0.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            followed: self.followed.now(),
            of_one: self.of_one.now(),
            lost: self.lost.now(),
            late: self.late.now(),
            asked_about: self.asked_about.now(),
            revalidated: self.revalidated.now(),
            ..Figures::default()
        }
    }
}
