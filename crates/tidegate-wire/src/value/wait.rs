//! A wait, in the format that the dialect names. Never here: a floor, a cap or jitter, which are policy.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::decimal::{Decimal, SECOND};
use super::stamp::{FIRST_INSTANT, FIRST_MICROS, FIRST_MILLIS, LONGEST_DELAY};
use super::{Clock, Format, span, stamp};
use crate::octets::{Count, trim};
use crate::retry_after::OVERFLOW;
use crate::{categories, date};

/// Reads the wait that a value tells, counted from the answer's arrival; `None` if it tells none.
///
/// A value that the format can't mean is guessed like one of a provider that nobody has described: providers
/// change what they send, and a stamp must not be taken for seconds, nor a delay for an instant of 1970. What
/// follows a semicolon is a parameter, and isn't looked at.
///
/// Numbers follow the rule of [`retry_after`](crate::retry_after): ASCII digits, perhaps with a fraction, which
/// is exact and rounds up to the nanosecond; what is too large to hold is [`OVERFLOW`].
pub(crate) fn wait(value: &[u8], format: Format, clock: Clock) -> Option<Duration> {
    if format == Format::Categories {
        return categories::longest(&categories::read([value]));
    }
    let value = trim(value.split(|&byte| byte == b';').next()?);
    by_format(value, format, clock).or_else(|| any(value, clock))
}

/// What the format makes of a value that it can mean.
fn by_format(value: &[u8], format: Format, clock: Clock) -> Option<Duration> {
    let number = || Decimal::read(value);
    let of_size = |size: RangeInclusive<u64>| {
        number().filter(|number| matches!(number.whole, Count::Exactly(whole) if size.contains(&whole)))
    };
    let delay = |number: Decimal<'_>, unit| number.span(unit).unwrap_or(OVERFLOW);
    match format {
        Format::Seconds => Some(delay(of_size(0..=LONGEST_DELAY)?, SECOND)),
        Format::Millis => Some(delay(of_size(0..=LONGEST_DELAY * 1000)?, SECOND / 1000)),
        Format::Duration => span::read(value),
        Format::Epoch => Some(stamp::until(of_size(FIRST_INSTANT..=FIRST_MILLIS - 1)?, SECOND, clock)),
        Format::EpochMillis => {
            Some(stamp::until(of_size(FIRST_MILLIS..=FIRST_MICROS - 1)?, SECOND / 1000, clock))
        }
        Format::Date => until_date(value, clock),
        Format::Any | Format::Categories => None,
    }
}

fn until_date(value: &[u8], clock: Clock) -> Option<Duration> {
    Some(clock.until_date(date::read(value, clock.now())?))
}

