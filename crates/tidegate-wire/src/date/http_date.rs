//! The three forms of an HTTP-date: IMF-fixdate, RFC 850's and asctime's. Never here: timestamps of other RFCs.

use tidegate_core::Time;

use super::calendar::{Civil, SECONDS_PER_DAY};
use super::{MONTHS, WEEKDAYS};
use crate::octets::fixed;

/// A date is at most this many words; one more than any form has, so that a longer text matches none.
const WORDS: usize = 7;

pub(super) fn read(value: &[u8], now: Time) -> Option<i64> {
    let text = str::from_utf8(value).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().take(WORDS).collect();
    match words[..] {
        [name, day, month, year, time, zone] => {
            weekday(name.strip_suffix(',')?)?;
            seconds(civil(year, month, day)?, clock(time)?, offset(zone)?)
        }
        [name, date, time, zone] => {
            weekday(name.strip_suffix(',')?)?;
            let mut parts = date.splitn(3, '-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let time = clock(time)?;
            let civil = civil(year, month, day).or_else(|| short_year(year, month, day, time, now))?;
            seconds(civil, time, offset(zone)?)
        }
        [name, month, day, time, year] => {
            weekday(name)?;
            seconds(civil(year, month, day)?, clock(time)?, 0)
        }
        _ => None,
    }
}

pub(super) fn seconds(civil: Civil, second_of_day: i64, offset: i64) -> Option<i64> {
    Some(civil.days()? * SECONDS_PER_DAY + second_of_day - offset)
}

/// Takes `Sun` and `Sunday`. That it is the date's weekday isn't asked: a date that is told, even with a
/// slip, is a better hint than none.
pub(super) fn weekday(name: &str) -> Option<()> {
    WEEKDAYS
        .iter()
        .any(|weekday| name.eq_ignore_ascii_case(weekday) || name.eq_ignore_ascii_case(&weekday[..3]))
        .then_some(())
}

pub(super) fn civil(year: &str, month: &str, day: &str) -> Option<Civil> {
    Some(Civil {
        year: fixed::<4>(year.as_bytes())?.into(),
        month: month_number(month)?,
        day: day_number(day)?,
    })
}

/// The latest year with these two digits that isn't more than 50 years ahead (RFC 9110 section 5.6.7).
fn short_year(year: &str, month: &str, day: &str, second_of_day: i64, now: Time) -> Option<Civil> {
    let (month, day) = (month_number(month)?, day_number(day)?);
    let now = (now.as_nanos() / 1_000_000_000) as i64;
    let today = Civil::of_days(now / SECONDS_PER_DAY);
    let latest = today.year + 50;
    let year = latest - (latest - i64::from(fixed::<2>(year.as_bytes())?)).rem_euclid(100);
    let fifty_years_before = (Civil { year: year - 50, month, day }, second_of_day);
    let too_late = fifty_years_before > (today, now % SECONDS_PER_DAY);
    Some(Civil { year: if too_late { year - 100 } else { year }, month, day })
}

fn month_number(name: &str) -> Option<u32> {
    MONTHS.iter().zip(1..).find_map(|(month, number)| name.eq_ignore_ascii_case(month).then_some(number))
}

fn day_number(day: &str) -> Option<u32> {
    fixed::<2>(day.as_bytes()).or_else(|| fixed::<1>(day.as_bytes()))
}

/// Reads `hh:mm:ss` as the second of the day. `60` is a leap second: the first of the next minute.
pub(super) fn clock(time: &str) -> Option<i64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = time.as_bytes() else { return None };
    let (hour, minute, second) = (fixed::<2>(&[h1, h2])?, fixed::<2>(&[m1, m2])?, fixed::<2>(&[s1, s2])?);
    (hour < 24 && minute < 60 && second <= 60).then(|| i64::from(hour * 3600 + minute * 60 + second))
}

/// Seconds that the zone is ahead of UTC: `GMT` and its other names, or a number.
fn offset(zone: &str) -> Option<i64> {
    let is_utc = ["GMT", "UTC", "UT", "Z"].iter().any(|name| zone.eq_ignore_ascii_case(name));
    if is_utc { Some(0) } else { numeric_offset(zone) }
}

/// Seconds that a zone of the form `+hhmm`, as in RFC 5322, is ahead of UTC.
pub(super) fn numeric_offset(zone: &str) -> Option<i64> {
    let &[sign, h1, h2, m1, m2] = zone.as_bytes() else { return None };
    super::rfc3339::offset(sign, &[h1, h2], &[m1, m2])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_795_305_600); // 2026-11-22T00:00:00Z

    #[track_caller]
    fn check(text: &str, seconds: Option<i64>) {
        assert_eq!(read(text.as_bytes(), NOW), seconds, "{text}");
    }

    #[test]
    fn the_three_forms_say_the_same() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777));
        check("Sun Nov  6 08:49:37 1994", Some(784_111_777));
    }

    #[test]
    fn known_slips_are_forgiven() {
        check("Sun, 6 Nov 1994 08:49:37 UTC", Some(784_111_777));
        check("Sun, 06-Nov-1994 08:49:37 GMT", Some(784_111_777));
        check("sun, 06 nov 1994 08:49:37 gmt", Some(784_111_777));
        check("Mon, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("Sun, 06 Nov 1994 09:49:37 +0100", Some(784_111_777));
        check("Sun, 06 Nov 1994 08:49:37 -0000", Some(784_111_777));
    }

    #[test]
    fn what_the_calendar_or_the_clock_lacks_is_no_date() {
        check("Wed, 29 Feb 2023 00:00:00 GMT", None);
        check("Sun, 00 Nov 1994 08:49:37 GMT", None);
        check("Sun, 06 Nov 1994 24:00:00 GMT", None);
        check("Sun, 06 Nov 1994 08:60:00 GMT", None);
        check("Sun, 06 Nov 1994 08:49:61 GMT", None);
        check("Sun, 06 Nov 1994 08:49:37 +2400", None);
        check("Sun, 06 Nov 1994 08:49:37 PST", None);
        check("Sun, 06 Nov 1994 08:49:37", None);
        check("Sun, 06 Nov 94 08:49:37 GMT", None);
        check("Sun, 06 Nov 1994 8:49:37 GMT", None);
        check("Nov, 06 Nov 1994 08:49:37 GMT", None);
        check("Sun, 06 Nov 1994 08:49:37 GMT GMT", None);
    }

    #[test]
    fn a_short_year_is_never_more_than_fifty_years_ahead() {
        check("Sunday, 22-Nov-76 00:00:00 GMT", Some(3_373_228_800)); // 2076, exactly 50 years
        check("Monday, 22-Nov-76 00:00:01 GMT", Some(217_468_801)); // 1976, a second more than 50
        check("Saturday, 29-Feb-00 00:00:00 GMT", Some(951_782_400)); // 2000
    }
}
