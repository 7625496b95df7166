//! Amounts with units as people write them: `256 MiB`, `500ms`. Never here: quotas, a default.

use std::time::Duration;

use super::written::{Misread, Readable};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

/// Units of bytes, with their sizes.
const OF_BYTES: [(&[&str], u64); 7] = [
    (&["b", "byte", "bytes", ""], 1),
    (&["kib", "k"], 1 << 10),
    (&["mib", "m"], 1 << 20),
    (&["gib", "g"], 1 << 30),
    (&["kb"], 1_000),
    (&["mb"], 1_000_000),
    (&["gb"], 1_000_000_000),
];

/// Units of time, with their lengths in nanoseconds.
const OF_TIME: [(&[&str], u64); 7] = [
    (&["ns"], 1),
    (&["us"], 1_000),
    (&["ms", "millisecond", "milliseconds"], 1_000_000),
    (&["s", "sec", "second", "seconds"], 1_000_000_000),
    (&["m", "min", "minute", "minutes"], 60_000_000_000),
    (&["h", "hr", "hour", "hours"], 3_600_000_000_000),
    (&["d", "day", "days"], 86_400_000_000_000),
];

/// The longest span that is taken: a year.
const LONGEST_NS: f64 = 365.0 * 86_400.0 * 1e9;

impl Readable for Bytes {
    const NAME: &'static str = "size";
    const EXPECTED: &'static str = "a size, such as \"16 KiB\" or \"256 MiB\"";

    fn read(text: &str) -> Result<Bytes, Misread> {
        let units = "the units are B, KiB, MiB, GiB, and kB, MB, GB for thousands";
        let size = amount(text, &OF_BYTES, Self::EXPECTED).map_err(|misread| misread.hint(units))?;
        if size > (1u64 << 53) as f64 {
            return Err(Misread::new(format_args!("`{text}` is more bytes than there are")));
        }
        Ok(Bytes(size.round() as u64))
    }
}

impl Readable for Duration {
    const NAME: &'static str = "span";
    const EXPECTED: &'static str = "a span of time, such as \"500ms\", \"2s\" or \"1m\"";

    fn read(text: &str) -> Result<Duration, Misread> {
        let units = "the units are ms, s, m (min), h and d";
        let nanos = amount(text, &OF_TIME, Self::EXPECTED).map_err(|misread| misread.hint(units))?;
        if nanos > LONGEST_NS {
            return Err(Misread::new(format_args!("`{text}` is longer than a year")));
        }
        Ok(Duration::from_nanos(nanos.round() as u64))
    }
}

fn amount(text: &str, units: &[(&[&str], u64)], expected: &str) -> Result<f64, Misread> {
    let unread = |at: usize| Misread::new(format_args!("expected {expected}")).at(at);
    let start = text.len() - text.trim_start().len();
    let rest = &text[start..];
    let digits = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(rest.len());
    let (number, unit) = rest.split_at(digits);
    let number: f64 = number.parse().map_err(|_| unread(start))?;
    let word = unit.trim().to_ascii_lowercase();
    let known = units.iter().find(|(names, _)| names.contains(&word.as_str()));
    let at = start + digits + (unit.len() - unit.trim_start().len());
    let (_, each) = known.ok_or_else(|| unread(at))?;
    Ok(number * *each as f64)
}

/// Writes a size for people, in the largest unit of which it is a whole number.
pub(crate) fn write_bytes(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, size)| bytes >= *size && bytes.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{} {unit}", bytes / size),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        let size = |text: &str| Bytes::read(text).unwrap().0;
        assert_eq!(size("256 MiB"), 256 << 20);
        assert_eq!(size("16KiB"), 16 << 10);
        assert_eq!(size("1.5 GiB"), 3 << 29);
        assert_eq!(size(" 10 MB "), 10_000_000);
        assert_eq!(size("512"), 512);
        assert_eq!(write_bytes(256 << 20), "256 MiB");
        assert_eq!(write_bytes(1025), "1025 B");
        assert_eq!(write_bytes(0), "0 B");
    }

    #[test]
    fn spans_are_read() {
        let span = |text: &str| Duration::read(text).unwrap();
        assert_eq!(span("500ms"), Duration::from_millis(500));
        assert_eq!(span("1.5 s"), Duration::from_millis(1_500));
        assert_eq!(span("2 Minutes"), Duration::from_secs(120));
        assert_eq!(span("0s"), Duration::ZERO);
    }

    #[track_caller]
    fn check_refused<T: Readable + std::fmt::Debug>(text: &str, at: Option<usize>, part: &str) {
        let misread = T::read(text).unwrap_err();
        assert_eq!(misread.at, at, "{misread:?}");
        assert!(misread.message.contains(part), "{misread:?}");
    }

    #[test]
    fn what_is_none_is_refused_where_it_goes_wrong() {
        check_refused::<Bytes>("", Some(0), "a size");
        check_refused::<Bytes>("lots", Some(0), "a size");
        check_refused::<Bytes>("16 kilo", Some(3), "a size");
        check_refused::<Bytes>("-1 B", Some(0), "a size");
        check_refused::<Bytes>("99999999 GiB", None, "more bytes");
        check_refused::<Duration>("2", Some(1), "a span");
        check_refused::<Duration>("1..5 s", Some(0), "a span");
        check_refused::<Duration>("soon", Some(0), "a span");
        check_refused::<Duration>("9999 d", None, "a year");
    }
}