/// The guess for a provider that nobody has described: a number's size tells a delay from an instant, and
/// anything else is a date or a duration.
fn any(value: &[u8], clock: Clock) -> Option<Duration> {
    match Decimal::read(value) {
        Some(number) => Some(stamp::guess(number, clock)),
        None => until_date(value, clock).or_else(|| span::read(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tidegate_core::Time;

    const CLOCK: Clock = Clock::by(Time::from_nanos(1_700_000_000_250_000_000));

    #[track_caller]
    fn check(format: Format, text: &str, wait: Duration) {
        assert_eq!(super::wait(text.as_bytes(), format, CLOCK), Some(wait), "{text} as {format}");
    }

    #[test]
    fn every_format_is_read_as_its_providers_send_it() {
        check(Format::Seconds, "\t64.57 ", Duration::from_millis(64_570));
        check(Format::Millis, "1250", Duration::from_millis(1250));
        check(Format::Millis, "0.0000001", Duration::from_nanos(1));
        check(Format::Duration, "6m0s", Duration::from_secs(360));
        check(Format::Epoch, "1700000042", Duration::from_millis(41_750));
        check(Format::Epoch, "1700000001.2500000001", Duration::from_nanos(1_000_000_001));
        check(Format::EpochMillis, "1700000060000", Duration::from_millis(59_750));
        check(Format::Categories, "60:transaction:key, 2700:error:organization", Duration::from_secs(2700));
    }

    #[test]
    fn a_date_is_read_in_every_form() {
        for text in [
            "Tue, 14 Nov 2023 22:14:20 GMT",
            "Tuesday, 14-Nov-23 22:14:20 GMT",
            "Tue Nov 14 22:14:20 2023",
            "2023-11-14T22:14:20Z",
            "2023-11-14T23:14:19.001+01:00",
            "Tue Nov 14 2023 23:14:20 GMT+0100 (Central European Standard Time)",
        ] {
            check(Format::Date, text, Duration::from_millis(59_750));
            check(Format::Any, text, Duration::from_millis(59_750));
        }
        check(Format::Date, "2023-11-14T22:14Z", Duration::from_millis(39_750));
    }

    #[test]
    fn a_guess_takes_no_stamp_for_seconds() {
        check(Format::Any, "30", Duration::from_secs(30));
        check(Format::Any, "600000", Duration::from_secs(600_000));
        check(Format::Any, "1700000042", Duration::from_millis(41_750));
        check(Format::Any, "1700000042000", Duration::from_millis(41_750));
        check(Format::Any, "2m59.56s", Duration::from_millis(179_560));
        check(Format::Any, "12ms", Duration::from_millis(12));
    }

    #[test]
    fn what_is_too_large_to_hold_saturates() {
        let formats = [Format::Seconds, Format::Millis, Format::Epoch, Format::EpochMillis, Format::Any];
        for format in formats {
            check(format, "18446744073709551616", OVERFLOW);
            check(format, "18446744073709551616.5", OVERFLOW);
        }
    }

    #[test]
    fn a_negative_number_is_unknown_in_every_format() {
        for format in Format::ALL {
            for text in ["-1", "-1.5", "-0", "-1s", "-1:error:key"] {
                assert_eq!(wait(text.as_bytes(), format, CLOCK), None, "{text} as {format}");
            }
        }
    }

    #[test]
    fn what_the_format_cannot_mean_is_guessed() {
        check(Format::Seconds, "30s", Duration::from_secs(30));
        check(Format::Seconds, "1700000042", Duration::from_millis(41_750));
        check(Format::Seconds, "Tue, 14 Nov 2023 22:14:20 GMT", Duration::from_millis(59_750));
        check(Format::Millis, "30ms", Duration::from_millis(30));
        check(Format::Millis, "1700000042000", Duration::from_millis(41_750));
        check(Format::Duration, "55", Duration::from_secs(55));
        check(Format::Epoch, "60", Duration::from_secs(60));
        check(Format::Epoch, "1700000042000", Duration::from_millis(41_750));
        check(Format::Epoch, "2023-11-14T22:14:20Z", Duration::from_millis(59_750));
        check(Format::EpochMillis, "1700000042", Duration::from_millis(41_750));
        check(Format::Date, "1700000042", Duration::from_millis(41_750));
        check(Format::Seconds, "30;w=60", Duration::from_secs(30));
    }

    #[test]
    fn what_is_in_no_format_is_nothing() {
        for format in Format::ALL {
            for text in ["soon", "", ";", "GMT"] {
                assert_eq!(wait(text.as_bytes(), format, CLOCK), None, "{text} as {format}");
            }
        }
    }

    fn formats() -> impl Strategy<Value = Format> {
        prop::sample::select(Format::ALL.as_slice())
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_wait_or_nothing(value: Vec<u8>, date: Option<Vec<u8>>, format in formats(), now: u64) {
            let _ = wait(&value, format, Clock::new(date.as_deref(), Time::from_nanos(now)));
        }

        #[test]
        fn nearly_waits_are_a_wait_or_nothing(
            value in "[0-9]{1,25}(\\.[0-9]{0,12})?([a-z]{0,2}[0-9]{0,3}){0,3}",
            format in formats(),
            now: u64,
        ) {
            let _ = wait(value.as_bytes(), format, Clock::new(None, Time::from_nanos(now)));
        }

        #[test]
        fn a_larger_number_is_never_a_shorter_wait(
            share in 0..1_000_000_000u64, other in 0..1_000_000_000u64, part in "(\\.[0-9]{1,12})?", now: u64,
        ) {
            let clock = Clock::new(None, Time::from_nanos(now));
            for (format, from, to) in [
                (Format::Seconds, 0, LONGEST_DELAY),
                (Format::Millis, 0, LONGEST_DELAY * 1000),
                (Format::Epoch, FIRST_INSTANT, FIRST_MILLIS - 1),
                (Format::EpochMillis, FIRST_MILLIS, FIRST_MICROS - 1),
            ] {
                let of = |share| from + (to - 1 - from) / 1_000_000_000 * share;
                let (less, more) = (of(share.min(other)), of(share.max(other)));
                let [less, more] = [format!("{less}"), format!("{more}{part}")];
                let told = |text: &str| wait(text.as_bytes(), format, clock).expect("numbers are waits");
                prop_assert!(told(&less) <= told(&more), "{} {} as {}", less, more, format);
            }
        }

        #[test]
        fn a_guess_is_never_shorter_than_the_seconds_told(seconds in 0..=315_360_000u64, part in "(\\.[0-9]{1,12})?") {
            let text = format!("{seconds}{part}");
            let told = wait(text.as_bytes(), Format::Seconds, CLOCK);
            prop_assert!(told >= Some(Duration::from_secs(seconds)));
            prop_assert_eq!(wait(text.as_bytes(), Format::Any, CLOCK), told);
        }

        #[test]
        fn a_guess_finds_the_unit_of_any_stamp_of_our_time(
            wait in 0..u64::from(u32::MAX),
            now in 1_000_000_000..4_000_000_000u64,
            unit in prop::sample::select([1u64, 1000, 1_000_000, 1_000_000_000].as_slice()),
        ) {
            let stamp = ((now + wait) * unit).to_string();
            let told = super::wait(stamp.as_bytes(), Format::Any, Clock::by(Time::from_secs(now)));
            prop_assert_eq!(told, Some(Duration::from_secs(wait)));
        }
    }
}
