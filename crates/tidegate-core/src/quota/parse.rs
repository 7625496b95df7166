//! Quotas as people write them: `300 per minute, burst 50`. Never here: what a quota means.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use super::{Quota, QuotaError, Shape};

/// What quotas look like, for messages.
const EXAMPLES: &str = "`300 per minute, burst 50`, `5/s`, `100 per 10 seconds, sliding`";

impl FromStr for Quota {
    type Err = ParseQuotaError;

    /// Reads `AMOUNT per [COUNT] UNIT`, then `, burst N` or a shape: `bucket` (the default), `fixed`,
    /// `opened`, `sliding`, `log`. `/` stands for `per`; digits may be grouped by `_`.
    ///
    /// # Errors
    /// Says what was expected, and at which byte.
    fn from_str(text: &str) -> Result<Quota, ParseQuotaError> {
        let mut words = Words { text, at: 0 };
        let amount = words.number("an amount, such as 300")?;
        words.per()?;
        let window = words.window()?;
        let mut quota = Quota::new(amount, window).map_err(|error| ParseQuotaError::impossible(0, error))?;
        while !words.is_at_end() {
            words.comma()?;
            quota = words.option(quota)?;
        }
        Ok(quota)
    }
}

impl fmt::Display for Quota {
    /// The way [`Quota`] is read, so that it can be read back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = largest_unit(self.window_ns);
        write!(f, "{} per ", self.amount)?;
        match count {
            1 => f.write_str(unit)?,
            _ => write!(f, "{count} {unit}s")?,
        }
        if self.shape == Shape::Bucket && self.burst != self.amount {
            write!(f, ", burst {}", self.burst)?;
        }
        match self.shape {
            Shape::Bucket => Ok(()),
            Shape::Fixed => f.write_str(", fixed"),
            Shape::Opened => f.write_str(", opened"),
            Shape::Sliding => f.write_str(", sliding"),
            Shape::Log => f.write_str(", log"),
        }
    }
}

/// The units of time, with every spelling that is read; the first is written.
const UNITS: [(&[&str], u64); 8] = [
    (&["week", "weeks", "w"], 604_800_000_000_000),
    (&["day", "days", "d"], 86_400_000_000_000),
    (&["hour", "hours", "hr", "h"], 3_600_000_000_000),
    (&["minute", "minutes", "min", "m"], 60_000_000_000),
    (&["second", "seconds", "sec", "s"], 1_000_000_000),
    (&["millisecond", "milliseconds", "ms"], 1_000_000),
    (&["microsecond", "microseconds", "us"], 1_000),
    (&["nanosecond", "nanoseconds", "ns"], 1),
];

fn largest_unit(nanos: u64) -> (u64, &'static str) {
    let fitting = UNITS.iter().find(|(_, length)| nanos.is_multiple_of(*length));
    fitting.map_or((nanos, "nanosecond"), |(names, length)| (nanos / length, names[0]))
}

/// A quota that couldn't be read: what was expected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseQuotaError {
    at: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Expected(&'static str),
    TooLarge,
    Impossible(QuotaError),
}

impl ParseQuotaError {
    /// Where in the text, as a byte offset: at the first byte that couldn't be read.
    pub const fn offset(&self) -> usize {
        self.at
    }

    const fn expected(at: usize, what: &'static str) -> Self {
        ParseQuotaError { at, kind: Kind::Expected(what) }
    }

    const fn impossible(at: usize, error: QuotaError) -> Self {
        ParseQuotaError { at, kind: Kind::Impossible(error) }
    }
}

impl fmt::Display for ParseQuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Expected(what) => write!(f, "expected {what}, at column {}", self.at + 1)?,
            Kind::TooLarge => write!(f, "the number at column {} is too large to count", self.at + 1)?,
            Kind::Impossible(error) => return write!(f, "{error}"),
        }
        write!(f, "; a quota is written like {EXAMPLES}")
    }
}

impl core::error::Error for ParseQuotaError {}

