//! How a wait is told, truly or not, and what it forbids. Never here: how long the wait is.

use std::time::Duration;

use tidegate_core::Time;

use super::call::Told;
use crate::chance::Chance;
use crate::scenario::RetryAfter;

/// Texts that were seen in the wild where a wait should be, and mean none.
const GARBAGE: [&str; 4] = ["soon", "1m0s", "rand(30),add(30)", "Infinity"];

impl Told {
    /// What is said at `now` of a wait, in this habit.
    pub(crate) fn of(habit: RetryAfter, wait: Duration, now: Time, chance: &mut Chance) -> Told {
        match habit {
            RetryAfter::Honest => Told::Seconds(whole_seconds(wait).max(1)),
            RetryAfter::Date => Told::Date(now.later(wait)),
            RetryAfter::Missing => Told::Nothing,
            RetryAfter::Garbage => Told::Garbage(GARBAGE[chance.below(GARBAGE.len() as u64) as usize]),
            RetryAfter::TooShort(by) => Told::Seconds(whole_seconds(wait.saturating_sub(by))),
            RetryAfter::TooLong(by) => Told::Seconds(whole_seconds(wait.saturating_add(by)).max(1)),
        }
    }

    /// Until when a caller who was told this at `heard` must not call; `None` if it says nothing.
    pub(crate) fn forbids_until(self, heard: Time) -> Option<Time> {
        match self {
            Told::Seconds(seconds) => Some(heard.later(Duration::from_secs(seconds))),
            Told::Date(at) => Some(at),
            Told::Garbage(_) | Told::Nothing => None,
        }
    }

    /// The wait as a reader of HTTP finds it: a date is judged by the answer's own date, and both have whole
    /// seconds. `said` is when the answer was written.
    pub fn as_read(self, said: Time) -> Option<Duration> {
        match self {
            Told::Seconds(seconds) => Some(Duration::from_secs(seconds)),
            Told::Date(at) => {
                let written = whole_seconds(at.since(Time::ZERO));
                Some(Duration::from_secs(written.saturating_sub(said.as_nanos() / 1_000_000_000)))
            }
            Told::Garbage(_) | Told::Nothing => None,
        }
    }
}

/// A span in seconds, rounded up.
pub(crate) fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// The spans of time in which a caller must not send, since it was told to wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forbidden(Vec<(Time, Time)>);

/// How many spans apart are remembered: calls that are judged late are late by a few answers, not by hundreds.
const MOST_SPANS: usize = 64;

impl Forbidden {
    /// A wait was heard at `from`, and lasts until `until`.
    pub(crate) fn add(&mut self, from: Time, until: Time) {
        if until <= from {
            return;
        }
        let (mut start, mut end) = (from, until);
        self.0.retain(|&(known_start, known_end)| {
            let apart = known_end < start || end < known_start;
            if !apart {
                (start, end) = (start.min(known_start), end.max(known_end));
            }
            apart
        });
        self.0.push((start, end));
        if self.0.len() > MOST_SPANS {
            self.0.remove(0);
        }
    }

    /// Whether a call sent then came too early. One that was sent at the very instant crossed the answer.
    pub(crate) fn covers(&self, sent: Time) -> bool {
        self.0.iter().any(|(from, until)| *from < sent && sent < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    #[track_caller]
    fn check(habit: &str, told: Told, read: Option<u64>) {
        let mut chance = Chance::new(1, "told");
        // A wait of 2.3 s, told at 10.9 s.
        let found = Told::of(habit.parse().unwrap(), Duration::from_millis(2_300), at(10_900), &mut chance);
        assert_eq!(found, told, "{habit}");
        assert_eq!(found.as_read(at(10_900)), read.map(Duration::from_secs), "{habit}");
    }

    #[test]
    fn each_habit_tells_in_its_way() {
        check("honest", Told::Seconds(3), Some(3));
        check("date", Told::Date(at(13_200)), Some(4));
        check("missing", Told::Nothing, None);
        check("too short by 1 s", Told::Seconds(2), Some(2));
        check("too short by 9 s", Told::Seconds(0), Some(0));
        check("too long by 1 s", Told::Seconds(4), Some(4));
    }

    #[test]
    fn a_wait_forbids_what_is_sent_after_it_was_heard() {
        let mut forbidden = Forbidden::default();
        forbidden.add(at(100), at(1_100));
        forbidden.add(at(500), at(2_500));
        forbidden.add(at(5_000), at(6_000));
        for (millis, early) in [(100, false), (101, true), (2_499, true), (2_500, false), (5_500, true)] {
            assert_eq!(forbidden.covers(at(millis)), early, "sent after {millis} ms");
        }
    }
}
