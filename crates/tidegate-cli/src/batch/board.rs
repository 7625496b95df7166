//! What is done and what is left, lane by lane: the truth that bar and summary tell. Never here: a guess.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidegate::observe::{Event, Observe};

use super::books::Books;
use super::input::index::Index;
use super::journal::states::State;
use super::work::End;
use crate::caller::watch::Watch;

/// Counts of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) items: u64,
    /// Done in runs before this one.
    pub(crate) before: u64,
    /// Those of them without success.
    pub(crate) failed_before: u64,
    /// Done in this run, and with success.
    pub(crate) succeeded: u64,
    /// Done in this run, and without success.
    pub(crate) failed: u64,
    /// Sent, and perhaps done.
    pub(crate) unknown: u64,
    /// Left for the next run, since they would have to wait too long.
    pub(crate) later: u64,
}

impl Counts {
    /// Results in the output.
    pub(crate) fn done(&self) -> u64 {
        self.before + self.succeeded + self.failed
    }

    /// Results that tell of no success.
    pub(crate) fn without_success(&self) -> u64 {
        self.failed_before + self.failed
    }

    /// What is neither done nor unknown.
    pub(crate) fn left(&self) -> u64 {
        self.items.saturating_sub(self.done() + self.unknown)
    }
}

/// What is left of a lane.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    pub(crate) lane: String,
    pub(crate) items: u64,
    /// How many there are in all.
    pub(crate) of: u64,
}

/// Keeps the counts.
#[derive(Debug)]
pub(crate) struct Board(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    counts: Counts,
    lanes: Vec<Left>,
}

impl Board {
    pub(crate) fn new(index: &Index) -> Board {
        let lanes = index.lanes().iter().map(|lane| Left {
            lane: lane.name.clone(),
            items: lane.items,
            of: lane.items,
        });
        let counts = Counts { items: index.items(), ..Counts::default() };
        Board(Mutex::new(Kept { counts, lanes: lanes.collect() }))
    }

    /// An item of the lane needs nothing more: it was done before.
    pub(crate) fn was_done(&self, lane: usize, how: State) {
        let mut state = self.lock();
        state.counts.before += 1;
        state.counts.failed_before += u64::from(how == State::Failed);
        state.lanes[lane].items -= 1;
    }

    /// An item of the lane is left as it is: nobody knows whether it was done.
    pub(crate) fn is_unknown(&self, lane: usize) {
        let mut state = self.lock();
        state.counts.unknown += 1;
        state.lanes[lane].items -= 1;
    }

    /// What came of an item of the lane.
    pub(crate) fn ended(&self, lane: usize, end: &End) {
        let mut state = self.lock();
        match end {
            End::Done { is_success: true } => state.counts.succeeded += 1,
            End::Done { is_success: false } => state.counts.failed += 1,
            End::Unknown => state.counts.unknown += 1,
            End::Later(_) => state.counts.later += 1,
            End::Fatal(_) => return,
        }
        state.lanes[lane].items = state.lanes[lane].items.saturating_sub(1);
    }

    /// Nothing more of the lane is done in this run.
    pub(crate) fn closed(&self, lane: usize) {
        self.lock().lanes[lane].items = 0;
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    pub(crate) fn lanes(&self) -> Vec<Left> {
        self.lock().lanes.iter().filter(|lane| lane.items > 0).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears what the waiting layer does: tells the watch, and has it noted that what was refused wasn't done.
pub(crate) struct Ear {
    pub(crate) watch: Arc<Watch>,
    pub(crate) books: Books,
}

impl Observe for Ear {
    fn event(&self, event: &Event<'_>) {
        if let Event::Refused { call, .. } = event
            && let Ok(line) = u32::try_from(call.id)
        {
            self.books.undone(line);
        }
        self.watch.event(event);
    }
}