/// The text, and how far it is read.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty()
    }

    /// The longest run from here of characters that `is_part` takes.
    fn run(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn word(&mut self) -> (usize, &'a str) {
        self.skip_space();
        (self.at, self.run(|c| c.is_ascii_alphabetic()))
    }

    fn number(&mut self, what: &'static str) -> Result<u64, ParseQuotaError> {
        self.skip_space();
        let start = self.at;
        let digits = self.run(|c| c.is_ascii_digit() || c == '_');
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(ParseQuotaError::expected(start, what));
        }
        let digit = |c: char| c.to_digit(10).map(u64::from);
        let value = digits
            .chars()
            .filter_map(digit)
            .try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(digit));
        value.ok_or(ParseQuotaError { at: start, kind: Kind::TooLarge })
    }

    fn per(&mut self) -> Result<(), ParseQuotaError> {
        self.skip_space();
        if self.rest().starts_with('/') {
            self.at += 1;
            return Ok(());
        }
        match self.word() {
            (_, word) if word.eq_ignore_ascii_case("per") => Ok(()),
            (at, _) => Err(ParseQuotaError::expected(at, "`per` or `/`")),
        }
    }

    fn window(&mut self) -> Result<Duration, ParseQuotaError> {
        self.skip_space();
        let start = self.at;
        let counted = self.rest().starts_with(|c: char| c.is_ascii_digit());
        let count = if counted { self.number("a number of units")? } else { 1 };
        let (at, unit) = self.word();
        let named = |(names, _): &&(&[&str], u64)| names.iter().any(|name| name.eq_ignore_ascii_case(unit));
        let Some((_, length)) = UNITS.iter().find(named) else {
            return Err(ParseQuotaError::expected(at, "a unit of time: s, min, h, day, week, ms, us or ns"));
        };
        let nanos = count.checked_mul(*length).ok_or(ParseQuotaError { at: start, kind: Kind::TooLarge })?;
        Ok(Duration::from_nanos(nanos))
    }

    fn comma(&mut self) -> Result<(), ParseQuotaError> {
        if !self.rest().starts_with(',') {
            return Err(ParseQuotaError::expected(self.at, "a comma, or the end"));
        }
        self.at += 1;
        Ok(())
    }

    fn option(&mut self, quota: Quota) -> Result<Quota, ParseQuotaError> {
        let (at, word) = self.word();
        let made = match word {
            "burst" => quota.with_burst(self.number("the burst, a number")?),
            "bucket" => quota.with_shape(Shape::Bucket),
            "fixed" => quota.with_shape(Shape::Fixed),
            "opened" => quota.with_shape(Shape::Opened),
            "sliding" => quota.with_shape(Shape::Sliding),
            "log" => quota.with_shape(Shape::Log),
            _ => {
                let what = "`burst N`, `bucket`, `fixed`, `opened`, `sliding` or `log`";
                return Err(ParseQuotaError::expected(at, what));
            }
        };
        made.map_err(|error| ParseQuotaError::impossible(at, error))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[track_caller]
    fn check(text: &str, amount: u64, seconds: f64, burst: u64, shape: Shape) {
        let quota: Quota = text.parse().unwrap();
        assert_eq!((quota.amount(), quota.burst(), quota.shape()), (amount, burst, shape), "{text}");
        assert_eq!(quota.window(), Duration::from_secs_f64(seconds), "{text}");
        assert_eq!(quota.to_string().parse(), Ok(quota), "{text} is written as {quota}");
    }

    #[track_caller]
    fn check_refused(text: &str, offset: usize, part: &str) {
        let error = text.parse::<Quota>().unwrap_err();
        assert_eq!(error.offset(), offset, "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }

    #[test]
    fn quotas_are_written_as_people_say_them() {
        check("300 per minute, burst 50", 300, 60.0, 50, Shape::Bucket);
        check("5/s", 5, 1.0, 5, Shape::Bucket);
        check("10000 per day", 10_000, 86_400.0, 10_000, Shape::Bucket);
        check(" 10_000  PER day , fixed", 10_000, 86_400.0, 10_000, Shape::Fixed);
        check("100 per 10 seconds, sliding", 100, 10.0, 100, Shape::Sliding);
        check("100/10s,log", 100, 10.0, 100, Shape::Log);
        check("7 per 250ms, opened", 7, 0.25, 7, Shape::Opened);
        check("1 per 2 weeks", 1, 1_209_600.0, 1, Shape::Bucket);
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        check_refused("", 0, "expected an amount");
        check_refused("ten per second", 0, "expected an amount");
        check_refused("300 a minute", 4, "`per` or `/`");
        check_refused("300 per minut", 8, "a unit of time");
        check_refused("300 per", 7, "a unit of time");
        check_refused("300 per minute burst 50", 15, "a comma");
        check_refused("300 per minute, brust 50", 16, "`burst N`");
        check_refused("300 per minute, burst", 21, "the burst, a number");
        check_refused("-1 per s", 0, "expected an amount");
        check_refused("1.5 per s", 1, "`per` or `/`");
        check_refused("0 per s", 0, "at least 1");
        check_refused("1 per 0 s", 0, "no time");
        check_refused("99999999999999999999 per s", 0, "too large");
        check_refused("1 per 99999999999999 weeks", 6, "too large");
        check_refused("1 per s, fixed, burst 3", 16, "only a bucket");
        check_refused("9999999 per day, log", 17, "sliding");
        check_refused("5/s, burst é", 11, "the burst, a number");
    }
}
