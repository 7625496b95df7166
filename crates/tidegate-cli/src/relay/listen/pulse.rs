//! What a connection is doing, and by when it must have done it. Never here: the timer that asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tidegate::world;
use tidegate_core::Time;
use tokio::sync::Notify;

use crate::policy::Bounds;

/// What a connection is doing.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Calls in flight, tunnels among them.
    calls: AtomicU32,
    /// Whether a head has begun to come and isn't whole.
    in_head: AtomicBool,
    /// When that began, or the last call ended.
    since: AtomicU64,
    /// Since when the other side takes nothing of what is written; 0 if it does.
    stalled: AtomicU64,
    /// Whether it has become a tunnel for bytes that aren't HTTP.
    tunnel: AtomicBool,
    quiet: Notify,
}

/// When to look at a connection again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The time is up.
    Now,
    /// Not before this has passed.
    In(Duration),
}

impl Pulse {
    /// A connection that came at this time, from which a head is expected.
    pub(super) fn new(came: Time) -> Arc<Pulse> {
        Arc::new(Pulse {
            calls: AtomicU32::new(0),
            in_head: AtomicBool::new(true),
            since: AtomicU64::new(came.as_nanos()),
            stalled: AtomicU64::new(0),
            tunnel: AtomicBool::new(false),
            quiet: Notify::new(),
        })
    }

    /// Calls in flight.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed) as usize
    }

    /// Comes back when no call is in flight.
    pub(super) async fn quiet(&self) {
        loop {
            let ended = self.quiet.notified();
            if self.calls() == 0 {
                return;
            }
            ended.await;
        }
    }

    pub(super) fn is_tunnel(&self) -> bool {
        self.tunnel.load(Ordering::Relaxed)
    }

    /// Notes whether what was read ends within a head.
    pub(super) fn read(&self, in_head: bool) {
        if self.in_head.load(Ordering::Relaxed) != in_head {
            if in_head && self.calls() == 0 {
                self.since.store(world::now().as_nanos(), Ordering::Relaxed);
            }
            self.in_head.store(in_head, Ordering::Relaxed);
        }
    }

    /// Notes whether the other side took something of what was written.
    pub(super) fn wrote(&self, took: bool) {
        match (took, self.stalled.load(Ordering::Relaxed)) {
            (true, 0) => {}
            (true, _) => self.stalled.store(0, Ordering::Relaxed),
            (false, 0) => self.stalled.store(world::now().as_nanos(), Ordering::Relaxed),
            (false, _) => {}
        }
    }

    /// When this must be looked at again. What begins later ends later, so nothing is overlooked meanwhile.
    pub(super) fn due(&self, now: Time, bounds: &Bounds) -> Due {
        let stalled = self.stalled.load(Ordering::Relaxed);
        let since = Time::from_nanos(self.since.load(Ordering::Relaxed));
        let deadline = if stalled > 0 {
            Time::from_nanos(stalled).later(bounds.body_pause)
        } else if self.calls() > 0 {
            now.later(shortest(bounds))
        } else if self.in_head.load(Ordering::Relaxed) {
            since.later(bounds.head_time)
        } else {
            since.later(bounds.idle)
        };
        match deadline.since(now) {
            Duration::ZERO => Due::Now,
            // A head may begin at any time, and have less time than what is waited for now.
            left => Due::In(left.min(shortest(bounds))),
        }
    }
}

/// The shortest of the times that a connection may take for something.
pub(super) fn shortest(bounds: &Bounds) -> Duration {
    bounds.head_time.min(bounds.idle).min(bounds.body_pause)
}

/// A call in flight on a connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Call(Arc<Pulse>);

impl Call {
    pub(super) fn start(pulse: &Arc<Pulse>) -> Call {
        pulse.calls.fetch_add(1, Ordering::Relaxed);
        Call(Arc::clone(pulse))
    }

    /// What comes from now on isn't HTTP.
    pub(crate) fn becomes_tunnel(&self) {
        self.0.tunnel.store(true, Ordering::Relaxed);
    }
}

/// One more.
impl Clone for Call {
    fn clone(&self) -> Call {
        Call::start(&self.0)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // The time first: who sees no call must not see an old time.
        self.0.since.store(world::now().as_nanos(), Ordering::Relaxed);
        if self.0.calls.fetch_sub(1, Ordering::Release) == 1 {
            self.0.quiet.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::tests::bounds;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn each_thing_has_its_own_time() {
        let bounds = Bounds { head_time: 5 * SECOND, idle: 60 * SECOND, body_pause: 20 * SECOND, ..bounds() };
        let start = world::now();
        let pulse = Pulse::new(start);
        assert_eq!(pulse.due(start, &bounds), Due::In(5 * SECOND), "nothing said yet");
        assert_eq!(pulse.due(start.later(5 * SECOND), &bounds), Due::Now);
        pulse.read(false);
        let call = Call::start(&pulse);
        assert_eq!(
            pulse.due(start.later(500 * SECOND), &bounds),
            Due::In(5 * SECOND),
            "a call takes its time"
        );
        tokio::time::advance(100 * SECOND).await;
        drop(call);
        assert_eq!(pulse.due(start.later(159 * SECOND), &bounds), Due::In(SECOND), "idle");
        assert_eq!(pulse.due(start.later(160 * SECOND), &bounds), Due::Now);
        tokio::time::advance(SECOND).await;
        pulse.read(true);
        assert_eq!(pulse.due(start.later(105 * SECOND), &bounds), Due::In(SECOND), "the next head");
        assert_eq!(pulse.due(start.later(106 * SECOND), &bounds), Due::Now);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_an_answer_is_let_go() {
        let bounds = bounds();
        let start = world::now();
        let pulse = Pulse::new(start);
        let _call = Call::start(&pulse);
        pulse.wrote(false);
        assert_eq!(pulse.due(start.later(bounds.body_pause), &bounds), Due::Now);
        pulse.wrote(true);
        assert_ne!(pulse.due(start.later(bounds.body_pause), &bounds), Due::Now);
    }
}
