//! When turns will come, as far as can be said, and who can't wait for theirs. Never here: who waits.

use std::time::Duration;

use tidegate_core::Time;

use crate::client::error::Basis;

/// How far a learned pace may rise while a request waits. It is a guess that is meant to be exceeded: it climbs from
/// nine tenths of what was delivered to well beyond it, until a refusal says no. So who would be late at the pace
/// learned may still be in time; who would be late at twice that is told at once.
const MOST_SPEEDUP: f64 = 2.0;

/// How long a request may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) deadline: Option<Time>,
    pub(crate) max_wait: Duration,
    /// On whose word it is given up before its deadline has passed.
    pub(crate) given_up_on: Basis,
}

/// A request may not wait as long as it would have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    /// When its turn would come.
    pub(crate) until: Time,
    /// Which bound it goes beyond.
    pub(crate) beyond: Beyond,
    /// On whose word.
    pub(crate) basis: Basis,
}

/// Which of its bounds a wait goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beyond {
    MaxWait,
    Deadline,
}

/// What a gate knows of the turns to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outlook {
    pub(crate) now: Time,
    /// Nobody goes before, as the upstream said.
    pub(crate) told: Time,
    /// Nobody goes before, as the upstream said and for the sake of the pace.
    pub(crate) until: Time,
    /// The pace learned, in calls a second.
    pub(crate) pace: Option<f64>,
}

impl Outlook {
    /// When the turn comes of a request with so many ahead.
    pub(crate) fn turn(&self, ahead: u64) -> Time {
        self.until.later(self.span(ahead, 1.0))
    }

    /// No request with so many ahead is in time for an earlier instant, even if the pace rises.
    pub(crate) fn soonest(&self, ahead: u64) -> Time {
        self.until.later(self.span(ahead, MOST_SPEEDUP))
    }

    /// Whether turns come later than they would have by the other.
    pub(crate) fn is_worse_than(&self, other: &Outlook) -> bool {
        self.told > other.told.max(other.now) || self.interval() > other.interval()
    }

    fn span(&self, ahead: u64, speedup: f64) -> Duration {
        let seconds = ahead as f64 * self.interval() / speedup;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// The seconds from one call to the next; none if no pace was learned.
    fn interval(&self) -> f64 {
        self.pace.map_or(0.0, f64::recip)
    }
}

impl Bounds {
    /// Which bound keeps a request from waiting even for the first turn that anybody can have, and on whose word.
    ///
    /// Only what was told counts against the longest wait: a pace is our own guess, and gets faster.
    pub(crate) fn excess(&self, outlook: &Outlook) -> Option<(Beyond, Basis)> {
        if outlook.told.since(outlook.now) > self.max_wait {
            return Some((Beyond::MaxWait, Basis::Told));
        }
        let deadline = self.deadline.filter(|&deadline| outlook.until > deadline)?;
        Some((Beyond::Deadline, if outlook.told > deadline { Basis::Told } else { Basis::Estimated }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(told: u64, until: u64, pace: Option<f64>) -> Outlook {
        let [now, told, until] = [10, told, until].map(Time::from_secs);
        Outlook { now, told, until, pace }
    }

    fn bounds(deadline: Option<u64>, max_wait: u64) -> Bounds {
        let (deadline, max_wait) = (deadline.map(Time::from_secs), Duration::from_secs(max_wait));
        Bounds { deadline, max_wait, given_up_on: Basis::Estimated }
    }

    #[test]
    fn a_turn_comes_as_many_intervals_later_as_go_before() {
        let outlook = outlook(20, 20, Some(5.0));
        assert_eq!(outlook.turn(0), Time::from_secs(20));
        assert_eq!(outlook.turn(50), Time::from_secs(30));
        assert_eq!(outlook.soonest(50), Time::from_secs(25), "at twice the pace");
    }

    #[test]
    fn without_a_pace_nothing_is_estimated() {
        assert_eq!(outlook(5, 10, None).turn(1_000_000), Time::from_secs(10));
    }

    #[test]
    fn a_pace_of_next_to_nothing_neither_wraps_nor_panics() {
        assert_eq!(outlook(5, 10, Some(1e-300)).turn(u64::MAX), Time::MAX);
    }

    #[test]
    fn a_longer_wait_and_a_lower_pace_are_worse_and_what_has_passed_is_not() {
        let known = outlook(5, 10, Some(5.0));
        assert!(outlook(11, 11, Some(5.0)).is_worse_than(&known));
        assert!(outlook(5, 10, Some(4.0)).is_worse_than(&known));
        assert!(known.is_worse_than(&outlook(5, 10, None)));
        assert!(!outlook(9, 10, Some(6.0)).is_worse_than(&known), "told, and over");
    }

    #[test]
    fn who_cannot_wait_is_told_why() {
        let told = outlook(20, 20, None);
        assert_eq!(bounds(Some(15), 100).excess(&told), Some((Beyond::Deadline, Basis::Told)));
        assert_eq!(bounds(Some(15), 9).excess(&told), Some((Beyond::MaxWait, Basis::Told)));
        assert_eq!(bounds(Some(20), 10).excess(&told), None, "the bound itself is allowed");
        let paced = outlook(5, 20, Some(1.0));
        assert_eq!(bounds(None, 5).excess(&paced), None, "a pace is no told wait");
        assert_eq!(bounds(Some(19), 5).excess(&paced), Some((Beyond::Deadline, Basis::Estimated)));
    }
}
