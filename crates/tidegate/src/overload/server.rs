//! A server's learner, shared by all calls to it. Never here: the law, which server a call goes to.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidegate_core::Time;
use tidegate_core::overload::{Bounds, Capacity, Heard, Known};

/// How many calls one server can have in flight, learned from the calls that are made to it.
///
/// Clones are the same server. To read the limit is one atomic load; to tell of a call is a short lock.
#[derive(Clone, Debug)]
pub struct Server(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    learner: Mutex<Learner>,
    limit: AtomicU32,
    in_flight: AtomicU32,
    pressed: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Learner {
    capacity: Capacity,
    /// The refusals that it knows of.
    pressed: u64,
}

impl Server {
    pub(super) fn new(bounds: Bounds, pressed: Arc<AtomicU64>) -> Server {
        let capacity = Capacity::new(bounds);
        let limit = AtomicU32::new(capacity.limit());
        let learner = Learner { capacity, pressed: pressed.load(Ordering::Relaxed) };
        Server(Arc::new(Inner { learner: Mutex::new(learner), limit, in_flight: AtomicU32::new(0), pressed }))
    }

    /// How many calls it should have in flight at most.
    pub fn limit(&self) -> u32 {
        self.0.limit.load(Ordering::Relaxed)
    }

    /// How many it has.
    pub fn in_flight(&self) -> u32 {
        self.0.in_flight.load(Ordering::Relaxed)
    }

    /// All that is known of it, for people.
    pub fn known(&self) -> Known {
        self.0.lock().capacity.known()
    }

    /// Keeps what was learned, within other bounds.
    pub fn set_bounds(&self, bounds: Bounds) {
        self.0.change(|capacity| capacity.set_bounds(bounds));
    }

    /// A call is sent to it.
    pub fn began(&self, now: Time) -> Call {
        self.0.change(|capacity| capacity.began(now));
        Call(Arc::clone(&self.0))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Learner> {
        self.learner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Capacity)) {
        let mut learner = self.lock();
        let pressed = self.pressed.load(Ordering::Relaxed);
        if pressed != learner.pressed {
            learner.pressed = pressed;
            learner.capacity.refused();
        }
        change(&mut learner.capacity);
        self.limit.store(learner.capacity.limit(), Ordering::Relaxed);
        self.in_flight.store(learner.capacity.in_flight(), Ordering::Relaxed);
    }
}

/// A call in flight, until it is dropped. If nothing was [heard](Call::heard) of it, it teaches nothing: it was
/// cancelled, or became something else.
#[must_use = "dropping it says that the call has ended"]
#[derive(Debug)]
pub struct Call(Arc<Inner>);

impl Call {
    /// Something is known of the call: the head of its answer came, or it failed. To be told once. The call stays in
    /// flight until its body is through, and this is dropped.
    pub fn heard(&self, now: Time, heard: Heard) {
        self.0.change(|capacity| capacity.heard(now, heard));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.change(Capacity::ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_in_flight_until_they_are_dropped_and_threads_leave_none() {
        let server = Server::new(Bounds::default(), Arc::default());
        let calls = [(); 3].map(|()| server.began(Time::ZERO));
        calls[0].heard(Time::ZERO, Heard::Failed);
        assert_eq!(server.in_flight(), 3);
        drop(calls);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let server = server.clone();
                scope.spawn(move || (0..1000).for_each(|_| drop(server.began(Time::ZERO))));
            }
        });
        assert_eq!((server.in_flight(), server.known().in_flight), (0, 0));
        assert_eq!(server.limit(), 64);
        server.set_bounds(Bounds { ceiling: 7, ..Bounds::default() });
        assert_eq!(server.limit(), 7);
    }
}
