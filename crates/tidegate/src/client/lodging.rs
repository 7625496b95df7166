//! Where the calls of a route wait: at which gate, and that they are to move. Never here: which gate is the right one.
//!
//! A route whose bucket turns out to be another leaves its old gate's queue call by call: whoever is the head there
//! takes a place at the end of the new queue, and the next one is the head. Whoever comes while calls of the route are
//! still at the old gate stands behind them, and follows. So none is lost, none overtakes another of its route, and all
//! of this lasts no longer than it takes to wake each once, but for calls behind those of a route that stays. A call
//! that was refused meanwhile comes back to its old place, and moves on from there.
//!
//! The new gate opens no sooner than the route's own answers told, whichever gate they were sent from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::gate::Gate;
use crate::key::Key;

/// A gate, as the one where calls of a route wait.
#[derive(Debug)]
pub(crate) struct Lodging {
    pub(crate) gate: Arc<Gate>,
    /// The gate's bucket.
    key: Key,
    left: AtomicBool,
}

impl Lodging {
    pub(crate) fn new(gate: Arc<Gate>, key: Key) -> Lodging {
        Lodging { gate, key, left: AtomicBool::new(false) }
    }

    /// Whether its calls are to move on.
    pub(crate) fn is_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}

/// The lodgings of one route that anybody is in, the oldest first. Only the last of them isn't left.
#[derive(Debug, Default)]
pub(crate) struct Lodgings(Vec<Weak<Lodging>>);

impl Lodgings {
    /// The one where a new call stands behind all of its route.
    pub(crate) fn oldest(&self) -> Option<Arc<Lodging>> {
        self.0.iter().find_map(Weak::upgrade)
    }

    /// The one where calls of this one move on to, if anybody is there.
    pub(crate) fn after(&self, left: &Arc<Lodging>) -> Option<Arc<Lodging>> {
        let mut inhabited = self.0.iter().filter_map(Weak::upgrade);
        inhabited.by_ref().find(|lodging| Arc::ptr_eq(lodging, left))?;
        inhabited.next()
    }

    pub(crate) fn add(&mut self, lodging: &Arc<Lodging>) {
        self.0.retain(|known| known.strong_count() > 0);
        self.0.push(Arc::downgrade(lodging));
    }

    /// The route counts in this bucket: if it waits elsewhere, it is to move. Gives the gate whose head is to hear of
    /// it.
    pub(crate) fn move_to(&self, key: &Key) -> Option<Arc<Gate>> {
        let newest = self.0.iter().rev().find_map(Weak::upgrade)?;
        if newest.key == *key || newest.left.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(newest.gate.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|lodging| lodging.strong_count() == 0)
    }
}
