//! What must hold of an answer for a rule to fit, as a row of the table writes it. Never here: a rule's meaning.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::Source;

/// A condition on a field or a body.
///
/// | as text | holds if |
/// | --- | --- |
/// | `retry-after` | it is there, even if empty |
/// | `no body:/data` | it isn't there, or null |
/// | `x-ratelimit-remaining = 0` | one of its values is this, or one of several: `= a \| b` |
/// | `body:/message ~ secondary rate limit` | one of its values contains this, or one of several |
///
/// Letters compare in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub(crate) source: Source,
    pub(crate) test: Test,
    written: String,
}

/// What a value must be like; one of the texts, in lower case, has to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Present,
    /// Nothing stands there, or null.
    Absent,
    Is(Vec<String>),
    Contains(Vec<String>),
}

impl Test {
    /// Whether a value that is there passes.
    pub(crate) fn passes(&self, value: &[u8]) -> bool {
        let value = String::from_utf8_lossy(value).to_lowercase();
        match self {
            Test::Present => true,
            Test::Absent => false,
            Test::Is(texts) => texts.iter().any(|text| text == value.trim()),
            Test::Contains(texts) => texts.iter().any(|text| value.contains(text)),
        }
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Condition, String> {
        let texts = |texts: &str| {
            let texts: Vec<String> = texts.split('|').map(|text| text.trim().to_lowercase()).collect();
            let hint = || format!("{text:?} asks for an empty text: write one between all bars");
            if texts.iter().any(String::is_empty) { Err(hint()) } else { Ok(texts) }
        };
        let (source, test) = if let Some(source) = text.strip_prefix("no ") {
            (source, Test::Absent)
        } else if let Some((source, wanted)) = text.split_once(" = ") {
            (source, Test::Is(texts(wanted)?))
        } else if let Some((source, wanted)) = text.split_once(" ~ ") {
            (source, Test::Contains(texts(wanted)?))
        } else {
            (text, Test::Present)
        };
        Ok(Condition { source: source.parse()?, test, written: text.to_owned() })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Condition, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
