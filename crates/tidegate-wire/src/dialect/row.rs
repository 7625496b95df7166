//! A row as it is written, with what it leaves out. Never here: a lookup.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use tidegate_core::Scope;

use super::Dialect;
use super::condition::Condition;
use super::label::Label;
use super::rule::{Meaning, Rule, Statuses};
use super::source::Sources;
use super::window::Window;

/// A row in a file. What it leaves out is as in the row that it is like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) like: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    rules: Vec<WrittenRule>,
    windows: Option<Vec<Window>>,
    waits: Option<Sources>,
    #[serde(default, deserialize_with = "span")]
    floor: Option<Duration>,
    scope: Option<Label>,
    bucket: Option<Sources>,
    #[serde(default, deserialize_with = "reach")]
    reach: Option<Scope>,
    source: String,
    note: Option<String>,
}

/// A rule in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    #[serde(default)]
    status: Statuses,
    #[serde(default)]
    when: Vec<Condition>,
    is: Meaning,
    #[serde(default, deserialize_with = "span")]
    wait: Option<Duration>,
    scope: Option<Label>,
    #[serde(default, deserialize_with = "reach")]
    reach: Option<Scope>,
}

impl Row {
    /// The whole row, with what it takes over from another. Its own rules come first.
    pub(super) fn complete(self, like: Option<&Dialect>) -> Dialect {
        let mut rules: Vec<Rule> = self.rules.into_iter().map(WrittenRule::complete).collect();
        rules.extend(like.into_iter().flat_map(|like| like.rules.iter().cloned()));
        Dialect {
            name: self.name,
            also: self.also,
            hosts: self.hosts,
            rules,
            windows: self.windows.or_else(|| Some(like?.windows.clone())).unwrap_or_default(),
            waits: self.waits.or_else(|| Some(like?.waits.clone())).unwrap_or_default(),
            floor: self.floor.or_else(|| Some(like?.floor)).unwrap_or_default(),
            scope: self.scope.or_else(|| Some(like?.scope.clone())).unwrap_or_default(),
            bucket: self.bucket.or_else(|| Some(like?.bucket.clone())).unwrap_or_default(),
            reach: self.reach.or_else(|| Some(like?.reach)).unwrap_or_default(),
            source: self.source,
            note: self.note,
        }
    }
}

impl WrittenRule {
    fn complete(self) -> Rule {
        Rule {
            statuses: self.status,
            when: self.when,
            meaning: self.is,
            wait: self.wait,
            scope: self.scope,
            reach: self.reach,
        }
    }
}

/// Seconds.
fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    deserializer.deserialize_any(Seconds).map(Some)
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds, such as 60 or 0.5, without quotes")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
        self.visit_f64(seconds as f64)
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
        let hint =
            || E::custom(format!("{seconds:e} s is no wait: write a number of seconds such as 60 or 0.5"));
        Duration::try_from_secs_f64(seconds).map_err(|_| hint())
    }
}

fn reach<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Scope>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "resource" => Ok(Some(Scope::Resource)),
        "origin" => Ok(Some(Scope::Origin)),
        other => Err(D::Error::custom(format!("{other:?} is no reach: write \"resource\" or \"origin\""))),
    }
}
