//! When the load is lowered for a moment to learn what calls take unloaded, and how far. Never here: what is learned.

use core::time::Duration;

use crate::time::Time;

/// The share of the limit that is left at first. What is beyond it drains, so that calls that matter still find room.
const EASED: f64 = 0.75;

/// The share that is left then.
pub(super) const FIRST: f64 = 0.5;

/// The least and the most from one probe to the next, in time and in round trips: whichever is longer.
const SOONEST: (Duration, u32) = (Duration::from_secs(1), 4);
const LATEST: (Duration, u32) = (Duration::from_secs(10), 60);

/// Slowness between these is what was expected of an unloaded server, if the lower load was a help; without that,
/// up to [`UNHELPED`].
const QUICKEST: f64 = 0.75;
const SLOWEST: f64 = 1.4;
const UNHELPED: f64 = 1.1;

/// What a lower load must at least lower slowness to, if it is to be called a help.
const HELP: f64 = 0.8;

/// How long a probe may last beyond its round trips, before it is given up.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where a probe is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is none.
    #[default]
    Off,
    /// The load begins to go down.
    Easing,
    /// Calls from before are still to be heard of.
    Settling,
    /// What is heard counts.
    Listening,
}

/// What a probe says of what was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The unloaded server is as quick as it was known to be.
    Expected,
    /// It is quicker: what was taken for unloaded was not.
    Quicker,
    /// It is slower, whatever the load.
    Slower,
}

/// How soon a probe may follow another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// The rarer, the more often nothing new was found.
    Usual,
    /// Much seems to have changed.
    Soon,
}

/// What a probe's window leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Listened {
    /// To a lower load: that it was lowered did help.
    Lower,
    /// To the end.
    Found {
        /// Whether the server is as quick as it was known to be.
        news: News,
        /// The share of the limit that is not too much, at most.
        most: f64,
    },
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
    /// The share of the limit that is to be left.
    share: f64,
    /// The slowness at the share before.
    slowness: f64,
}

impl Probe {
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether what unloaded means was ever put to the test.
    pub(super) fn was_ever_made(&self) -> bool {
        self.last.is_some()
    }

    pub(super) fn is_on(&self) -> bool {
        self.stage != Stage::Off
    }

    /// Which share of the limit counts now.
    pub(super) fn share(&self) -> f64 {
        match self.stage {
            Stage::Off => 1.0,
            Stage::Easing => EASED,
            Stage::Settling | Stage::Listening => self.share,
        }
    }

    /// Begins a probe of a server that is so slow now, unless the last one is too fresh.
    pub(super) fn begin_if_due(&mut self, now: Time, round_trip: Duration, slowness: f64, pace: Pace) {
        self.round_trip = round_trip;
        let soonest = longer(SOONEST, round_trip);
        let pause = if pace == Pace::Soon { soonest } else { self.pause(soonest) };
        if self.last.is_none_or(|last| now.since(last) >= pause) {
            self.share = FIRST;
            self.slowness = slowness;
            self.enter(now, Stage::Easing);
        }
    }

    /// Twice as long after each probe that found what was expected.
    fn pause(&self, soonest: Duration) -> Duration {
        soonest.saturating_mul(1 << self.expected.min(8)).min(longer(LATEST, self.round_trip))
    }

    fn enter(&mut self, now: Time, stage: Stage) {
        self.stage = stage;
        self.until = match stage {
            Stage::Off => now,
            Stage::Easing => now.later(self.round_trip * 3 / 4).later(Duration::from_millis(10)),
            Stage::Settling => now.later(self.round_trip).later(Duration::from_millis(10)),
            Stage::Listening => now.later(self.round_trip.saturating_mul(10)).later(PATIENCE),
        };
    }

    /// Goes on to the next stage when it is time, and answers whether listening begins or is given up: what was
    /// heard so far doesn't count then.
    pub(super) fn passes(&mut self, now: Time) -> bool {
        if self.is_on() && now >= self.until {
            match self.stage {
                Stage::Easing => self.enter(now, Stage::Settling),
                Stage::Settling => self.enter(now, Stage::Listening),
                Stage::Off | Stage::Listening => self.end(now),
            }
            return self.stage != Stage::Settling;
        }
        false
    }

