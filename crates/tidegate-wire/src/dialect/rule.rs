//! What an answer means by its status, fields and body, as a row of the table writes it. Never here: a wait's value.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use tidegate_core::Scope;

use super::condition::{Condition, Test};
use super::label::Label;

/// A rule: answers like this mean that.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// With which statuses it may fit.
    pub statuses: Statuses,
    /// What else must hold, all of it.
    pub when: Vec<Condition>,
    /// What the answer means then.
    pub meaning: Meaning,
    /// How long to wait if the answer doesn't say.
    pub wait: Option<Duration>,
    /// What the limit counts by, if it isn't what the row says.
    pub scope: Option<Label>,
    /// Which calls it is about, if it isn't what the row says.
    pub reach: Option<Scope>,
}

impl Rule {
    /// Whether any of its conditions is on the body.
    pub(crate) fn looks_at_body(&self) -> bool {
        self.when.iter().any(|condition| condition.source.is_in_body())
    }

    /// The condition that says why it fits: the first on something that is there.
    pub(crate) fn witness(&self) -> Option<&Condition> {
        self.when.iter().find(|condition| condition.test != Test::Absent)
    }

    /// Whether it takes every answer for a refusal, whatever it says.
    pub(crate) fn refuses_all(&self) -> bool {
        let refuses = !matches!(self.meaning, Meaning::Hint | Meaning::Passed);
        refuses && self.statuses.are_all() && self.when.iter().all(|condition| condition.test == Test::Absent)
    }
}

/// What an answer says about the limit behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The call was refused for its rate, with a wait or without.
    Limited,
    /// The call was refused for a limit that no waiting lifts: a human has to act.
    Terminal,
    /// The call was done, and the next ones are limited.
    LimitedAfter,
    /// The call was refused because the service can't serve it now, with a wait or without.
    Unavailable,
    /// The same if a wait is told, or meant: a `Retry-After` that can't be read tells none, but says as much of the
    /// call. Without either it is an answer like any other.
    UnavailableIfTold,
    /// The call passed. With a `Retry-After`, the next one should come no earlier.
    Hint,
    /// The call passed, and a `Retry-After` means nothing.
    Passed,
}

/// Some statuses, written as a list of codes and ranges: `[403, "500-599"]`. An empty list is every status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statuses(Vec<RangeInclusive<u16>>);

impl Statuses {
    /// Whether every status is one of them.
    pub(crate) fn are_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn has(&self, status: StatusCode) -> bool {
        self.0.is_empty() || self.0.iter().any(|range| range.contains(&status.as_u16()))
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("any");
        }
        self.0.iter().enumerate().try_for_each(|(at, range)| {
            f.write_str(if at == 0 { "" } else { ", " })?;
            match (range.start(), range.end()) {
                (from, to) if from == to => from.fmt(f),
                (from, to) => write!(f, "{from}-{to}"),
            }
        })
    }
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Statuses, D::Error> {
        deserializer.deserialize_seq(WrittenList)
    }
}

struct WrittenList;

impl<'de> Visitor<'de> for WrittenList {
    type Value = Statuses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of statuses, such as [403, \"500-599\"]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Statuses, A::Error> {
        let mut ranges = Vec::new();
        while let Some(Codes(range)) = list.next_element()? {
            ranges.push(range);
        }
        Ok(Statuses(ranges))
    }
}

/// One code or range of a list.
struct Codes(RangeInclusive<u16>);

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Codes, D::Error> {
        deserializer.deserialize_any(WrittenCodes)
    }
}

struct WrittenCodes;

impl Visitor<'_> for WrittenCodes {
    type Value = Codes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status such as 403 or a range such as \"500-599\"")
    }

    fn visit_i64<E: de::Error>(self, code: i64) -> Result<Codes, E> {
        self.visit_str(&code.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Codes, E> {
        let code = |text: &str| text.trim().parse().ok().filter(|code| (100..=999).contains(code));
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        match (code(from), code(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Codes(from..=to)),
            _ => Err(E::custom(format!("{text:?} is no status: write 403, or a range such as \"500-599\""))),
        }
    }
}
