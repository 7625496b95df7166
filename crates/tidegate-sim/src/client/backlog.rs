//! The items that a client still has to do, and what became of the others. Never here: when.

use std::collections::VecDeque;

/// One piece of work: one call that has to succeed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(pub u64);

/// What became of a client's items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done, as far as the client knows.
    pub done: u64,
    /// Given up, not done.
    pub lost: u64,
    /// Reported as unknown: perhaps done, and not to be repeated.
    pub unknown: u64,
    /// Neither of these yet.
    pub open: u64,
}

/// The items to do, in order.
#[derive(Clone, Debug)]
pub(super) struct Backlog {
    waiting: VecDeque<Item>,
    tally: Tally,
}

impl Backlog {
    pub(super) fn new(items: Vec<Item>) -> Backlog {
        let tally = Tally { open: items.len() as u64, ..Tally::default() };
        Backlog { waiting: items.into(), tally }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn take(&mut self) -> Option<Item> {
        self.waiting.pop_front()
    }

    /// Back to its place: before everything that was behind it.
    pub(super) fn put_back(&mut self, item: Item) {
        let place = self.waiting.partition_point(|other| *other < item);
        self.waiting.insert(place, item);
    }

    pub(super) fn done(&mut self) {
        self.tally.done += 1;
        self.tally.open -= 1;
    }

    pub(super) fn lost(&mut self) {
        self.tally.lost += 1;
        self.tally.open -= 1;
    }

    pub(super) fn unknown(&mut self) {
        self.tally.unknown += 1;
        self.tally.open -= 1;
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }
}
