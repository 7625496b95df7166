//! The names of the formats in which a value tells a wait. Never here: how one is read.

use std::fmt;
use std::str::FromStr;

/// How a value tells a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `30`, `64.57`: seconds from now.
    Seconds,
    /// `1250`, `0.5`: milliseconds from now.
    Millis,
    /// `6m0s`, `120ms`: a Go or protobuf duration from now.
    Duration,
    /// `1700000000`, `1470173023.123`: an instant in seconds since 1970.
    Epoch,
    /// `1700000000000`: an instant in milliseconds since 1970.
    EpochMillis,
    /// An HTTP-date, an RFC 3339 timestamp or a JavaScript date.
    Date,
    /// Whichever it seems to be, for providers that nobody has described.
    Any,
    /// Sentry's list of limits per category.
    Categories,
}

impl Format {
    /// All formats.
    pub(crate) const ALL: [Format; 8] = [
        Format::Seconds,
        Format::Millis,
        Format::Duration,
        Format::Epoch,
        Format::EpochMillis,
        Format::Date,
        Format::Any,
        Format::Categories,
    ];

    /// The name by which tables of dialects call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Format::Seconds => "seconds",
            Format::Millis => "ms",
            Format::Duration => "duration",
            Format::Epoch => "epoch",
            Format::EpochMillis => "epoch-ms",
            Format::Date => "date",
            Format::Any => "any",
            Format::Categories => "categories",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of_name = Format::ALL.into_iter().find(|format| format.name() == text);
        of_name.ok_or_else(|| {
            let names = Format::ALL.map(Format::name).join(", ");
            format!("{text:?} is no format of a wait: write one of {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_the_name_it_shows() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
    }

    #[test]
    fn an_unknown_name_is_told_which_names_there_are() {
        let error = "Seconds".parse::<Format>().expect_err("names are written in lower case");
        assert_eq!(
            error,
            "\"Seconds\" is no format of a wait: write one of seconds, ms, duration, epoch, epoch-ms, date, any, \
             categories"
        );
    }
}
