//! Timestamps of RFC 3339, the internet's profile of ISO 8601. Never here: HTTP's own date.

use tidegate_core::Time;

use super::calendar::{Civil, SECONDS_PER_DAY};
use crate::octets::fixed;

/// Reads `2023-11-15T00:00:00Z`, with a fraction or an offset; a fraction counts as a whole second.
///
/// The seconds may be left out, as Jira does. A time without a zone is no instant.
pub(super) fn read(value: &[u8]) -> Option<i64> {
    let (&[y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T' | b't' | b' ', h1, h2, b':', mi1, mi2], rest) =
        value.split_first_chunk()?
    else {
        return None;
    };
    let civil = Civil {
        year: fixed::<4>(&[y1, y2, y3, y4])?.into(),
        month: fixed::<2>(&[mo1, mo2])?,
        day: fixed::<2>(&[d1, d2])?,
    };
    let (hour, minute) = (fixed::<2>(&[h1, h2])?, fixed::<2>(&[mi1, mi2])?);
    let (second, zone) = seconds(rest)?;
    let of_day = (hour < 24 && minute < 60).then(|| i64::from(hour * 3600 + minute * 60))?;
    Some(civil.days()? * SECONDS_PER_DAY + of_day + second - zone_offset(zone)?)
}

/// The seconds, rounded up, and what follows them.
fn seconds(rest: &[u8]) -> Option<(i64, &[u8])> {
    let &[b':', s1, s2, ref rest @ ..] = rest else { return Some((0, rest)) };
    let whole = fixed::<2>(&[s1, s2]).filter(|&second| second <= 60)?;
    let Some(rest) = rest.strip_prefix(b".") else { return Some((whole.into(), rest)) };
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at(end);
    let part = fraction.iter().any(|&digit| digit != b'0');
    (!fraction.is_empty()).then(|| (i64::from(whole) + i64::from(part), zone))
}

fn zone_offset(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z' | b'z'] => Some(0),
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => offset(sign, &[h1, h2], &[m1, m2]),
        _ => None,
    }
}

/// Seconds that a numeric zone is ahead of UTC.
pub(super) fn offset(sign: u8, hour: &[u8], minute: &[u8]) -> Option<i64> {
    let (hour, minute) = (fixed::<2>(hour)?, fixed::<2>(minute)?);
    let ahead = (hour < 24 && minute < 60).then(|| i64::from(hour * 3600 + minute * 60))?;
    match sign {
        b'+' => Some(ahead),
        b'-' => Some(-ahead),
        _ => None,
    }
}

/// Writes an instant in UTC to the millisecond, what is less left out.
pub(super) fn write(since_epoch: Time) -> String {
    let milliseconds = since_epoch.as_nanos() / 1_000_000;
    let seconds = (milliseconds / 1_000) as i64;
    let Civil { year, month, day } = Civil::of_days(seconds / SECONDS_PER_DAY);
    let second = seconds % SECONDS_PER_DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let rest = milliseconds % 1_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_to_the_millisecond() {
        let check = |nanos, text: &str| assert_eq!(write(Time::from_nanos(nanos)), text);
        check(0, "1970-01-01T00:00:00.000Z");
        check(1_700_000_000_000_000_000, "2023-11-14T22:13:20.000Z");
        check(1_483_228_799_999_999_999, "2016-12-31T23:59:59.999Z");
        check(u64::MAX, "2554-07-21T23:34:33.709Z");
    }

    #[test]
    fn what_is_written_reads_back() {
        for seconds in (0..4_000_000_000).step_by(86_399 * 7) {
            let written = write(Time::from_secs(seconds));
            assert_eq!(read(written.as_bytes()), i64::try_from(seconds).ok(), "{written}");
        }
    }

    #[track_caller]
    fn check(text: &str, seconds: Option<i64>) {
        assert_eq!(read(text.as_bytes()), seconds, "{text}");
    }

    #[test]
    fn a_zone_is_taken_off() {
        check("2023-11-14T22:13:20Z", Some(1_700_000_000));
        check("2023-11-14t22:13:20z", Some(1_700_000_000));
        check("2023-11-14 23:13:20+01:00", Some(1_700_000_000));
        check("2023-11-14T16:43:20-0530", Some(1_700_000_000));
        check("2023-11-14T22:13Z", Some(1_699_999_980));
    }

    #[test]
    fn a_fraction_rounds_up() {
        check("2023-11-14T22:13:19.000001Z", Some(1_700_000_000));
        check("2023-11-14T22:13:20.000Z", Some(1_700_000_000));
        check("2016-12-31T23:59:60Z", Some(1_483_228_800));
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:61Z",
            "2023-11-14T24:00:00Z",
            "2023-13-14T22:13:20Z",
            "2023-02-29T22:13:20Z",
            "2023-11-14T22:13:20+24:00",
            "2023-11-14T22:13:20*01:00",
            "2023-11-14T22:13:20Z ",
        ] {
            check(text, None);
        }
    }
}
