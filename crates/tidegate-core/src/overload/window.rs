//! What was heard of a server within a window: sums, per kind of call. Never here: what follows from them.

use core::time::Duration;

use crate::time::Time;

use super::{KINDS, Kind};

/// The shortest that a window is.
const SHORTEST: Duration = Duration::from_millis(100);

/// A window is at least this many times as long as its calls took: else it hears of calls from before it alone.
const ROUND_TRIPS: f64 = 1.5;

/// How many calls say enough, where as many are in flight.
const ENOUGH: u32 = 16;

/// How many must do where few are in flight, and how many when [`PATIENCE`] is over.
const SOME: u32 = 8;
const FEW: u32 = 4;

/// How long a window waits for enough calls.
const PATIENCE: Duration = Duration::from_secs(2);

/// The answers of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) calls: u32,
    pub(super) seconds: f64,
}

/// What was heard since an instant.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    since: Option<Time>,
    kinds: [Sum; KINDS],
    answered: u32,
    failed: u32,
    /// The most calls in flight.
    peak: u32,
    pressed: bool,
}

impl Window {
    /// One that follows another.
    pub(super) fn begin(now: Time, in_flight: u32) -> Window {
        Window { since: Some(now), peak: in_flight, ..Window::default() }
    }

    pub(super) fn in_flight(&mut self, now: Time, calls: u32) {
        self.since.get_or_insert(now);
        self.peak = self.peak.max(calls);
    }

    pub(super) fn refused(&mut self) {
        self.pressed = true;
    }

    pub(super) fn failed(&mut self, now: Time) {
        self.since.get_or_insert(now);
        self.failed += 1;
    }

    pub(super) fn answered(&mut self, now: Time, kind: Kind, seconds: f64) {
        self.since.get_or_insert(now);
        self.answered += 1;
        let sum = &mut self.kinds[kind.index()];
        sum.calls += 1;
        sum.seconds += seconds;
    }

    /// Whether it has lasted long enough, and heard enough.
    pub(super) fn is_full(&self, now: Time) -> bool {
        let lasted = self.since.map_or(Duration::ZERO, |since| now.since(since));
        let heard = self.answered + self.failed;
        let enough = if lasted < PATIENCE { (2 * self.peak).clamp(SOME, ENOUGH) } else { FEW };
        if lasted < SHORTEST || heard < enough {
            return false;
        }
        self.mean().is_none_or(|mean| lasted.as_secs_f64() >= ROUND_TRIPS * mean.as_secs_f64())
    }

    /// How long its answers took on average.
    pub(super) fn mean(&self) -> Option<Duration> {
        let seconds: f64 = self.kinds.iter().map(|sum| sum.seconds).sum();
        let mean = seconds / f64::from(self.answered);
        Duration::try_from_secs_f64(mean).ok()
    }

    /// Which share of its calls failed.
    pub(super) fn failing(&self) -> f64 {
        f64::from(self.failed) / f64::from((self.answered + self.failed).max(1))
    }

    pub(super) fn heard(&self) -> u32 {
        self.answered + self.failed
    }

    pub(super) fn failures(&self) -> u32 {
        self.failed
    }

    pub(super) fn kinds(&self) -> &[Sum; KINDS] {
        &self.kinds
    }

    pub(super) fn peak(&self) -> u32 {
        self.peak
    }

    pub(super) fn is_pressed(&self) -> bool {
        self.pressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(calls: u32, seconds: f64, after_ms: u64, full: bool) {
        let mut window = Window::begin(Time::ZERO, 16);
        for _ in 0..calls {
            window.answered(Time::ZERO, Kind(0), seconds);
        }
        assert_eq!(window.is_full(Time::ZERO.later(Duration::from_millis(after_ms))), full);
    }

    #[test]
    fn a_window_is_full_when_it_has_lasted_and_heard_enough() {
        check(16, 0.001, 100, true);
        check(16, 0.001, 99, false);
        check(15, 0.001, 100, false);
        check(16, 1.0, 1_400, false);
        check(16, 1.0, 1_500, true);
        check(4, 0.001, 2_000, true);
        check(3, 0.001, 60_000, false);
    }

    #[test]
    fn failures_alone_fill_it_and_have_no_mean() {
        let mut window = Window::default();
        for _ in 0..16 {
            window.failed(Time::ZERO);
        }
        assert_eq!(window.mean(), None);
        assert_eq!(window.failing(), 1.0);
        assert!(window.is_full(Time::from_secs(1)));
    }
}
