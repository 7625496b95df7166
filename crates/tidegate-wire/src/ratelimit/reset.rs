//! When a quota is renewed, in the drafts before -08: a number that may be a delay or an instant.
//! Never here: whose clock is right.

use std::time::Duration;

use tidegate_core::Time;

use crate::date;
use crate::octets::trim;
use crate::value::{Counts, FIRST_INSTANT, LONGEST_DELAY, SECOND, counts};

/// As of when dates are read that have a year of two digits, 2026: those up to 2076 are then of this century.
const DATES_AS_OF: Time = Time::from_secs(1_767_225_600);

/// When a quota is renewed.
///
/// The drafts know delays only; instants are what GitLab, GitHub and others send in fields of the same names. An
/// instant is never taken for a delay, nor the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// So long after the answer.
    After(Duration),
    /// At this time since the Unix epoch.
    At(Time),
}

impl Reset {
    /// What a number on the wire says, by its size: up to ten years are seconds of delay, and from a billion on it
    /// is an instant, in seconds since the Unix epoch, or in milliseconds, microseconds or nanoseconds if the
    /// larger unit would be beyond the year 5138.
    pub const fn of_number(number: u64) -> Reset {
        match counts(number) {
            Counts::Delay(SECOND) => Reset::After(Duration::from_secs(number)),
            Counts::Delay(unit) => Reset::After(Duration::from_nanos(number.saturating_mul(unit))),
            Counts::Instant(unit) => Reset::At(Time::from_nanos(number.saturating_mul(unit))),
        }
    }

    /// The number that says it on the wire, in whole seconds, rounded up. A delay of more than ten years, which
    /// would be taken for something else, becomes ten years; an instant before September 2001 becomes that time.
    pub fn number(self) -> u64 {
        match self {
            Reset::After(delay) => whole_secs(delay).min(LONGEST_DELAY),
            Reset::At(_) => self.epoch_secs().unwrap_or(0).max(FIRST_INSTANT),
        }
    }

    /// The instant in whole seconds since the Unix epoch, rounded up; `None` for a delay.
    pub fn epoch_secs(self) -> Option<u64> {
        match self {
            Reset::After(_) => None,
            Reset::At(at) => Some(whole_secs(at.since(Time::ZERO))),
        }
    }

    /// How long it is until then, for an answer of this time since the Unix epoch. The answer's own `Date` is
    /// the better clock where there is one.
    pub const fn wait(self, now: Time) -> Duration {
        match self {
            Reset::After(delay) => delay,
            Reset::At(at) => at.since(now),
        }
    }

    /// What a date says, in any of the forms that [`date::read`] takes.
    pub(super) fn of_date(value: &[u8]) -> Option<Reset> {
        let secs = date::read(trim(value), DATES_AS_OF)?;
        Some(Reset::At(Time::from_secs(u64::try_from(secs).unwrap_or(0))))
    }
}

fn whole_secs(span: Duration) -> u64 {
    span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stamp_is_no_delay() {
        for (number, expected) in [
            (0, Reset::After(Duration::ZERO)),
            (86_400, Reset::After(Duration::from_secs(86_400))),
            (315_360_000, Reset::After(Duration::from_secs(315_360_000))),
            (604_800_000, Reset::After(Duration::from_secs(604_800))),
            (1_000_000_000, Reset::At(Time::from_secs(1_000_000_000))),
            (1_700_000_000, Reset::At(Time::from_secs(1_700_000_000))),
            (1_700_000_000_123, Reset::At(Time::from_nanos(1_700_000_000_123_000_000))),
            (1_700_000_000_123_456, Reset::At(Time::from_nanos(1_700_000_000_123_456_000))),
            (1_700_000_000_123_456_789, Reset::At(Time::from_nanos(1_700_000_000_123_456_789))),
            (u64::MAX, Reset::At(Time::MAX)),
        ] {
            assert_eq!(Reset::of_number(number), expected, "{number}");
        }
    }

    #[test]
    fn parts_of_a_second_round_up() {
        let millis = Reset::of_number(1_700_000_000_001);
        assert_eq!(millis.epoch_secs(), Some(1_700_000_001));
        assert_eq!(Reset::After(Duration::from_millis(1)).number(), 1);
    }

    #[test]
    fn an_instant_is_waited_for_and_a_past_one_is_not() {
        let at = Reset::At(Time::from_secs(1_700_000_005));
        assert_eq!(at.wait(Time::from_secs(1_700_000_000)), Duration::from_secs(5));
        assert_eq!(at.wait(Time::from_secs(1_700_000_009)), Duration::ZERO);
    }

    #[test]
    fn a_year_of_two_digits_is_no_reset_of_last_century() {
        let expected = date::read(b"Sunday, 22 Nov 2026 06:00:00 GMT", DATES_AS_OF);
        let told = Reset::of_date(b"Sunday, 22-Nov-26 06:00:00 GMT").and_then(Reset::epoch_secs);
        assert_eq!(told, Some(1_795_327_200));
        assert_eq!(expected, Some(1_795_327_200));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_what_it_is(nanos: u64) {
            let delay = Duration::from_nanos(nanos);
            let read = Reset::of_number(Reset::After(delay).number());
            prop_assert!(matches!(read, Reset::After(_)));
            prop_assert!(read.wait(Time::ZERO) >= delay || delay > Duration::from_secs(LONGEST_DELAY));
            let read = Reset::of_number(Reset::At(Time::from_nanos(nanos)).number());
            prop_assert!(matches!(read, Reset::At(at) if at >= Time::from_nanos(nanos)));
        }
    }
}
