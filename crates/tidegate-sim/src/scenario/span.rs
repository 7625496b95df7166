//! Spans of time as people write them: `40 ms`, `1.5 s`, `10 min`. Never here: instants, quotas.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// The units, the largest first, with their lengths in seconds.
const UNITS: [(&[&str], f64); 5] = [
    (&["day", "days", "d"], 86_400.0),
    (&["h", "hour", "hours"], 3_600.0),
    (&["min", "minute", "minutes", "m"], 60.0),
    (&["s", "second", "seconds", "sec"], 1.0),
    (&["ms", "millisecond", "milliseconds"], 0.001),
];

/// Reads a span of at most a century.
pub(crate) fn read(text: &str) -> Result<Duration, String> {
    let wanted = || format!("expected a span of time such as `40 ms`, `1.5 s` or `10 min`, not `{text}`");
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wanted)?;
    let (number, unit) = (&text[..split], text[split..].trim());
    let number: f64 = number.parse().map_err(|_| wanted())?;
    let named = |(names, _): &&(&[&str], f64)| names.contains(&unit);
    let (_, length) = UNITS.iter().find(named).ok_or_else(wanted)?;
    if number * length > 3.2e9 {
        return Err(format!("`{text}` is longer than a century"));
    }
    Ok(Duration::from_nanos((number * length * 1e9).round() as u64))
}

/// Writes a span for people, in the largest unit of which it is at least one.
pub(crate) fn write(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    let fits = UNITS.iter().find(|(_, length)| seconds >= *length);
    let (names, length) = fits.unwrap_or(&UNITS[4]);
    let number = format!("{:.3}", seconds / length);
    format!("{} {}", number.trim_end_matches('0').trim_end_matches('.'), names[0])
}

/// For serde: a span written as a string.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    read(&text).map_err(serde::de::Error::custom)
}

/// For serde: a span that may be left out.
pub(crate) fn deserialize_option<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, millis: u64, written: &str) {
        let span = read(text).unwrap();
        assert_eq!(span, Duration::from_millis(millis), "{text}");
        assert_eq!(write(span), written);
    }

    #[test]
    fn spans_are_read_and_written() {
        check("40 ms", 40, "40 ms");
        check("40ms", 40, "40 ms");
        check("1.5 s", 1_500, "1.5 s");
        check("10 minutes", 600_000, "10 min");
        check("90 min", 5_400_000, "1.5 h");
        check("0 s", 0, "0 ms");
        check("2 days", 172_800_000, "2 day");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "40", "ms", "-1 s", "1 fortnight", "1..5 s", "9999999 days"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
