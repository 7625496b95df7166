//! Where a value stands in an answer, as a row of the table writes it. Never here: a value.

use std::fmt;
use std::str::FromStr;

use http::HeaderName;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::Pointer;
use crate::value::Format;

/// Where a value stands, and how it is written there.
///
/// | as text | means |
/// | --- | --- |
/// | `retry-after-ms as ms` | a field, and the format of its value (seconds or a plain number if none is given) |
/// | `ratelimit-limit[w]` | the parameter `w` of a field's value |
/// | `zendesk-ratelimit-*[total]` | the parameter of all fields whose names begin so |
/// | `body:/error/details/*/retryDelay as duration` | a path into a JSON body; `*` is any element |
/// | `body` | the whole body, as text |
/// | a plain number | that number, which the provider's documentation tells and no answer does |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) place: Place,
    pub(crate) part: Option<String>,
    pub(crate) format: Format,
}

/// Which bytes of an answer a source is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The lines of a field.
    Field(HeaderName),
    /// The lines of all fields whose names begin so.
    FieldsLike(String),
    /// The values in a JSON body.
    Json(Pointer),
    /// The whole body.
    Body,
    /// In no answer: the table knows it.
    Known(u64),
}

impl Source {
    /// Whether it looks at the body.
    pub(crate) fn is_in_body(&self) -> bool {
        matches!(self.place, Place::Json(_) | Place::Body)
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Source, String> {
        let (place, format) = match text.split_once(" as ") {
            Some((place, format)) => (place.trim(), format.trim().parse()?),
            None => (text.trim(), Format::Seconds),
        };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{text:?} is a number: write it without quotes"));
        }
        let (place, part) = match place.strip_suffix(']').and_then(|place| place.split_once('[')) {
            Some((_, "")) => {
                return Err(format!("{text:?} names no parameter: write one between the brackets"));
            }
            Some((place, part)) => (place, Some(part.to_owned())),
            None => (place, None),
        };
        Ok(Source { place: place.parse()?, part, format })
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        if text == "body" {
            return Ok(Place::Body);
        }
        if let Some(path) = text.strip_prefix("body:") {
            let hint = || format!("{path:?} is no path into a body: write it like \"body:/error/code\"");
            return Pointer::new(path).map(Place::Json).ok_or_else(hint);
        }
        let (name, is_beginning) = match text.strip_suffix('*') {
            Some(beginning) => (beginning, true),
            None => (text, false),
        };
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("{text:?} is neither the name of a header field nor \"body:/path\""))?;
        Ok(if is_beginning { Place::FieldsLike(name.as_str().to_owned()) } else { Place::Field(name) })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Field(name) => f.write_str(name.as_str()),
            Place::FieldsLike(beginning) => write!(f, "{beginning}*"),
            Place::Json(pointer) => write!(f, "body:{pointer}"),
            Place::Body => f.write_str("body"),
            Place::Known(number) => number.fmt(f),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)?;
        if let Some(part) = &self.part {
            write!(f, "[{part}]")?;
        }
        if self.format == Format::Seconds { Ok(()) } else { write!(f, " as {}", self.format) }
    }
}

/// Several places for one value: the first that holds a readable one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(pub(crate) Vec<Source>);

impl Sources {
    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sources, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads a text, a number, or a list of texts.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Sources;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a header field, \"body:/path\", a number, or a list of such names")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Sources, E> {
        Ok(Sources(vec![text.parse().map_err(E::custom)?]))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Sources, E> {
        let number = u64::try_from(number)
            .map_err(|_| E::custom(format!("{number} is less than nothing: write a positive number")))?;
        Ok(Sources(vec![Source { place: Place::Known(number), part: None, format: Format::Seconds }]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sources, A::Error> {
        let mut sources = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            sources.push(text.parse().map_err(de::Error::custom)?);
        }
        Ok(Sources(sources))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_written_as_it_was_read() {
        for text in [
            "retry-after-ms as ms",
            "ratelimit-limit[w]",
            "zendesk-ratelimit-*[resets]",
            "body:/error/details/*/retryDelay as duration",
            "body",
        ] {
            let source: Source = text.parse().expect("a source");
            assert_eq!(source.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_source_is_told() {
        for (text, told) in [
            ("two words", "neither the name of a header field"),
            ("", "neither the name of a header field"),
            ("body:error", "no path into a body"),
            ("60", "without quotes"),
            ("x-left[]", "names no parameter"),
            ("x-reset as fortnights", "fortnights"),
        ] {
            let error = Source::from_str(text).expect_err(text);
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }
}
