//! One token: its counters, the waits told to it, its misdeeds. Never here: a verdict.

use std::collections::BTreeMap;

use tidegate_core::Time;

use super::call::{Call, Outcome};
use super::ledger::{Due, Ledger};
use super::memory::{Asked, Performed};
use super::stats::Counts;
use super::told::Forbidden;
use crate::oracle::Successes;
use crate::scenario::Abuse;

/// What the fleet knows of one token.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) ledger: Ledger,
    pub(crate) counts: Counts,
    /// The work done, each item once: how many calls of which dues.
    pub(crate) work: Successes,
    /// When the first call arrived.
    pub(crate) first_arrival: Option<Time>,
    forbidden: BTreeMap<(u32, Resource), Forbidden>,
    misdeeds: BTreeMap<Resource, Misdeeds>,
}

/// What a wait is about: the first limit that a call falls under. Calls without one are a resource of their own.
pub(crate) type Resource = Option<usize>;

#[derive(Clone, Debug, Default)]
struct Misdeeds {
    count: u32,
    shut_until: Time,
}

impl Account {
    pub(crate) fn new(ledger: Ledger) -> Account {
        Account {
            ledger,
            counts: Counts::default(),
            work: BTreeMap::new(),
            first_arrival: None,
            forbidden: BTreeMap::new(),
            misdeeds: BTreeMap::new(),
        }
    }

    /// What an arriving call asks for: an item is missing until it is done.
    pub(crate) fn ask(&mut self, asked: Asked) {
        match asked {
            Asked::NewItem => self.counts.missing += 1,
            Asked::Known => {}
            Asked::Beyond => self.counts.beyond_count += 1,
        }
    }

    /// A call arrives: counts it, and holds it against the waits that its sender was told.
    pub(crate) fn receive(&mut self, now: Time, call: &Call<'_>, resource: Resource, abuse: Option<Abuse>) {
        self.counts.calls += 1;
        self.first_arrival.get_or_insert(now);
        let waits = self.forbidden.get(&(call.client, resource));
        if !waits.is_some_and(|waits| waits.covers(call.sent)) {
            return;
        }
        self.counts.violations += 1;
        // While shut out, one cannot be shut out: else many workers who wake together would never get in again.
        if let Some(abuse) = abuse.filter(|_| self.shut_until(now, resource).is_none()) {
            let misdeeds = self.misdeeds.entry(resource).or_default();
            misdeeds.count += 1;
            if misdeeds.count >= abuse.after {
                *misdeeds = Misdeeds { count: 0, shut_until: now.later(abuse.lasts) };
            }
        }
    }

    /// Until when the token is shut out for its misdeeds, if it is.
    pub(crate) fn shut_until(&self, now: Time, resource: Resource) -> Option<Time> {
        self.misdeeds.get(&resource).map(|misdeeds| misdeeds.shut_until).filter(|until| *until > now)
    }

    /// The sender of a call was told to wait: it hears it at `heard`.
    pub(crate) fn forbid(&mut self, call: &Call<'_>, resource: Resource, heard: Time, until: Time) {
        self.forbidden.entry((call.client, resource)).or_default().add(heard, until);
    }

    /// A call passed its limits, and this came of it.
    pub(crate) fn perform(&mut self, performed: Performed, dues: Vec<Due>) {
        match performed {
            Performed::Repeated => self.counts.repeated += 1,
            Performed::Doubled => self.counts.doubled += 1,
            Performed::Item => {
                self.counts.missing -= 1;
                *self.work.entry(dues).or_default() += 1;
            }
            Performed::Unnamed => *self.work.entry(dues).or_default() += 1,
        }
    }

    /// Counts how a call ended.
    pub(crate) fn count(&mut self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Done => &mut self.counts.done,
            Outcome::Limited { .. } => &mut self.counts.limited,
            Outcome::Unavailable { .. } => &mut self.counts.unavailable,
            Outcome::ResetBefore => &mut self.counts.reset_before,
            Outcome::ResetAfter => &mut self.counts.reset_after,
            Outcome::Never => &mut self.counts.never,
        };
        *counter += 1;
    }
}
