//! What an admitted call holds until it is over. Never here: the decision.

use std::time::Duration;

use http::HeaderMap;
use smallvec::SmallVec;
use tidegate_core::Receipt;

use super::told::Told;
use crate::at_once::Place;
use crate::classify::{Charge, Class, Settled};
use crate::store::Key;

/// An admitted call. Dropping it leaves its places among calls at once; what it spent stays spent.
#[derive(Debug)]
pub struct Permit {
    pub(super) class: Class,
    pub(super) spent: SmallVec<[Spent; 2]>,
    pub(super) told: Told,
    /// Held for its end alone.
    #[expect(dead_code, reason = "dropping it is what it is for")]
    pub(super) place: Option<Place>,
    /// Those of limits that only look on.
    #[expect(dead_code, reason = "dropping them is what they are for")]
    pub(super) places: SmallVec<[Place; 1]>,
}

impl Permit {
    /// What the answer may tell of the limits.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// How much the call matters.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What the call costs at most, of all its limits; at least 1.
    pub fn cost(&self) -> u64 {
        self.spent.iter().map(|spent| spent.cost).max().unwrap_or(0).max(1)
    }

    /// Whether the true cost is still to be told, by [`Limiter::settle`](super::Limiter::settle).
    pub fn is_open(&self) -> bool {
        self.spent.iter().any(Spent::is_open)
    }
}

/// What is known of a call once it is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// The fields of the upstream's answer, if there was one.
    pub headers: Option<&'a HeaderMap>,
    /// How long the upstream took.
    pub took: Duration,
    /// How long the request's body was, in bytes.
    pub body_bytes: u64,
}

/// What was spent under one limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    pub(super) limit: u32,
    pub(super) plan: Option<u32>,
    pub(super) key: Key,
    pub(super) cost: u64,
    pub(super) receipt: Receipt,
    settled: Settled,
}

impl Spent {
    pub(super) fn new(charge: &Charge, receipt: Receipt) -> Spent {
        let Charge { limit, plan, key, cost, settled } = *charge;
        Spent { limit, plan, key, cost, receipt, settled }
    }

    pub(super) fn is_open(&self) -> bool {
        self.settled == Settled::Later
    }

    /// The cost is the true one from here on.
    pub(super) fn close(&mut self) {
        self.settled = Settled::Now;
    }
}
