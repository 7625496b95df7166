//! An admitted call until it is over: settled, refunded, or simply at its end. Never here: who admits it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use http::HeaderMap;
use tidegate_core::Time;

use super::door::Door;
use crate::limiter::{Permit, Seen};
use crate::store::Store;
use crate::world;

/// An admitted call. Dropping it ends the call: refunded if it was never made, else settled at its true cost.
///
/// What ends by a drop can't wait for a store. The memory store needs no waiting; another one is asked once, and what
/// it doesn't answer at once stays as it was spent.
#[derive(Debug)]
pub(super) struct UnderWay<T: Store> {
    door: Arc<Door<T>>,
    permit: Option<Box<Permit>>,
    stage: Stage,
    /// How much of the request's body was sent, in bytes.
    sent: Arc<AtomicU64>,
}

/// How far a call came.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The inner service doesn't know of it.
    Admitted,
    /// It was handed to the inner service then.
    Made(Time),
}

impl<T: Store> UnderWay<T> {
    pub(super) fn new(door: Arc<Door<T>>, permit: Option<Box<Permit>>) -> UnderWay<T> {
        UnderWay { door, permit, stage: Stage::Admitted, sent: Arc::default() }
    }

    /// The call is handed to the inner service now; what counts the bytes of its body.
    pub(super) fn made(&mut self) -> Arc<AtomicU64> {
        self.stage = Stage::Made(world::now());
        self.sent.clone()
    }

    /// The head of the answer is there: costs that it tells are settled, and limits are announced in it.
    pub(super) async fn answered(&mut self, headers: &mut HeaderMap) {
        let Some(permit) = &mut self.permit else { return };
        if permit.is_open() {
            // If the store can't answer, what was reserved stays spent.
            let _ = self.door.limiter.settle_head(world::now(), permit, headers).await;
        }
        self.door.settings.answers.announce(permit.told(), headers, world::wall_clock());
    }
}

impl<T: Store> Drop for UnderWay<T> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let (limiter, now) = (&self.door.limiter, world::now());
        match self.stage {
            Stage::Admitted => once(limiter.refund(now, permit)),
            Stage::Made(at) if permit.is_open() => {
                let body_bytes = self.sent.load(Ordering::Relaxed);
                let seen = Seen { headers: None, took: now.since(at), body_bytes };
                once(limiter.settle(now, permit, &seen));
            }
            Stage::Made(_) => {}
        }
    }
}

/// Polls once: all that a drop can do.
fn once(work: impl Future) {
    let _ = pin!(work).poll(&mut Context::from_waker(Waker::noop()));
}
