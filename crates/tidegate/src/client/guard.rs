//! One origin's budget of refusals, shared by its gates, and who is woken when it changes. Never here: the law of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tidegate_core::{Quota, Time};

use super::budget::{Budget, Ticket, Wanted};
use crate::observe::Stance;
use crate::world;

/// What all gates of one origin ask before a call goes.
#[derive(Debug)]
pub(crate) struct Guard(Mutex<Watch>);

#[derive(Debug)]
struct Watch {
    budget: Budget,
    /// The heads of the gates that wait, by their gate: no more than there are gates.
    asleep: BTreeMap<usize, Waker>,
}

impl Guard {
    pub(crate) fn new(quota: Quota) -> Guard {
        Guard(Mutex::new(Watch { budget: Budget::new(quota), asleep: BTreeMap::new() }))
    }

    /// What the head of this gate waits for; if anything, it is woken when that changes.
    pub(crate) fn obstacle(&self, gate: usize, now: Time, waker: &Waker) -> Option<Wanted> {
        let mut watch = self.lock();
        let wanted = watch.budget.ask(now);
        if wanted.is_some() {
            watch.asleep.insert(gate, waker.clone());
        }
        wanted
    }

    /// Goes, if it may.
    pub(crate) fn go(self: &Arc<Self>, now: Time) -> Option<Leave> {
        let mut watch = self.lock();
        if watch.budget.ask(now).is_some() {
            return None;
        }
        Some(Leave { guard: self.clone(), ticket: Some(watch.budget.sent(now)) })
    }

    /// How the origin is called, and how many refusals may still come.
    pub(crate) fn view(&self, now: Time) -> (Stance, u64) {
        let watch = self.lock();
        (watch.budget.stance(), watch.budget.left(now))
    }

    /// Whether it could be forgotten.
    pub(crate) fn is_whole(&self, now: Time) -> bool {
        self.lock().budget.is_whole(now)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Budget) -> T) -> T {
        let mut watch = self.lock();
        let result = change(&mut watch.budget);
        let asleep = std::mem::take(&mut watch.asleep);
        drop(watch);
        asleep.into_values().for_each(Waker::wake);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that goes by a guard's leave. Dropped without an answer, it is lost to the guard.
#[derive(Debug)]
pub(crate) struct Leave {
    guard: Arc<Guard>,
    ticket: Option<Ticket>,
}

/// What came of a call, as far as a guard cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Refused,
    Passed,
}

impl Leave {
    /// The call was answered; says if that changes how the origin is called.
    pub(crate) fn answered(mut self, ending: Ending) -> Option<Stance> {
        let ticket = self.ticket.take()?;
        let now = world::now();
        self.guard.change(|budget| match ending {
            Ending::Refused => budget.refused(ticket, now),
            Ending::Passed => budget.passed(ticket),
        })
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.guard.change(|budget| budget.lost(ticket, world::now()));
        }
    }
}
