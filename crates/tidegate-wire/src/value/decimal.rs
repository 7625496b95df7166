//! Numbers with or without a fraction, kept exact. Never here: floating point, or what a number counts.

use std::time::Duration;

use crate::octets::{Count, digits};

/// One second, in nanoseconds.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// A number as it was written: `1*DIGIT [ "." 1*DIGIT ]`, in ASCII digits and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal<'a> {
    pub(super) whole: Count,
    fraction: &'a [u8],
}

impl<'a> Decimal<'a> {
    /// Reads a number without blanks around it; no sign, no exponent, no bare point.
    pub(crate) fn read(value: &'a [u8]) -> Option<Decimal<'a>> {
        let Some(point) = value.iter().position(|&byte| byte == b'.') else {
            return Some(Decimal { whole: digits(value)?, fraction: b"" });
        };
        let (whole, fraction) = (digits(&value[..point])?, &value[point + 1..]);
        digits(fraction)?;
        Some(Decimal { whole, fraction })
    }

    /// So many units of `unit` nanoseconds, at most a day each, in nanoseconds: what is finer rounds up. `None`
    /// if the whole part is more than a `u64` holds.
    pub(super) fn nanos(self, unit: u64) -> Option<u128> {
        let Count::Exactly(whole) = self.whole else { return None };
        Some(u128::from(whole) * u128::from(unit) + u128::from(part(self.fraction, unit)))
    }

    /// So many units as a span of time: what is finer than a nanosecond rounds up. `None` if the number is too
    /// large to hold.
    pub(crate) fn span(self, unit: u64) -> Option<Duration> {
        span(self.nanos(unit)?)
    }
}

/// A fraction of a unit, rounded up. From the last digit to the first, nothing is lost: a remainder only tells
/// that there is more.
fn part(fraction: &[u8], unit: u64) -> u64 {
    let (sum, more) = fraction.iter().rev().fold((0, false), |(sum, more), digit| {
        let tenfold = u64::from(digit - b'0') * unit + sum;
        (tenfold / 10, more || !tenfold.is_multiple_of(10))
    });
    sum + u64::from(more)
}

/// Nanoseconds as a span of time; `None` if its seconds are more than a `u64` holds.
pub(super) fn span(nanos: u128) -> Option<Duration> {
    let (seconds, part) = (nanos / u128::from(SECOND), nanos % u128::from(SECOND));
    Some(Duration::new(u64::try_from(seconds).ok()?, part as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400 * SECOND;

    #[track_caller]
    fn check(text: &str, unit: u64, nanos: Option<u128>) {
        assert_eq!(Decimal::read(text.as_bytes()).expect("a number").nanos(unit), nanos, "{text} x {unit}");
    }

    #[test]
    fn a_fraction_is_exact_in_every_unit_and_rounds_up() {
        check("64.57", SECOND, Some(64_570_000_000));
        check("0.0000000001", SECOND, Some(1));
        check("1.9999999999", SECOND, Some(2_000_000_000));
        check("1.5", 3600 * SECOND, Some(5400 * u128::from(SECOND)));
        check("0.1", 1, Some(1));
        check("0.000", 1, Some(0));
        check("0.3333333333333333333333", 3 * SECOND, Some(1_000_000_000));
        check("0.99999999999999999999999999", DAY, Some(DAY.into()));
    }

    #[test]
    fn the_largest_number_fits_in_the_largest_unit() {
        check(
            "18446744073709551615.999",
            DAY,
            Some((u128::from(u64::MAX) + 1) * u128::from(DAY) - 86_400_000_000),
        );
        check("18446744073709551616", 1, None);
    }

    #[test]
    fn only_digits_and_one_point_between_them_are_a_number() {
        for text in
            ["", ".", ".5", "5.", "1.5.0", "-1", "+1", "-0", "1e3", "inf", "1_000", "1 ", "١.٢", "1,5"]
        {
            assert!(Decimal::read(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_span_holds_all_seconds_of_a_u64() {
        assert_eq!(span(u128::from(u64::MAX) * u128::from(SECOND) + 1), Some(Duration::new(u64::MAX, 1)));
        assert_eq!(span((u128::from(u64::MAX) + 1) * u128::from(SECOND)), None);
    }
}
