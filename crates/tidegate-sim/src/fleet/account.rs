//! One token: its counters, the waits told to it, its items, its misdeeds. Never here: a verdict.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_core::Time;

use super::call::{Call, Outcome};
use super::ledger::{Due, Ledger};
use super::stats::Counts;
use super::told::Forbidden;
use crate::scenario::{Abuse, is_safe};

/// What the fleet knows of one token. It grows with the items that are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) ledger: Ledger,
    pub(crate) counts: Counts,
    /// The work done, each item once: how many calls of which dues.
    pub(crate) work: BTreeMap<Vec<Due>, u64>,
    /// When the first call arrived.
    pub(crate) first_arrival: Option<Time>,
    forbidden: BTreeMap<(u32, Resource), Forbidden>,
    misdeeds: BTreeMap<Resource, Misdeeds>,
    asked: BTreeSet<(Resource, u64)>,
    done: BTreeSet<(Resource, u64)>,
    keys: BTreeSet<u64>,
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
            asked: BTreeSet::new(),
            done: BTreeSet::new(),
            keys: BTreeSet::new(),
        }
    }

    /// A call arrives: counts it, and holds it against the waits that its sender was told.
    pub(crate) fn receive(&mut self, now: Time, call: &Call<'_>, resource: Resource, abuse: Option<Abuse>) {
        self.counts.calls += 1;
        self.first_arrival.get_or_insert(now);
        if let Some(item) = call.item {
            self.asked.insert((resource, item));
        }
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

    /// A call passed its limits: its work is done, unless it was done before under its key.
    pub(crate) fn perform(&mut self, call: &Call<'_>, resource: Resource, dues: Vec<Due>) {
        let is_known_key = call.key.is_some_and(|key| !self.keys.insert(key));
        let is_known_item = call.item.is_some_and(|item| !self.done.insert((resource, item)));
        if is_known_key || (is_known_item && is_safe(call.method)) {
            self.counts.repeated += 1;
        } else if is_known_item {
            self.counts.doubled += 1;
        } else {
            *self.work.entry(dues).or_default() += 1;
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

    /// The counts, with the items that are missing now.
    pub(crate) fn counts(&self) -> Counts {
        Counts { missing: self.asked.difference(&self.done).count() as u64, ..self.counts }
    }
}
