//! When the load is lowered for a moment, to learn what calls take unloaded. Never here: what is learned.

use core::time::Duration;

use crate::time::Time;

/// The share of the limit that is left during a probe.
const SHARE: f64 = 0.5;

/// The least and the most from one probe to the next, in time and in round trips: whichever is longer.
const SOONEST: (Duration, u32) = (Duration::from_secs(1), 10);
const LATEST: (Duration, u32) = (Duration::from_secs(10), 100);

/// A probe that found so much more or less slowness than expected is soon followed by another.
const SURPRISE: f64 = 0.25;

/// How long a probe may last beyond its round trips, before it is given up.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where a probe is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is none.
    #[default]
    Off,
    /// Calls from before it are still to be heard of.
    Settling,
    /// What is heard counts.
    Listening,
}

/// The rhythm of probes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probe {
    stage: Stage,
    /// When the stage ends at the latest.
    until: Time,
    /// When the last probe ended; the first is due at once.
    last: Option<Time>,
    /// How often in a row probes found what was expected.
    expected: u32,
    round_trip: Duration,
}

impl Probe {
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) fn is_on(&self) -> bool {
        self.stage != Stage::Off
    }

    /// Which share of the limit counts now.
    pub(super) fn share(&self) -> f64 {
        if self.is_on() { SHARE } else { 1.0 }
    }

    /// Begins a probe, unless the last one is too fresh. `urgent` is when much seems to have changed.
    pub(super) fn begin_if_due(&mut self, now: Time, round_trip: Duration, urgent: bool) {
        self.round_trip = round_trip;
        let soonest = longer(SOONEST, round_trip);
        let pause = if urgent { soonest } else { self.pause(soonest) };
        if self.last.is_none_or(|last| now.since(last) >= pause) {
            self.stage = Stage::Settling;
            self.until = now.later(round_trip * 3 / 2).later(Duration::from_millis(20));
        }
    }

    /// Twice as long after each probe that found what was expected.
    fn pause(&self, soonest: Duration) -> Duration {
        soonest.saturating_mul(1 << self.expected.min(8)).min(longer(LATEST, self.round_trip))
    }

    /// Whether listening begins now. Gives up what has lasted too long.
    pub(super) fn settled(&mut self, now: Time) -> bool {
        if !self.is_on() || now < self.until {
            return false;
        }
        if self.stage == Stage::Listening {
            self.ended(now, 1.0);
            return true;
        }
        self.stage = Stage::Listening;
        self.until = now.later(self.round_trip.saturating_mul(10)).later(PATIENCE);
        true
    }

    /// A probe ends that found the server to be `slowness` times as slow as expected.
    pub(super) fn ended(&mut self, now: Time, slowness: f64) {
        let surprising = !(1.0 - SURPRISE..=1.0 + SURPRISE).contains(&slowness);
        self.expected = if surprising { 0 } else { self.expected.saturating_add(1) };
        self.stage = Stage::Off;
        self.last = Some(now);
    }
}

fn longer((time, round_trips): (Duration, u32), round_trip: Duration) -> Duration {
    time.max(round_trip.saturating_mul(round_trips))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(20);

    /// Plays one probe that finds `slowness` and answers when the next one begins, in milliseconds.
    #[track_caller]
    fn check_next(probe: &mut Probe, slowness: f64, urgent: bool, expected_ms: u64) {
        let start = Time::from_secs(100);
        probe.begin_if_due(start, ROUND_TRIP, false);
        probe.ended(start, slowness);
        let begins = |ms: &u64| {
            let mut then = *probe;
            then.begin_if_due(start.later(Duration::from_millis(*ms)), ROUND_TRIP, urgent);
            then.is_on()
        };
        assert_eq!((0..20_000).step_by(100).find(begins), Some(expected_ms));
    }

    #[test]
    fn probes_become_rare_while_they_find_what_is_expected() {
        let mut probe = Probe::default();
        check_next(&mut probe, 3.0, false, 1_000);
        check_next(&mut probe, 1.1, false, 2_000);
        check_next(&mut probe, 0.9, false, 4_000);
        check_next(&mut probe, 1.0, true, 1_000);
        check_next(&mut probe, 1.0, false, 10_000);
        check_next(&mut probe, 0.5, false, 1_000);
    }

    #[test]
    fn a_probe_settles_then_listens_and_is_given_up_when_nothing_comes() {
        let mut probe = Probe::default();
        let at = |ms| Time::ZERO.later(Duration::from_millis(ms));
        probe.begin_if_due(at(0), ROUND_TRIP, false);
        assert_eq!((probe.stage(), probe.share()), (Stage::Settling, SHARE));
        assert!(!probe.settled(at(49)));
        assert!(probe.settled(at(50)));
        assert_eq!(probe.stage(), Stage::Listening);
        assert!(!probe.settled(at(3_249)));
        assert!(probe.settled(at(3_250)));
        assert_eq!((probe.stage(), probe.share()), (Stage::Off, 1.0));
    }
}
