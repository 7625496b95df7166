//! A scenario read from text and checked, with the place of what is wrong. Never here: what it means.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::{Scenario, What};

/// The most servers of a fleet.
const MOST_SERVERS: u32 = 1_000;

impl FromStr for Scenario {
    type Err = ScenarioError;

    /// Reads a scenario file (TOML).
    ///
    /// # Errors
    /// Says what was expected, with the line and column.
    fn from_str(text: &str) -> Result<Scenario, ScenarioError> {
        let placed = |place: Option<Range<usize>>, message: String| {
            let place = place.map(|span| line_and_column(text, span.start));
            ScenarioError { place, message }
        };
        let scenario: Scenario =
            toml::from_str(text).map_err(|error| placed(error.span(), error.message().trim().to_owned()))?;
        scenario.faults().map_err(|(entry, message)| placed(span_of(text, entry), message))?;
        Ok(scenario)
    }
}

/// The line and column, from 1, of a byte.
fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A scenario that can't be: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    place: Option<(usize, usize)>,
    message: String,
}

impl ScenarioError {
    /// The line and column, from 1, if the scenario came from a text.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScenarioError {}

/// A part of a scenario that can be wrong by itself or with the others.
#[derive(Clone, Copy)]
enum Entry {
    Servers,
    Latency,
    Limit(usize),
    Change(usize),
    Resets(usize),
    Work,
}

/// The parts again, only to know where they stand. Read when something is wrong with one.
#[derive(Deserialize)]
struct Places {
    servers: Option<Spanned<IgnoredAny>>,
    latency: Option<Spanned<IgnoredAny>>,
    #[serde(default)]
    limit: Vec<Spanned<IgnoredAny>>,
    #[serde(default)]
    change: Vec<Spanned<IgnoredAny>>,
    #[serde(default)]
    resets: Vec<Spanned<IgnoredAny>>,
    work: Option<Spanned<IgnoredAny>>,
}

fn span_of(text: &str, entry: Entry) -> Option<Range<usize>> {
    let places: Places = toml::from_str(text).ok()?;
    let found = match entry {
        Entry::Servers => places.servers.as_ref(),
        Entry::Latency => places.latency.as_ref(),
        Entry::Limit(index) => places.limit.get(index),
        Entry::Change(index) => places.change.get(index),
        Entry::Resets(index) => places.resets.get(index),
        Entry::Work => places.work.as_ref(),
    };
    found.map(Spanned::span)
}

impl Scenario {
    /// Whether the parts fit together. Files are checked when they are read.
    ///
    /// # Errors
    /// Says which part doesn't fit, and what was expected.
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.faults().map_err(|(_, message)| ScenarioError { place: None, message })
    }

    fn faults(&self) -> Result<(), (Entry, String)> {
        if !(1..=MOST_SERVERS).contains(&self.servers) {
            let message = format!("expected 1 to {MOST_SERVERS} servers, not {}", self.servers);
            return Err((Entry::Servers, message));
        }
        if let Some(tail) = self.latency.tail {
            share("the tail", tail.share).map_err(|message| (Entry::Latency, message))?;
        }
        for index in 0..self.limits.len() {
            self.check_limit(index).map_err(|message| (Entry::Limit(index), message))?;
        }
        for (index, change) in self.changes.iter().enumerate() {
            self.check_change(&change.what).map_err(|message| (Entry::Change(index), message))?;
        }
        for (index, resets) in self.resets.iter().enumerate() {
            share("the resets", resets.share).map_err(|message| (Entry::Resets(index), message))?;
        }
        let work = &self.work;
        if work.processes == 0 || work.tokens == 0 || work.workers == 0 {
            return Err((Entry::Work, "expected at least one process, one token and one worker".to_owned()));
        }
        Ok(())
    }

    fn check_limit(&self, index: usize) -> Result<(), String> {
        let limit = &self.limits[index];
        if self.limits[..index].iter().any(|other| other.name == limit.name) {
            return Err(format!("two limits are called `{}`: give one another `name`", limit.name));
        }
        let dearest = limit.costs.iter().map(|rule| rule.is).fold(limit.cost, u64::max);
        if dearest > limit.quota.burst() {
            let most = limit.quota.burst();
            return Err(format!("a call of cost {dearest} could never pass: the quota holds at most {most}"));
        }
        if !(0.0..=1e6).contains(&limit.noise) {
            return Err(format!("expected a noise of 0 to 1000000 calls a second, not {}", limit.noise));
        }
        Ok(())
    }

    fn check_change(&self, what: &What) -> Result<(), String> {
        match what {
            What::Limit(name, _) if !self.limits.iter().any(|limit| limit.name == *name) => {
                let names: Vec<&str> = self.limits.iter().map(|limit| limit.name.as_str()).collect();
                Err(format!("no limit is called `{name}`; there are: {}", names.join(", ")))
            }
            What::Leaves(server) if !(1..=self.servers_ever()).contains(server) => {
                Err(format!("there is no server {server} that could leave"))
            }
            What::Joins(server) if !(1..=MOST_SERVERS).contains(server) => {
                Err(format!("expected a server from 1 to {MOST_SERVERS}, not {server}"))
            }
            _ => Ok(()),
        }
    }
}

fn share(of: &str, share: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&share) {
        Ok(())
    } else {
        Err(format!("{of}: expected a share of 0 to 1, not {share}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, place: (usize, usize), part: &str) {
        let error = text.parse::<Scenario>().unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.place(), Some(place), "{error}");
    }

    const ROOMS: &str = "[[limit]]\nmatch = \"GET /v1/rooms\"\nquota = \"5/s\"\n";

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!("".parse::<Scenario>().unwrap(), Scenario::default());
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_column() {
        check_refused("servers = \"four\"", (1, 11), "expected u32");
        check_refused("\nserver = 4", (2, 1), "unknown field `server`");
        check_refused("servers = 0", (1, 11), "1 to 1000 servers");
        check_refused("retry_after = \"soon\"", (1, 15), "expected `honest`");
        check_refused("routing = \"rondom\"", (1, 11), "unknown variant");
        check_refused("[latency]\nbase = \"40\"", (2, 8), "a span of time");
        check_refused("[[limit]]\nmatch = \"rooms\"\nquota = \"5/s\"", (2, 9), "a method and a path");
        check_refused("[[limit]]\nmatch = \"GET /a\"\nquota = \"5 a s\"", (3, 9), "`per` or `/`");
        check_refused(&format!("{ROOMS}cost = 6"), (1, 1), "could never pass");
        check_refused(&format!("{ROOMS}{ROOMS}"), (4, 1), "two limits are called");
        check_refused("[work]\nworkers = 0", (1, 1), "one worker");
        check_refused(
            "[[resets]]\nat = \"1 s\"\nfor = \"1 s\"\nshare = 2.0\nwhen = \"after\"",
            (1, 1),
            "0 to 1",
        );
    }

    #[test]
    fn a_change_says_one_thing_that_exists() {
        check_refused(
            "[[change]]\nat = \"1 s\"\nlimit = \"room\"\ntimes = 2.0",
            (1, 1),
            "no limit is called `room`",
        );
        check_refused("[[change]]\nat = \"1 s\"\nleaves = 9", (1, 1), "no server 9");
        check_refused("[[change]]\nat = \"1 s\"", (1, 1), "one of");
        check_refused("[[change]]\nat = \"1 s\"\nleaves = 1\njoins = 2", (1, 1), "one of");
        assert!("[[change]]\nat = \"1 s\"\njoins = 5".parse::<Scenario>().is_ok());
    }
}
