//! Instants as bare numbers, in the unit that their size betrays. Never here: a number that a provider explains.

use std::time::Duration;

use super::Clock;
use super::decimal::{Decimal, SECOND};
use crate::octets::Count;
use crate::retry_after::OVERFLOW;

/// The longest delay that a bare number of an unknown provider can be, in seconds: ten years. A larger number is
/// something else, as no provider is known to ask for a longer wait.
pub(crate) const LONGEST_DELAY: u64 = 10 * 365 * 86_400;
/// The first number that is an instant in seconds: in the year 2001. A smaller one, of more than ten years, is a
/// delay in milliseconds, since no limit is reset in the last century.
pub(crate) const FIRST_INSTANT: u64 = 1_000_000_000;
/// The first instants that are no longer a number of the unit before: in the year 5138, or in 1973.
pub(super) const FIRST_MILLIS: u64 = 100_000_000_000;
pub(super) const FIRST_MICROS: u64 = FIRST_MILLIS * 1000;
const FIRST_NANOS: u64 = FIRST_MICROS * 1000;

/// What a bare number counts, by its size, and in which unit, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// The time from now.
    Delay(u64),
    /// The time since 1970.
    Instant(u64),
}

/// What a bare number counts: up to ten years it is a delay in seconds, then one in milliseconds, and from a
/// billion on it is an instant in seconds, milliseconds, microseconds or nanoseconds since 1970.
pub(crate) const fn counts(number: u64) -> Counts {
    if number <= LONGEST_DELAY {
        return Counts::Delay(SECOND);
    }
    match number {
        ..FIRST_INSTANT => Counts::Delay(SECOND / 1000),
        FIRST_INSTANT..FIRST_MILLIS => Counts::Instant(SECOND),
        FIRST_MILLIS..FIRST_MICROS => Counts::Instant(SECOND / 1000),
        FIRST_MICROS..FIRST_NANOS => Counts::Instant(SECOND / 1_000_000),
        FIRST_NANOS.. => Counts::Instant(1),
    }
}

/// The wait that a bare number tells, of what it [`counts`].
pub(super) fn guess(number: Decimal<'_>, clock: Clock) -> Duration {
    let Count::Exactly(whole) = number.whole else { return OVERFLOW };
    match counts(whole) {
        Counts::Delay(unit) => number.span(unit).unwrap_or(OVERFLOW),
        Counts::Instant(unit) => until(number, unit, clock),
    }
}

/// How long until the instant that lies so many units after 1970. What is too large to hold is [`OVERFLOW`].
pub(super) fn until(number: Decimal<'_>, unit: u64, clock: Clock) -> Duration {
    let instant = number.nanos(unit).and_then(|nanos| i128::try_from(nanos).ok());
    instant.map_or(OVERFLOW, |instant| clock.until(instant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::Time;

    #[track_caller]
    fn check(text: &str, wait: Duration) {
        let clock = Clock::new(None, Time::from_secs(1_700_000_000));
        assert_eq!(guess(Decimal::read(text.as_bytes()).expect("a number"), clock), wait, "{text}");
    }

    #[test]
    fn up_to_ten_years_a_number_is_a_delay() {
        check("0", Duration::ZERO);
        check("2.5", Duration::from_millis(2500));
        check("600000", Duration::from_secs(600_000));
        check("315360000", Duration::from_secs(315_360_000));
        check("315360000.5", Duration::new(315_360_000, 500_000_000));
    }

    #[test]
    fn a_number_too_long_for_seconds_and_too_early_for_an_instant_is_milliseconds() {
        check("315360001", Duration::from_millis(315_360_001));
        check("604800000", Duration::from_secs(7 * 86_400));
        check("999999999.5", Duration::from_micros(999_999_999_500));
    }

    #[test]
    fn beyond_it_is_an_instant_in_the_unit_of_its_size() {
        check("1000000000", Duration::ZERO);
        check("1700000042", Duration::from_secs(42));
        check("1700000042.123", Duration::from_millis(42_123));
        check("1700000042123", Duration::from_millis(42_123));
        check("1700000042123456", Duration::from_micros(42_123_456));
        check("1700000042123456789", Duration::from_nanos(42_123_456_789));
        check("1700000042123456789.5", Duration::from_nanos(42_123_456_790));
    }

    #[test]
    fn the_units_meet_without_a_gap() {
        check("99999999999", Duration::from_secs(98_299_999_999));
        check("100000000000", Duration::ZERO);
        check("99999999999999", Duration::from_millis(98_299_999_999_999));
        check("100000000000000", Duration::ZERO);
        check("99999999999999999", Duration::from_micros(98_299_999_999_999_999));
        check("18446744073709551615", Duration::from_nanos(u64::MAX - 1_700_000_000_000_000_000));
        check("18446744073709551616", OVERFLOW);
    }
}