    /// Enough was heard: the server was `slowness` times as slow as it is known to be unloaded. The load may be
    /// `lower`ed further: while that helps, it isn't known yet what unloaded means.
    pub(super) fn listened(
        &mut self,
        now: Time,
        slowness: f64,
        round_trip: Duration,
        lower: bool,
    ) -> Listened {
        self.round_trip = round_trip;
        let helped = slowness < HELP * self.slowness;
        let news = match slowness {
            ..QUICKEST => News::Quicker,
            ..UNHELPED => News::Expected,
            ..SLOWEST if helped => News::Expected,
            _ => News::Slower,
        };
        if news != News::Expected && helped && lower {
            self.share /= 2.0;
            self.slowness = slowness;
            self.enter(now, Stage::Settling);
            return Listened::Lower;
        }
        self.expected = if news == News::Expected { self.expected.saturating_add(1) } else { 0 };
        self.end(now);
        // At twice this share it was as quick already; at four times it may not have been.
        Listened::Found { news, most: (4.0 * self.share).min(1.0) }
    }

    fn end(&mut self, now: Time) {
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

    fn at(ms: u64) -> Time {
        Time::from_secs(100).later(Duration::from_millis(ms))
    }

    /// Plays one probe that finds `slowness` and answers when the next one begins, in milliseconds.
    #[track_caller]
    fn check_next(probe: &mut Probe, slowness: f64, pace: Pace, expected_ms: u64) {
        probe.begin_if_due(at(0), ROUND_TRIP, 1.5, Pace::Usual);
        probe.listened(at(0), slowness, ROUND_TRIP, false);
        let begins = |ms: &u64| {
            let mut then = *probe;
            then.begin_if_due(at(*ms), ROUND_TRIP, 1.5, pace);
            then.is_on()
        };
        assert_eq!((0..20_000).step_by(100).find(begins), Some(expected_ms));
    }

    #[test]
    fn probes_become_rare_while_they_find_what_is_expected() {
        let mut probe = Probe::default();
        check_next(&mut probe, 3.0, Pace::Usual, 1_000);
        check_next(&mut probe, 1.1, Pace::Usual, 2_000);
        check_next(&mut probe, 0.9, Pace::Usual, 4_000);
        check_next(&mut probe, 1.0, Pace::Soon, 1_000);
        check_next(&mut probe, 1.0, Pace::Usual, 10_000);
        check_next(&mut probe, 0.5, Pace::Usual, 1_000);
    }

    #[test]
    fn a_probe_eases_settles_listens_and_is_given_up_when_nothing_comes() {
        let mut probe = Probe::default();
        probe.begin_if_due(at(0), ROUND_TRIP, 1.3, Pace::Usual);
        assert_eq!((probe.stage(), probe.share()), (Stage::Easing, EASED));
        assert!(!probe.passes(at(24)));
        assert!(!probe.passes(at(25)));
        assert_eq!((probe.stage(), probe.share()), (Stage::Settling, FIRST));
        assert!(probe.passes(at(55)));
        assert_eq!(probe.stage(), Stage::Listening);
        assert!(!probe.passes(at(3_254)));
        assert!(probe.passes(at(3_255)));
        assert_eq!((probe.stage(), probe.share()), (Stage::Off, 1.0));
    }

    /// Which share of the limit is left, if a probe on a slow server finds these, one after another.
    #[track_caller]
    fn check_descent(before: f64, found: &[f64], expected: (News, f64)) {
        let mut probe = Probe::default();
        probe.begin_if_due(at(0), ROUND_TRIP, before, Pace::Usual);
        let (last, lowered) = found.split_last().unwrap();
        for &slowness in lowered {
            assert_eq!(
                probe.listened(at(0), slowness, ROUND_TRIP, true),
                Listened::Lower,
                "after {slowness}"
            );
        }
        let (news, most) = expected;
        assert_eq!(probe.listened(at(0), *last, ROUND_TRIP, true), Listened::Found { news, most });
    }

    #[test]
    fn the_load_is_lowered_for_as_long_as_that_helps() {
        check_descent(1.35, &[1.05], (News::Expected, 1.0));
        check_descent(1.7, &[1.3], (News::Expected, 1.0));
        check_descent(1.3, &[1.25], (News::Slower, 1.0));
        check_descent(3.0, &[2.9], (News::Slower, 1.0));
        check_descent(4.0, &[2.0, 1.0], (News::Expected, 1.0));
        check_descent(1.0, &[0.5, 0.25, 0.125, 0.12], (News::Quicker, 0.25));
    }
}
