//! An instant as it is typed behind `--now`. Never here: the clock of this machine.

use tidegate_core::Time;
use tidegate_wire::date;

const EXPECTED: &str =
    "expected seconds since 1970, such as 1700000000 or 1700000000.5, or a date such as 2023-11-14T22:13:20Z";

/// `1700000000` or `1700000000.25`, to the nanosecond as it is written, or a date with its zone.
pub(super) fn read(text: &str) -> Result<Time, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        // A date of four digits for its year needs no clock.
        let seconds = date::read(text.as_bytes(), Time::ZERO).ok_or(EXPECTED)?;
        let seconds = u64::try_from(seconds).map_err(|_| "that is before 1970".to_owned())?;
        return nanos(seconds, 0);
    }
    if whole.len() == 13 {
        let (seconds, millis) = whole.split_at(10);
        return Err(format!("milliseconds? In seconds that is {seconds}.{millis}"));
    }
    let part = format!("{fraction:0<9}")[..9].parse::<u64>().map_err(|_| EXPECTED)?;
    nanos(whole.parse().map_err(|_| too_far())?, part)
}

fn nanos(seconds: u64, part: u64) -> Result<Time, String> {
    let total = seconds.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(part));
    total.map(Time::from_nanos).ok_or_else(too_far)
}

fn too_far() -> String {
    "that is too far in the future".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, nanos: u64) {
        assert_eq!(read(text), Ok(Time::from_nanos(nanos)), "{text}");
    }

    #[test]
    fn an_instant_is_taken_to_the_nanosecond() {
        check("0", 0);
        check("1700000000", 1_700_000_000_000_000_000);
        check("1700000000.25", 1_700_000_000_250_000_000);
        check("1470172958.5530000019", 1_470_172_958_553_000_001);
    }

    #[test]
    fn a_date_is_an_instant_too() {
        for text in ["2023-11-14T22:13:20Z", "2023-11-14 23:13:20+01:00", "Tue, 14 Nov 2023 22:13:20 GMT"] {
            check(text, 1_700_000_000_000_000_000);
        }
    }

    #[track_caller]
    fn check_none(text: &str, says: &str) {
        let fault = read(text).expect_err(text);
        assert!(fault.contains(says), "{text:?}: {fault}");
    }

    #[test]
    fn what_is_no_instant_is_told_with_what_is_one() {
        for text in
            ["", "now", "-1", "+1", "1e9", "1.", ".5", "1.5.0", "1.٣", "2023-11-14", "2023-11-14T22:13:20"]
        {
            check_none(text, "2023-11-14T22:13:20Z");
        }
        check_none("1700000000123", "milliseconds? In seconds that is 1700000000.123");
        check_none("18446744074", "too far");
        check_none("99999999999999999999999", "too far");
        check_none("1969-12-31T23:59:59Z", "before 1970");
    }
}
