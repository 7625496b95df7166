//! What an answered call holds until its answer is through, and what is left to do then. Never here: the answer.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use tidegate::fleet::Lease;
use tidegate::limiter::{Permit, Seen};
use tidegate::overload::{Call, Held};
use tidegate::world;
use tidegate_core::Time;

use crate::gateway::forward::Progress;
use crate::gateway::gate::{Gate, InFlight};
use crate::gateway::log::Record;

/// A call at a server. Dropping it ends the call: its places are left, its cost is settled, a line is logged.
pub(super) struct Ended {
    pub(super) gate: Arc<Gate>,
    pub(super) permit: Option<Box<Permit>>,
    pub(super) record: Record,
    pub(super) sent_at: Time,
    /// How the request's body got on, if it has one.
    pub(super) progress: Option<Arc<Progress>>,
    /// Held for their ends alone.
    pub(super) _places: (Lease, Call, Held, InFlight),
}

impl Drop for Ended {
    fn drop(&mut self) {
        let now = world::now();
        self.record.ended(now);
        let Some(permit) = self.permit.take().filter(|permit| permit.is_open()) else { return };
        let body_bytes = self.progress.as_ref().map_or(0, |progress| progress.bytes());
        let seen = Seen { headers: None, took: now.since(self.sent_at), body_bytes };
        // The memory store answers at once.
        let settled = pin!(self.gate.limiter.settle(now, permit, &seen));
        let _ = settled.poll(&mut Context::from_waker(Waker::noop()));
    }
}
