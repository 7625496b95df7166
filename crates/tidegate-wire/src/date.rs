//! Dates as HTTP carries them, to and from seconds since the Unix epoch. Never here: what a date is good for.

mod calendar;
mod http_date;
mod js_date;
mod rfc3339;

use tidegate_core::Time;

use crate::octets::trim;
use calendar::{Civil, SECONDS_PER_DAY};

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads any date that is known to be sent where HTTP wants one: an [HTTP-date](read_http), an RFC 3339
/// timestamp, or a date as JavaScript prints it, as seconds since the Unix epoch.
///
/// A part of a second counts as a whole one, so that who waits for the date never comes early. `now` is the time
/// since the Unix epoch; only a two-digit year needs it.
pub fn read(value: &[u8], now: Time) -> Option<i64> {
    let value = trim(value);
    http_date::read(value, now).or_else(|| rfc3339::read(value)).or_else(|| js_date::read(value))
}

/// Reads an HTTP-date (RFC 9110 section 5.6.7) in its three forms, as seconds since the Unix epoch.
///
/// Beyond the grammar it takes what senders are known to write: a day of one digit, names in any case, `UTC` or
/// a numeric zone in place of `GMT`, and a weekday that isn't the date's. The date itself must be in the
/// calendar. `now` is the time since the Unix epoch: a two-digit year is the latest one that isn't more than
/// 50 years ahead of it.
pub fn read_http(value: &[u8], now: Time) -> Option<i64> {
    http_date::read(trim(value), now)
}

/// Writes seconds since the Unix epoch as an IMF-fixdate, the only form that a sender may use.
///
/// Times before year 0 or after year 9999 become the first or last second that the form can say.
pub fn write(epoch_seconds: i64) -> String {
    let seconds = epoch_seconds.clamp(calendar::FIRST_SECOND, calendar::LAST_SECOND);
    let (days, second) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
    let Civil { year, month, day } = Civil::of_days(days);
    let weekday = &WEEKDAYS[calendar::weekday(days)][..3];
    let month = MONTHS[month as usize - 1];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Writes a time since the Unix epoch as an RFC 3339 timestamp in UTC, to the millisecond: `2026-11-22T10:09:08.765Z`.
pub fn write_rfc3339(since_epoch: Time) -> String {
    rfc3339::write(since_epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_are_written_as_imf_fixdates() {
        assert_eq!(write(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(write(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(write(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(write(i64::MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
        assert_eq!(write(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    proptest! {
        #[test]
        fn a_written_date_reads_back(seconds in calendar::FIRST_SECOND..=calendar::LAST_SECOND, now: u64) {
            let written = write(seconds);
            prop_assert_eq!(read_http(written.as_bytes(), Time::from_nanos(now)), Some(seconds));
        }

        #[test]
        fn any_bytes_are_a_date_or_nothing(value: Vec<u8>, now: u64) {
            let read = read(&value, Time::from_nanos(now));
            prop_assert!(read.is_none_or(|seconds| seconds.unsigned_abs() < 1 << 39));
        }

        #[test]
        fn nearly_dates_are_a_date_or_nothing(
            value in "(Sun|Foo)?,? ?[0-9]{1,3}[ -](Feb|Dec)[ -][0-9]{1,5} [0-9:]{8} (GMT|UTC|[+-]?[0-9]{4})?",
            now: u64,
        ) {
            let read = read(value.as_bytes(), Time::from_nanos(now));
            prop_assert!(read.is_none_or(|seconds| seconds.unsigned_abs() < 1 << 39));
        }
    }
}
