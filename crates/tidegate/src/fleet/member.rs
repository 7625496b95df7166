//! What all threads share of one server: its calls in flight, their bound, their counts. Never here: a lock, its health.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::outcome::{Counts, Outcome};

/// Which server, for as long as the fleet lives: no two have the same, and one that leaves and comes back by the
/// same name is another, unless calls to it were still in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(pub(super) u32);

/// One server.
#[derive(Debug)]
pub(super) struct Member {
    id: ServerId,
    name: Arc<str>,
    in_flight: AtomicU32,
    /// `u32::MAX` is no bound.
    at_once: AtomicU32,
    /// Whether the one call of a trial is under way.
    on_trial: AtomicBool,
    /// How many calls in a row have failed.
    failed: AtomicU32,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    answered: AtomicU64,
    server_errors: AtomicU64,
    refused: AtomicU64,
    broke: AtomicU64,
    timed_out: AtomicU64,
}

impl Member {
    pub(super) fn new(id: ServerId, name: &str, at_once: Option<NonZeroU32>) -> Member {
        Member {
            id,
            name: name.into(),
            in_flight: AtomicU32::new(0),
            at_once: AtomicU32::new(bound(at_once)),
            on_trial: AtomicBool::new(false),
            failed: AtomicU32::new(0),
            tally: Tally::default(),
        }
    }

    pub(super) fn id(&self) -> ServerId {
        self.id
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn at_once(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.at_once.load(Ordering::Relaxed)).filter(|most| most.get() < u32::MAX)
    }

    pub(super) fn set_at_once(&self, most: Option<NonZeroU32>) {
        self.at_once.store(bound(most), Ordering::Relaxed);
    }

    pub(super) fn has_room(&self) -> bool {
        self.in_flight() < self.at_once.load(Ordering::Relaxed)
    }

    /// Counts a call in, unless the server is at its bound. Whoever is let in calls [`Member::leave`] once.
    pub(super) fn enter(&self) -> Entry {
        let most = self.at_once.load(Ordering::Relaxed);
        let one_more = |calls: u32| (calls < most).then(|| calls + 1);
        match self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Entry::Open,
            Err(_) => Entry::Shut,
        }
    }

    pub(super) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Takes the one place of a trial. Whoever gets it calls [`Member::end_trial`] once.
    pub(super) fn begin_trial(&self) -> Entry {
        if self.on_trial.swap(true, Ordering::Relaxed) { Entry::Shut } else { Entry::Open }
    }

    pub(super) fn end_trial(&self) {
        self.on_trial.store(false, Ordering::Relaxed);
    }

    pub(super) fn is_on_trial(&self) -> bool {
        self.on_trial.load(Ordering::Relaxed)
    }

    /// How many calls in a row have failed.
    pub(super) fn failed(&self) -> u32 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Counts a failed call, and tells how many in a row there are now.
    pub(super) fn fail(&self) -> u32 {
        self.failed.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// The row of failed calls has ended.
    pub(super) fn end_row(&self) {
        // Looked at before it is written: nearly always it is so already, and other threads look, too.
        if self.failed() != 0 {
            self.failed.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn count(&self, outcome: Outcome) {
        let tally = &self.tally;
        let counter = match outcome {
            Outcome::Answered { status, .. } if status.is_server_error() => &tally.server_errors,
            Outcome::Answered { .. } => &tally.answered,
            Outcome::Refused => &tally.refused,
            Outcome::Broke => &tally.broke,
            Outcome::TimedOut => &tally.timed_out,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            answered: of(&self.tally.answered),
            server_errors: of(&self.tally.server_errors),
            refused: of(&self.tally.refused),
            broke: of(&self.tally.broke),
            timed_out: of(&self.tally.timed_out),
        }
    }
}

/// Whether a call was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    Shut,
}

fn bound(most: Option<NonZeroU32>) -> u32 {
    most.map_or(u32::MAX, NonZeroU32::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_comes_down_lets_nobody_in_until_enough_have_left() {
        let member = Member::new(ServerId(1), "a", NonZeroU32::new(2));
        assert_eq!([member.enter(), member.enter(), member.enter()], [Entry::Open, Entry::Open, Entry::Shut]);
        member.set_at_once(NonZeroU32::new(1));
        member.leave();
        assert_eq!(member.enter(), Entry::Shut);
        member.leave();
        assert_eq!((member.enter(), member.in_flight()), (Entry::Open, 1));
        member.set_at_once(None);
        assert_eq!((member.enter(), member.at_once()), (Entry::Open, None));
    }

    #[test]
    fn threads_together_never_pass_the_bound() {
        let member = Member::new(ServerId(1), "a", NonZeroU32::new(3));
        let most = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        if member.enter() == Entry::Open {
                            most.fetch_max(member.in_flight(), Ordering::Relaxed);
                            member.leave();
                        }
                    }
                });
            }
        });
        assert!(most.into_inner() <= 3);
        assert_eq!(member.in_flight(), 0);
    }
}
