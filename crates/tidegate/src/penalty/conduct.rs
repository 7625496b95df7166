//! One caller's conduct: what it was told, and how often it came back before that. Never here: another caller, a lock.
//!
//! A caller may be many tasks that know nothing of each other. All that were refused in one flight are told to come
//! back, and each of them may: so a call is bad only if it comes before the first of them was told to, after they
//! all can know, and when every task of the flight before has come back. Whoever waits as told makes no bad call,
//! then, however many they are and however their waits differ; who keeps calling makes hardly any other.

use tidegate_core::{Time, Word};

use super::rules::{Mode, Rules};

/// What is remembered of a caller. None of the default's calls is bad.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Conduct {
    strikes: Word,
    /// The first instant at which anybody of the newest flight was told to come back.
    told_until: Time,
    /// From when on calls count that come before that.
    counts_from: Time,
    /// How many calls of earlier flights, which may come back by now, haven't yet.
    due: u32,
    /// How many calls the newest flight has.
    waiting: u32,
}

/// What a refused call is, by what its caller was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// Nobody has to wait: the first of a flight.
    First,
    /// One that was on its way when the first was refused, or that comes back from an earlier flight.
    Fellow,
    /// One that didn't wait.
    Bad,
}

impl Conduct {
    /// Takes note of a call that is refused, and says until when its caller is to be told to wait: `until`, or
    /// longer if it was bad once too often.
    pub(super) fn refused(&mut self, rules: &Rules, now: Time, until: Time) -> Time {
        let call = self.judge(now);
        if call == Call::Bad {
            rules.strike(&mut self.strikes, now);
        }
        let told = match rules.settings().mode {
            Mode::On => until.max(rules.opens_at(self.strikes)),
            Mode::Off | Mode::Shadow => until,
        };
        match call {
            Call::First => {
                self.due = self.due.saturating_add(self.waiting).saturating_sub(1);
                self.waiting = 1;
                self.told_until = told;
                // Half of a short wait counts, else nobody who calls all the time would be noticed.
                self.counts_from = now.later(rules.settings().grace.min(told.since(now) / 2));
            }
            Call::Fellow => {
                self.due = self.due.saturating_sub(1);
                self.waiting = self.waiting.saturating_add(1);
                self.told_until = self.told_until.min(told);
            }
            // Whoever doesn't wait can't move what the others were told.
            Call::Bad => {}
        }
        told
    }

    fn judge(&self, now: Time) -> Call {
        if now >= self.told_until {
            Call::First
        } else if self.due > 0 || now < self.counts_from {
            Call::Fellow
        } else {
            Call::Bad
        }
    }

    /// The strikes that were counted.
    #[inline]
    pub(super) fn strikes(&self) -> Word {
        self.strikes
    }

    /// The same conduct, counted in other strikes.
    pub(super) fn with_strikes(self, strikes: Word) -> Conduct {
        Conduct { strikes, ..self }
    }

    /// Until when the caller was told to wait, by the most favourable of its calls.
    pub(super) fn told_until(&self) -> Time {
        self.told_until
    }

    /// How long ago a caller without strikes was told to wait; `None` for one with strikes, who is remembered
    /// until they are forgiven. The least gives way to another caller.
    pub(super) fn gives_way(&self, now: Time) -> Option<Time> {
        self.strikes.has_passed(now).then_some(self.counts_from)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Settings;
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_secs(100_000).later(Duration::from_millis(millis))
    }

    fn rules(mode: Mode) -> Rules {
        Rules::new(Settings { mode, ..Settings::default() }).unwrap()
    }

    /// Plays refused calls, each a time and the wait it is told, in milliseconds: how many strikes come of them.
    #[track_caller]
    fn check(calls: impl IntoIterator<Item = (u64, u64)>, strikes: u64) {
        let (rules, mut conduct) = (rules(Mode::Shadow), Conduct::default());
        let mut counted = 0;
        for (millis, wait) in calls {
            let before = conduct.strikes;
            conduct.refused(&rules, at(millis), at(millis + wait));
            counted += u64::from(conduct.strikes != before);
        }
        assert_eq!(counted, strikes);
    }

    #[test]
    fn a_call_is_bad_after_the_grace_and_before_the_told_instant() {
        check([(0, 10_000), (999, 9_001)], 0);
        check([(0, 10_000), (1_000, 9_000)], 1);
        check([(0, 10_000), (9_999, 1)], 1);
        check([(0, 10_000), (10_000, 1)], 0);
    }

    #[test]
    fn half_of_a_short_wait_counts() {
        check([(0, 1_000), (499, 501)], 0);
        check([(0, 1_000), (500, 500)], 1);
        // Whoever calls all the time makes bad calls half of it, and gains no grace by that.
        check((0..100).map(|call| (call * 100, 1_000)), 10 * 5);
    }

    #[test]
    fn a_flight_comes_back_whole_though_its_waits_differ() {
        let sent = (0..50).map(|task| (task * 10, 60_000 + 200 * task));
        let back = (0..50).map(|task| (60_000 + 210 * task, 60_000 + 200 * task));
        let again = (0..50).map(|task| (120_000 + 410 * task, 60_000));
        check(sent.clone().chain(back.clone()).chain(again), 0);
        // One more task than the flight had doesn't know what the others were told.
        check(sent.chain(back).chain([(75_000, 45_000)]), 1);
    }

    #[test]
    fn the_last_refusal_tells_the_wait_that_the_strikes_cost() {
        let (on, mut conduct) = (rules(Mode::On), Conduct::default());
        assert_eq!(conduct.refused(&on, at(0), at(60_000)), at(60_000));
        for _ in 0..39 {
            assert_eq!(conduct.refused(&on, at(2_000), at(60_000)), at(60_000));
        }
        assert_eq!(conduct.refused(&on, at(2_000), at(60_000)), at(2_000 + 20 * 3_000));
        let (shadow, mut same) = (rules(Mode::Shadow), Conduct::default());
        for _ in 0..42 {
            assert_eq!(same.refused(&shadow, at(2_000), at(60_000)), at(60_000));
        }
    }
}
