//! What a refusal says about the wait, and what answers announce. Never here: how they are written in HTTP.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::span;

/// What a refusal says about the wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    /// The wait in whole seconds, rounded up, at least 1.
    #[default]
    Honest,
    /// The instant as a date, rounded up to the second.
    Date,
    /// Nothing.
    Missing,
    /// Something that can't be read.
    Garbage,
    /// Less than the wait, by so much.
    TooShort(Duration),
    /// More than the wait, by so much.
    TooLong(Duration),
}

impl FromStr for RetryAfter {
    type Err = String;

    /// Reads `honest`, `date`, `missing`, `garbage`, `too short by 2 s` or `too long by 2 s`.
    fn from_str(text: &str) -> Result<RetryAfter, String> {
        if let Some(by) = text.strip_prefix("too short by ") {
            return span::read(by).map(RetryAfter::TooShort);
        }
        if let Some(by) = text.strip_prefix("too long by ") {
            return span::read(by).map(RetryAfter::TooLong);
        }
        match text {
            "honest" => Ok(RetryAfter::Honest),
            "date" => Ok(RetryAfter::Date),
            "missing" => Ok(RetryAfter::Missing),
            "garbage" => Ok(RetryAfter::Garbage),
            _ => Err(format!(
                "expected `honest`, `date`, `missing`, `garbage`, `too short by SPAN` or `too long by SPAN`, \
                 not `{text}`"
            )),
        }
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RetryAfter::Honest => f.write_str("honest"),
            RetryAfter::Date => f.write_str("date"),
            RetryAfter::Missing => f.write_str("missing"),
            RetryAfter::Garbage => f.write_str("garbage"),
            RetryAfter::TooShort(by) => write!(f, "too short by {}", span::write(*by)),
            RetryAfter::TooLong(by) => write!(f, "too long by {}", span::write(*by)),
        }
    }
}

/// What answers announce about the limit they were judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Announce {
    /// Nothing: the limit shows only by refusing.
    #[default]
    Nothing,
    /// How much it allows, what is left, and in how long there is more.
    Figures,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_as_it_is_written() {
        for text in ["honest", "date", "missing", "garbage", "too short by 2 s", "too long by 1.5 s"] {
            assert_eq!(text.parse::<RetryAfter>().unwrap().to_string(), text);
        }
        assert!("soon".parse::<RetryAfter>().unwrap_err().contains("expected `honest`"));
    }
}
