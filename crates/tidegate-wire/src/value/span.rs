//! Durations in units of their own, as Go and protobuf print them. Never here: a number without a unit.

use std::time::Duration;

use super::decimal::{Decimal, SECOND};
use crate::retry_after::OVERFLOW;

/// The units by their names, in nanoseconds. A name that begins with another's stands before it. The micro sign
/// and the Greek letter look alike, and Go takes both.
const UNITS: [(&[u8], u64); 9] = [
    (b"ms", SECOND / 1000),
    (b"us", SECOND / 1_000_000),
    ("\u{b5}s".as_bytes(), SECOND / 1_000_000),
    ("\u{3bc}s".as_bytes(), SECOND / 1_000_000),
    (b"ns", 1),
    (b"s", SECOND),
    (b"m", 60 * SECOND),
    (b"h", 3600 * SECOND),
    (b"d", 86_400 * SECOND),
];

/// Reads a duration as Go prints it (`6m0s`, `2m59.56s`, `120ms`), or protobuf (`34s`). Days are read too, which
/// neither of them has.
///
/// Every term rounds up to the nanosecond. What is too large to hold is [`OVERFLOW`].
pub(super) fn read(value: &[u8]) -> Option<Duration> {
    if value == b"0" {
        return Some(Duration::ZERO);
    }
    let (mut sum, mut rest) = term(value)?;
    while !rest.is_empty() {
        let (next, after) = term(rest)?;
        sum = sum.zip(next).and_then(|(sum, next)| sum.checked_add(next));
        rest = after;
    }
    Some(sum.unwrap_or(OVERFLOW))
}

/// The first number with its unit, `None` in its place if it is too large to hold, and what follows it.
fn term(text: &[u8]) -> Option<(Option<Duration>, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let (number, rest) = text.split_at(end);
    let (unit, rest) = UNITS.iter().find_map(|(name, unit)| Some((*unit, rest.strip_prefix(*name)?)))?;
    Some((Decimal::read(number)?.span(unit), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wait: Option<Duration>) {
        assert_eq!(read(text.as_bytes()), wait, "{text}");
    }

    #[test]
    fn every_unit_is_known() {
        check("6m0s", Some(Duration::from_secs(360)));
        check("120ms", Some(Duration::from_millis(120)));
        check("2m59.56s", Some(Duration::from_millis(179_560)));
        check("1h30m", Some(Duration::from_secs(5400)));
        check("1.5h", Some(Duration::from_secs(5400)));
        check("1d", Some(Duration::from_secs(86_400)));
        check("1h0m0.5s", Some(Duration::from_millis(3_600_500)));
        check("34s", Some(Duration::from_secs(34)));
        check("7us", Some(Duration::from_micros(7)));
        check("7\u{b5}s", Some(Duration::from_micros(7)));
        check("7\u{3bc}s", Some(Duration::from_micros(7)));
        check("7ns", Some(Duration::from_nanos(7)));
        check("0.5ns", Some(Duration::from_nanos(1)));
        check("0s", Some(Duration::ZERO));
        check("0", Some(Duration::ZERO));
    }

    #[test]
    fn what_is_too_large_saturates_and_stays_so() {
        check("18446744073709551616s", Some(OVERFLOW));
        check("18446744073709551615h", Some(OVERFLOW));
        check("18446744073709551615s1s", Some(OVERFLOW));
        check("18446744073709551615h5s", Some(OVERFLOW));
    }

    #[test]
    fn a_number_without_a_unit_or_with_a_sign_is_no_duration() {
        for text in
            ["", "6", "6m0", "-1s", "+1s", "s", "1x", "1.s", ".5s", "1s ", "1m 5s", "1S", "00", "1.5.0s"]
        {
            check(text, None);
        }
    }
}
