//! How long it will still take. Never here: a clock, the layer, words.
//!
//! Lanes go on side by side, so the longest of them says it: its current wait, and then what is left of it at the pace
//! that was learned for it, in which the waits to come are counted. A lane of which nothing was learned goes at the
//! speed of the last minute. Not sooner is all of it done than the whole at the speed at which all lanes went
//! together while none had to wait: the calls that may be under way are shared.

use std::collections::VecDeque;
use std::time::Duration;

use tidegate_core::Time;

/// How far back the speed is measured.
const SPAN: Duration = Duration::from_secs(60);

/// How few results say nothing of a speed.
const FEW: u64 = 5;

/// What is known of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) left: u64,
    /// The learned pace, in calls a second.
    pub(crate) pace: Option<f64>,
    /// How long nothing goes, by what was told.
    pub(crate) wait: Duration,
}

/// How fast results came lately.
#[derive(Debug, Default)]
pub(crate) struct Speed {
    seen: VecDeque<(Time, u64)>,
}

impl Speed {
    /// So many are done at `now`.
    pub(crate) fn see(&mut self, now: Time, done: u64) {
        let too_old =
            |seen: &VecDeque<(Time, u64)>| seen.get(1).is_some_and(|(at, _)| now.since(*at) >= SPAN);
        while too_old(&self.seen) {
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
        let (passed, span) = (done - before, now.since(*since).as_secs_f64());
        (passed >= FEW && span > 0.0).then(|| passed as f64 / span)
    }
}

/// How long all lanes will take together; `None` while nothing is known of one that is left.
pub(crate) fn left(lanes: &[Known], speed: Option<f64>) -> Option<Duration> {
    let all: u64 = lanes.iter().map(|lane| lane.left).sum();
    let unpaced: u64 = lanes.iter().filter(|lane| lane.pace.is_none()).map(|lane| lane.left).sum();
    let mut longest: f64 = 0.0;
    for lane in lanes.iter().filter(|lane| lane.left > 0) {
        let seconds = match lane.pace {
            Some(pace) => lane.left as f64 / pace,
            None => unpaced as f64 / speed?,
        };
        longest = longest.max(lane.wait.as_secs_f64() + seconds);
    }
    if all == 0 {
        return None;
    }
    Duration::try_from_secs_f64(longest.ceil()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(left: u64, pace: Option<f64>, wait: u64) -> Known {
        Known { left, pace, wait: Duration::from_secs(wait) }
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
