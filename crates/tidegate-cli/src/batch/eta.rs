//! How long it will still take. Never here: a clock, the layer, words.
//!
//! Lanes go on side by side, so the longest of them says it. A lane goes on by the waits it has had; while they say too
//! little, at the pace that was learned, after its current wait. Lanes that were never refused share the speed of the
//! last minute.

use std::collections::VecDeque;
use std::time::Duration;

use tidegate_core::Time;

/// How far back the speed of all is measured.
const LATELY: Duration = Duration::from_secs(60);

/// How few results say nothing of a speed.
const FEW: u64 = 5;

/// What is known of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) left: u64,
    /// The learned pace, in calls a second.
    pub(crate) pace: Option<f64>,
    /// How long it will take by the waits it has had.
    pub(crate) by_waits: Option<Duration>,
    /// How long nothing goes, by what was told.
    pub(crate) wait: Duration,
}

/// How fast results come, from all lanes together.
#[derive(Debug, Default)]
pub(crate) struct Speed {
    seen: VecDeque<(Time, u64)>,
}

impl Speed {
    /// So many are done at `now`.
    pub(crate) fn see(&mut self, now: Time, done: u64) {
        while self.seen.get(1).is_some_and(|(at, _)| now.since(*at) >= LATELY) {
            self.seen.pop_front();
        }
        // Once a second is enough to know a minute by.
        if self.seen.back().is_none_or(|(at, _)| now.since(*at) >= Duration::from_secs(1)) {
            self.seen.push_back((now, done));
        }
    }

    /// Results a second, if there were enough of them.
    pub(crate) fn per_second(&self, now: Time, done: u64) -> Option<f64> {
        let (since, before) = self.seen.front()?;
        let (passed, span) = (done.saturating_sub(*before), now.since(*since));
        (passed >= FEW && span > Duration::ZERO).then(|| passed as f64 / span.as_secs_f64())
    }
}

/// How long all lanes will take together; `None` while nothing is known of one that is left.
pub(crate) fn left(lanes: &[Known], speed: Option<f64>) -> Option<Duration> {
    let all: u64 = lanes.iter().map(|lane| lane.left).sum();
    let unpaced: u64 = lanes.iter().filter(|lane| lane.pace.is_none()).map(|lane| lane.left).sum();
    let mut longest: f64 = 0.0;
    for lane in lanes.iter().filter(|lane| lane.left > 0) {
        let (left, wait) = (lane.left as f64, lane.wait.as_secs_f64());
        longest = longest.max(match (lane.by_waits, lane.pace) {
            (Some(by_waits), _) => wait.max(by_waits.as_secs_f64()),
            (None, Some(pace)) => wait + left / pace,
            (None, None) => wait + unpaced as f64 / speed?,
        });
    }
    if all == 0 {
        return None;
    }
    // The last answers are still to come, however late it is.
    Duration::try_from_secs_f64(longest.ceil().max(1.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(left: u64, pace: Option<f64>, wait: u64) -> Known {
        Known { left, pace, by_waits: None, wait: Duration::from_secs(wait) }
    }

    #[track_caller]
    fn check(lanes: &[Known], speed: Option<f64>, seconds: Option<u64>) {
        assert_eq!(left(lanes, speed), seconds.map(Duration::from_secs));
    }

    #[test]
    fn the_longest_lane_says_it() {
        check(&[lane(100, Some(5.0), 10), lane(1000, Some(100.0), 0)], None, Some(30));
        check(&[lane(100, Some(5.0), 0), lane(100, None, 0)], Some(2.0), Some(50));
        check(&[lane(100, Some(5.0), 0), lane(100, None, 0)], None, None);
        check(&[lane(0, None, 0)], Some(2.0), None);
        let waited =
            |wait| Known { by_waits: Some(Duration::from_millis(24_500)), ..lane(100, Some(9.0), wait) };
        check(&[waited(10)], None, Some(25));
        check(&[waited(600)], None, Some(600));
    }

    #[test]
    fn the_burst_at_the_beginning_is_forgotten() {
        let mut speed = Speed::default();
        let at = |seconds: u64| Time::ZERO.later(Duration::from_secs(seconds));
        let done = |seconds: u64| if seconds == 0 { 0 } else { 500 + seconds };
        (0..=200).for_each(|second| speed.see(at(second), done(second)));
        let now = speed.per_second(at(200), done(200)).unwrap();
        assert!((0.99..=1.01).contains(&now), "{now}");
        assert_eq!(Speed::default().per_second(at(1), 100), None);
        assert!(speed.seen.len() <= 62);
    }
}
