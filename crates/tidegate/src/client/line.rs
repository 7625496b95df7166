//! Who waits in a bucket, in which order, and how long each may. Never here: a lock, a timer, a pacer.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;
use std::time::Duration;

use tidegate_core::Time;

/// A request's number in its bucket: the smaller, the earlier it came. It keeps it until it is done.
pub(crate) type Number = u64;

/// How long a request may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) deadline: Option<Time>,
    pub(crate) max_wait: Duration,
}

impl Bounds {
    /// Whether the request may wait from `now` until `told`, which the upstream said, and then for its pace until
    /// `until`. Only what was said counts against the longest wait: a pace is our own guess, and gets faster.
    pub(crate) fn allow(&self, now: Time, told: Time, until: Time) -> bool {
        told.since(now) <= self.max_wait && self.deadline.is_none_or(|deadline| until <= deadline)
    }
}

#[derive(Debug)]
struct Waiter {
    bounds: Bounds,
    waker: Option<Waker>,
}

/// The requests that wait, in the order of their numbers.
///
/// They are also kept by their bounds, so that those who can't wait any more are found without asking all.
#[derive(Debug, Default)]
pub(crate) struct Line {
    waiting: BTreeMap<Number, Waiter>,
    by_deadline: BTreeSet<(Time, Number)>,
    by_max_wait: BTreeSet<(Duration, Number)>,
}

impl Line {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Puts a request where its number belongs. One that is there stays.
    pub(crate) fn join(&mut self, number: Number, bounds: Bounds) {
        self.waiting.entry(number).or_insert(Waiter { bounds, waker: None });
        self.by_max_wait.insert((bounds.max_wait, number));
        if let Some(deadline) = bounds.deadline {
            self.by_deadline.insert((deadline, number));
        }
    }

    /// Takes a request out, if it is there.
    pub(crate) fn leave(&mut self, number: Number) {
        let Some(Waiter { bounds, .. }) = self.waiting.remove(&number) else { return };
        self.by_max_wait.remove(&(bounds.max_wait, number));
        if let Some(deadline) = bounds.deadline {
            self.by_deadline.remove(&(deadline, number));
        }
    }

    pub(crate) fn head(&self) -> Option<Number> {
        self.waiting.first_key_value().map(|(&number, _)| number)
    }

    /// Whom to wake for this request.
    pub(crate) fn sleeps(&mut self, number: Number, waker: &Waker) {
        if let Some(waiter) = self.waiting.get_mut(&number) {
            match &mut waiter.waker {
                Some(known) => known.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
        }
    }

    /// The waker of the head, once.
    pub(crate) fn wake_head(&mut self) -> Option<Waker> {
        self.waiting.first_entry()?.get_mut().waker.take()
    }

    /// The wakers of all who may not wait from `now` until `told`, or not until `until`, once each.
    pub(crate) fn wake_overdue(&mut self, now: Time, told: Time, until: Time) -> Vec<Waker> {
        let wait = told.since(now);
        let too_late = self.by_deadline.range(..(until, 0)).map(|&(_, number)| number);
        let too_long = self.by_max_wait.range(..(wait, 0)).map(|&(_, number)| number);
        let overdue = too_late.chain(too_long);
        overdue.filter_map(|number| self.waiting.get_mut(&number)?.waker.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::task::Wake;

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    fn bounds(deadline: Option<u64>, max_wait: u64) -> Bounds {
        Bounds { deadline: deadline.map(Time::from_secs), max_wait: Duration::from_secs(max_wait) }
    }

    fn line(of: &[(Number, Bounds)]) -> Line {
        let mut line = Line::default();
        for &(number, bounds) in of {
            line.join(number, bounds);
            line.sleeps(number, &Arc::new(Nobody).into());
        }
        line
    }

    #[test]
    fn the_smallest_number_is_the_head() {
        let mut line = line(&[(3, bounds(None, 9)), (1, bounds(None, 9)), (2, bounds(None, 9))]);
        assert_eq!(line.head(), Some(1));
        line.leave(1);
        assert_eq!(line.head(), Some(2));
        line.join(1, bounds(None, 9));
        assert_eq!(line.head(), Some(1), "with its number comes its place");
        assert!(line.wake_head().is_none(), "who just joined doesn't sleep yet");
    }

    #[test]
    fn the_overdue_are_found_by_either_bound_and_once() {
        let mut line = line(&[(1, bounds(Some(15), 100)), (2, bounds(Some(25), 100)), (3, bounds(None, 5))]);
        let (now, until) = (Time::from_secs(10), Time::from_secs(20));
        assert_eq!(line.wake_overdue(now, until, until).len(), 2);
        assert_eq!(line.wake_overdue(now, until, until).len(), 0);
        assert!(!bounds(Some(15), 100).allow(now, until, until));
        assert!(bounds(Some(20), 10).allow(now, until, until), "the bound itself is allowed");
        assert!(bounds(None, 5).allow(now, now, until), "a pace is no told wait");
    }

    #[test]
    fn who_left_leaves_no_trace() {
        let mut line = line(&[(1, bounds(Some(15), 5))]);
        line.leave(1);
        assert!(line.waiting.is_empty() && line.by_deadline.is_empty() && line.by_max_wait.is_empty());
    }
}
