//! What a limit counts by, as a row of the table writes it. Never here: what stands in its place in an answer.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::Source;

/// A label of parts with colons between them, such as `account:{x-ratelimit-category}`.
///
/// A part in braces is a [`Source`], or one of two words: `{policy}` is the name of the IETF policy that counts,
/// `{window}` that of the window with nothing left. A part that an answer doesn't tell is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(pub(crate) Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Told(Source),
    Policy,
    Window,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Label, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            // A colon within braces is part of a source.
            let end = match rest.strip_prefix('{') {
                Some(inner) => {
                    1 + inner.find('}').ok_or_else(|| format!("{text:?} lacks a closing brace"))?
                }
                None => 0,
            };
            let end = rest[end..].find(':').map_or(rest.len(), |colon| end + colon);
            parts.push(rest[..end].parse()?);
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        Ok(Label(parts))
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Part, String> {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            None if text.contains(['{', '}']) => {
                Err(format!("{text:?} mixes words and braces: put a colon between them"))
            }
            None => Ok(Part::Text(text.to_owned())),
            Some("policy") => Ok(Part::Policy),
            Some("window") => Ok(Part::Window),
            Some(source) => source.parse().map(Part::Told),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Text(text) => f.write_str(text),
            Part::Told(source) => write!(f, "{{{source}}}"),
            Part::Policy => f.write_str("{policy}"),
            Part::Window => f.write_str("{window}"),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, part)| {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{part}")
        })
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Label, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_written_as_it_was_read() {
        for text in ["token+resource", "account:{x-ratelimit-category}", "{body:/error/type}:{window}", ""] {
            assert_eq!(text.parse::<Label>().expect("a label").to_string(), text);
        }
        assert!("{window".parse::<Label>().is_err());
        assert!("a{window}b".parse::<Label>().is_err());
    }
}
