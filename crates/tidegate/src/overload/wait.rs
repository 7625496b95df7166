//! How long a refused call is told to wait: the longer, the more is refused. Never here: who is refused, the draw.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tidegate_core::Time;

/// How long counts stay as they are. Then they are halved: what is long past doesn't count.
const SPAN: Duration = Duration::from_secs(1);

/// Calls that passed under pressure, and calls that were refused, lately.
///
/// If nine are refused for each that passes, and all come back, it takes ten times as long until all have passed;
/// so the wait is ten times the shortest.
#[derive(Debug, Default)]
pub(super) struct Tally {
    shortest_ns: AtomicU64,
    longest_ns: AtomicU64,
    passed: AtomicU64,
    refused: AtomicU64,
    /// The wait that holds until `next_ns`.
    wait_ns: AtomicU64,
    next_ns: AtomicU64,
    faded: Mutex<Faded>,
}

/// The counts of before, faded.
#[derive(Debug, Default)]
struct Faded {
    at: Time,
    passed: u64,
    refused: u64,
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

impl Tally {
    pub(super) fn change(&self, shortest: Duration, longest: Duration) {
        let shortest = shortest.max(Duration::from_secs(1));
        self.shortest_ns.store(nanos(shortest), Ordering::Relaxed);
        self.longest_ns.store(nanos(longest.max(shortest)), Ordering::Relaxed);
        // What is told from now on is within them.
        self.next_ns.store(0, Ordering::Relaxed);
    }

    pub(super) fn passed(&self) {
        self.passed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a refusal, and says how long it is for.
    pub(super) fn refused(&self, now: Time) -> Duration {
        self.refused.fetch_add(1, Ordering::Relaxed);
        if now.as_nanos() >= self.next_ns.load(Ordering::Relaxed) {
            self.fade(now);
        }
        Duration::from_nanos(self.wait_ns.load(Ordering::Relaxed))
    }

    fn fade(&self, now: Time) {
        let mut faded = self.faded.lock().unwrap_or_else(PoisonError::into_inner);
        let spans = now.since(faded.at).as_nanos() / SPAN.as_nanos();
        let halvings = spans.min(63) as u32;
        faded.at = now;
        faded.passed = (faded.passed >> halvings) + self.passed.swap(0, Ordering::Relaxed);
        faded.refused = (faded.refused >> halvings) + self.refused.swap(0, Ordering::Relaxed);
        let shortest = self.shortest_ns.load(Ordering::Relaxed);
        let times = faded.refused as f64 / faded.passed.max(1) as f64;
        let wait = Duration::from_nanos(shortest).mul_f64(1.0 + times.min(1e6));
        self.wait_ns.store(nanos(wait).min(self.longest_ns.load(Ordering::Relaxed)), Ordering::Relaxed);
        self.next_ns.store(now.later(SPAN).as_nanos(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wait after so many a second have passed and been refused for ten seconds.
    #[track_caller]
    fn check(passed: u32, refused: u32, least: u64, most: u64) {
        let tally = Tally::default();
        tally.change(Duration::from_secs(2), Duration::from_secs(30));
        let mut wait = Duration::ZERO;
        for second in 1..=10 {
            (0..passed).for_each(|_| tally.passed());
            (0..refused).for_each(|_| wait = tally.refused(Time::from_secs(second)));
        }
        let told = Duration::from_secs(least)..=Duration::from_secs(most);
        assert!(told.contains(&wait), "{wait:?}");
    }

    #[test]
    fn the_more_is_refused_the_longer_the_wait() {
        check(1000, 1, 2, 3);
        check(100, 100, 3, 5);
        check(100, 900, 17, 22);
        check(0, 1000, 30, 30);
    }

    #[test]
    fn what_is_long_past_does_not_count() {
        let tally = Tally::default();
        tally.change(Duration::ZERO, Duration::from_secs(30));
        let told = (0..1000).map(|_| tally.refused(Time::from_secs(1))).max();
        assert!(told >= Some(Duration::from_secs(2)), "{told:?}");
        assert_eq!(tally.refused(Time::from_secs(2)), Duration::from_secs(30));
        (0..100).for_each(|_| tally.passed());
        let wait = tally.refused(Time::from_secs(100));
        assert!(wait >= Duration::from_secs(1) && wait < Duration::from_secs(2), "{wait:?}");
    }
}
