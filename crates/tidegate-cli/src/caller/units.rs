//! Durations and sizes as people type them. Never here: a default.

use std::time::Duration;

/// What counts as one of each unit, in nanoseconds; longer names before those that they begin with.
const SPANS: [(&str, u64); 5] = [
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// `250ms`, `30s`, `1.5h`, `1h30m`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is no duration: expected one such as 250ms, 30s, 5m, 1h30m or 2d");
    let mut total = Duration::ZERO;
    let mut rest = text;
    loop {
        let (number, after) = split_number(rest);
        let count: f64 = number.parse().map_err(|_| expected())?;
        let letters = after.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let nanos = match (unit, rest == text && after.is_empty()) {
            ("", true) => 1_000_000_000,
            _ => SPANS.iter().find(|(name, _)| *name == unit).ok_or_else(expected)?.1,
        };
        let part = Duration::try_from_secs_f64(count * (nanos as f64 / 1e9)).map_err(|_| expected())?;
        total = total.checked_add(part).ok_or_else(expected)?;
        if after.is_empty() {
            return Ok(total);
        }
        rest = after;
    }
}

/// `4096`, `64KiB`, `1MiB`, `2G`: bytes. Units are powers of 1024, with or without `iB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let expected = || format!("{text:?} is no size: expected one such as 4096, 64KiB, 1MiB or 2GiB");
    let (number, unit) = split_number(text);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(expected()),
    };
    let count: u64 = number.parse().map_err(|_| expected())?;
    count.checked_mul(1 << shift).ok_or_else(expected)
}

fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len()))
}

/// A span in few characters: `0.4 s`, `37 s`, `2 min 5 s`, `10 years`. A wait is never said shorter than it is
/// by more than its last figure.
pub(crate) fn spoken(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    match seconds {
        _ if span < Duration::from_secs(10) && span.subsec_nanos() > 0 => {
            format!("{:.1} s", span.as_secs_f64())
        }
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min {} s", seconds / 60, seconds % 60),
        7200..172_800 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        172_800..63_072_000 => format!("{} days", seconds / 86_400),
        _ => format!("{} years", seconds / 31_536_000),
    }
}

/// A span that has passed, in few characters: the last figure is cut off, not rounded up.
pub(crate) fn passed(span: Duration) -> String {
    spoken(if span < Duration::from_secs(10) { span } else { Duration::from_secs(span.as_secs()) })
}

/// How often something happened: `once`, `3 times`.
pub(crate) fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// A size in few characters: `512 B`, `64 KiB`, `1.5 MiB`.
pub(crate) fn spoken_size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return format!("{bytes} B"),
        1024..1_048_576 => (1024.0, "KiB"),
        1_048_576..1_073_741_824 => (1_048_576.0, "MiB"),
        _ => (1_073_741_824.0, "GiB"),
    };
    let count = bytes as f64 / unit;
    if count.fract() == 0.0 { format!("{count} {name}") } else { format!("{count:.1} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_duration(text: &str, millis: Option<u64>) {
        assert_eq!(duration(text).ok(), millis.map(Duration::from_millis), "{text:?}");
    }

    #[test]
    fn durations_read_as_people_write_them() {
        check_duration("250ms", Some(250));
        check_duration("30s", Some(30_000));
        check_duration("30", Some(30_000));
        check_duration("1.5m", Some(90_000));
        check_duration("1h30m", Some(5_400_000));
        check_duration("2d", Some(172_800_000));
        check_duration("0", Some(0));
        for text in ["", "s", "10 s", "-1s", "1h30", "5 minutes", "1..2s", "9e9s", "99999999999999999999999d"]
        {
            check_duration(text, None);
        }
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        for (text, bytes) in [("4096", 4096), ("64KiB", 65_536), ("1m", 1 << 20), ("2GB", 2 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text:?}");
        }
        for text in ["", "KiB", "1.5M", "-1", "1T", "18446744073709551615G"] {
            assert!(size(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn spans_and_sizes_are_said_in_few_characters() {
        let said =
            [350, 4000, 37_000, 36_001, 125_000, 90_000_000, 315_360_000_000].map(Duration::from_millis);
        assert_eq!(said.map(spoken), ["0.3 s", "4 s", "37 s", "37 s", "2 min 5 s", "25 h 0 min", "10 years"]);
        assert_eq!(passed(Duration::from_millis(36_999)), "36 s");
        assert_eq!([512, 65_536, 1_572_864].map(spoken_size), ["512 B", "64 KiB", "1.5 MiB"]);
    }
}
