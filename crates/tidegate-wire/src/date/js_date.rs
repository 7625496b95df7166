//! Dates as JavaScript prints them (ECMA-262, `Date.prototype.toString`). Never here: HTTP's own date.

use super::http_date::{civil, clock, numeric_offset, seconds, weekday};

/// A date has this many words; one more is enough to see that a longer text is none.
const WORDS: usize = 6;

/// Reads `Mon Feb 21 2022 12:13:25 GMT+0100 (Central European Standard Time)`. The zone's name, in whatever
/// language the server speaks, isn't looked at and may be missing.
pub(super) fn read(value: &[u8]) -> Option<i64> {
    let text = str::from_utf8(without_comment(value)).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().take(WORDS + 1).collect();
    let [name, month, day, year, time, zone] = words[..] else { return None };
    weekday(name)?;
    let ahead = if zone == "GMT" { 0 } else { numeric_offset(zone.strip_prefix("GMT")?)? };
    seconds(civil(year, month, day)?, clock(time)?, ahead)
}

/// The value without the parentheses at its end.
fn without_comment(value: &[u8]) -> &[u8] {
    let start = value.iter().position(|&byte| byte == b'(');
    start.filter(|_| value.ends_with(b")")).map_or(value, |start| &value[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], seconds: Option<i64>) {
        assert_eq!(read(text), seconds, "{}", text.escape_ascii());
    }

    #[test]
    fn the_zone_is_taken_off_and_its_name_ignored() {
        check(b"Mon Feb 21 2022 12:13:25 GMT+0100 (Central European Standard Time)", Some(1_645_442_005));
        check(b"Mon Feb 21 2022 12:13:25 GMT+0100 (Mitteleurop\xe4ische Zeit)", Some(1_645_442_005));
        check(b"Mon Feb 21 2022 12:13:25 GMT+0100", Some(1_645_442_005));
        check(b"Mon Feb 21 2022 05:43:25 GMT-0530 (a (nested) name)", Some(1_645_442_005));
        check(b"Mon Feb 21 2022 11:13:25 GMT+0000 (Coordinated Universal Time)", Some(1_645_442_005));
        check(b"Mon Feb 21 2022 11:13:25 GMT", Some(1_645_442_005));
    }

    #[test]
    fn what_javascript_never_prints_is_none() {
        for text in [
            "",
            "()",
            "Invalid Date",
            "Mon Feb 21 2022 12:13:25",
            "Mon Feb 21 2022 12:13:25 +0100",
            "Mon Feb 21 2022 12:13:25 GMT+01",
            "Mon Feb 21 2022 12:13:25 GMTZ",
            "Mon Feb 21 2022 12:13:25 GMTGMT",
            "Mon Feb 29 2022 12:13:25 GMT+0100",
            "Mon Feb 21 2022 24:13:25 GMT+0100",
            "Mon, Feb 21 2022 12:13:25 GMT+0100",
            "Mon Feb 21 2022 12:13:25 GMT+0100 (never closed",
            "Mon Feb 21 2022 12:13:25 GMT+0100 CET",
        ] {
            check(text.as_bytes(), None);
        }
    }
}
