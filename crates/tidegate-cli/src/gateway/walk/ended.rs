//! What an answered call holds until its answer is through, and what is left to do then. Never here: the answer.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use tidegate::fleet::Lease;
use tidegate::limiter::{Permit, Seen};
use tidegate::overload::{Call, Held};
use tidegate::world;
use tidegate_core::Time;

use crate::gateway::gate::{Gate, InFlight};
use crate::gateway::record::Record;
use crate::relay::forward::Progress;

/// What a call owes its limits. Dropping it settles that, however the call ended: also when its caller left before
/// there was an answer, or none came.
pub(super) struct Bill {
    gate: Arc<Gate>,
    permit: Option<Box<Permit>>,
    /// When the call went to its server.
    pub(super) sent_at: Time,
    /// How the request's body gets on, if it has one.
    progress: Option<Arc<Progress>>,
}

impl Bill {
    pub(super) fn of(gate: &Arc<Gate>, permit: Box<Permit>, progress: Option<Arc<Progress>>) -> Bill {
        Bill { gate: Arc::clone(gate), permit: Some(permit), sent_at: world::now(), progress }
    }

    /// What the limits gave; not there once it was taken.
    pub(super) fn permit(&mut self) -> Option<&mut Permit> {
        self.permit.as_deref_mut()
    }

    /// What the limits gave, to be given back: nothing is owed then.
    pub(super) fn take(mut self) -> Option<Box<Permit>> {
        self.permit.take()
    }
}

impl Drop for Bill {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take().filter(|permit| permit.is_open()) else { return };
        let now = world::now();
        let body_bytes = self.progress.as_ref().map_or(0, |progress| progress.bytes());
        let seen = Seen { headers: None, took: now.since(self.sent_at), body_bytes };
        // The memory store answers at once.
        let settled = pin!(self.gate.limiter.settle(now, permit, &seen));
        let _ = settled.poll(&mut Context::from_waker(Waker::noop()));
    }
}

/// A call at a server. Dropping it ends the call: its places are left, its cost is settled, a line is logged.
pub(super) struct Ended {
    pub(super) record: Record,
    /// Held for their ends alone.
    pub(super) _places: (Lease, Call, Held, InFlight, Bill),
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.record.ended(world::now());
    }
}
