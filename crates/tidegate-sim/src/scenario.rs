//! A played world as a value: its servers, limits, habits and troubles. Never here: a state, a draw, a client.

mod event;
mod file;
mod limit;
mod pattern;
mod random;
pub(crate) mod span;
mod told;
mod verdict;
mod work;

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

pub use event::{Alter, Change, Outage, Resets, What, When};
pub use file::ScenarioError;
pub use limit::{Above, CostRule, Limit, LimitError, Per};
pub use pattern::Pattern;
pub use told::{Announce, RetryAfter};
pub use verdict::{Rest, Verdict};
pub(crate) use work::is_safe;
pub use work::{Keys, Target, Work};

use crate::chance::Chance;

/// A world to play: everything about it but the chance, which is a seed.
///
/// Read it from a file with [`str::parse`], or begin with the default: four servers behind random routing, with
/// limits that only show by refusing.
///
/// ```
/// use tidegate_sim::Scenario;
/// let scenario: Scenario = r#"
///     servers = 2
///     [[limit]]
///     match = "GET /v1/rooms"
///     quota = "300 per minute, burst 50"
/// "#.parse().unwrap();
/// assert_eq!(scenario.limits[0].quota.burst(), 50);
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What tables call it.
    pub name: String,
    /// How many servers there are at the start, numbered from 1.
    pub servers: u32,
    /// How a call finds its server.
    pub routing: Routing,
    /// The limits of each token.
    #[serde(rename = "limit")]
    pub limits: Vec<Limit>,
    /// What a refusal says about the wait.
    #[serde(deserialize_with = "limit::text")]
    pub retry_after: RetryAfter,
    /// What answers announce about the limit.
    pub announce: Announce,
    /// How much of an upload has come when its verdict falls.
    pub verdict: Verdict,
    /// What becomes of the rest of an upload that is refused.
    pub rest: Rest,
    /// How long calls and answers travel.
    pub latency: Latency,
    /// What changes, and when.
    #[serde(rename = "change")]
    pub changes: Vec<Change>,
    /// When the whole API answers 503.
    #[serde(rename = "outage")]
    pub outages: Vec<Outage>,
    /// When connections break.
    pub resets: Vec<Resets>,
    /// What becomes of those who call while told to wait; nothing by default.
    pub abuse: Option<Abuse>,
    /// How much there is to fetch over HTTP.
    pub content: Content,
    /// What the played clients do.
    pub work: Work,
}

/// How a call finds its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// Any of them, as chance has it.
    #[default]
    Random,
    /// One after another.
    RoundRobin,
    /// Always the same one for a token, as long as it stays.
    Sticky,
}

impl fmt::Display for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Routing::Random => "random",
            Routing::RoundRobin => "round-robin",
            Routing::Sticky => "sticky",
        })
    }
}

/// How long a call and its answer travel. Half of the base and of the spread lies on either way.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// The least round trip.
    #[serde(deserialize_with = "span::deserialize")]
    pub base: Duration,
    /// What an evenly drawn part of is added.
    #[serde(deserialize_with = "span::deserialize")]
    pub spread: Duration,
    /// Some answers take far longer.
    pub tail: Option<Tail>,
}

/// Answers that take far longer than the others.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// The share of such answers.
    pub share: f64,
    /// The most that is added to one.
    #[serde(deserialize_with = "span::deserialize")]
    pub most: Duration,
}

impl Default for Latency {
    fn default() -> Latency {
        Latency { base: Duration::from_millis(40), spread: Duration::from_millis(30), tail: None }
    }
}

impl Latency {
    /// How long a call travels to the fleet.
    pub fn way_there(&self, chance: &mut Chance) -> Duration {
        self.base / 2 + chance.span(self.spread / 2)
    }

    /// How long an answer takes to be worked out and to travel back.
    pub fn way_back(&self, chance: &mut Chance) -> Duration {
        let usual = self.base / 2 + chance.span(self.spread / 2);
        match self.tail {
            Some(tail) if chance.happens(tail.share) => usual + chance.span(tail.most),
            _ => usual,
        }
    }
}

/// Who calls again and again while told to wait is shut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abuse {
    /// After so many calls that came while told to wait.
    pub after: u32,
    /// For so long.
    #[serde(rename = "for", deserialize_with = "span::deserialize")]
    pub lasts: Duration,
}

/// How many things of each kind exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Content {
    /// Rooms.
    pub rooms: u64,
    /// Messages.
    pub messages: u64,
    /// People.
    pub people: u64,
}

impl Default for Content {
    fn default() -> Content {
        Content { rooms: 1_000, messages: 2_000, people: 500 }
    }
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            name: "webex-like".to_owned(),
            servers: 4,
            routing: Routing::Random,
            limits: hidden_limits(),
            retry_after: RetryAfter::Honest,
            announce: Announce::Nothing,
            verdict: Verdict::AtTheEnd,
            rest: Rest::Read,
            latency: Latency::default(),
            changes: Vec::new(),
            outages: Vec::new(),
            resets: Vec::new(),
            abuse: None,
            content: Content::default(),
            work: Work::default(),
        }
    }
}

/// Limits like those of a meeting service: some hundreds a minute, counted by each server for itself.
fn hidden_limits() -> Vec<Limit> {
    let all = [
        ("GET /v1/rooms", 300, 50),
        ("GET /v1/messages", 300, 50),
        ("POST /v1/messages", 120, 20),
        ("GET /v1/people/{id}", 600, 60),
    ];
    let made = all.into_iter().filter_map(|(calls, amount, burst)| {
        let quota = tidegate_core::Quota::new(amount, Duration::from_secs(60)).ok()?;
        Some(Limit::new(calls.parse().ok()?, quota.with_burst(burst).ok()?))
    });
    made.collect()
}

impl Scenario {
    /// The same scenario with this limit instead of the one on the same calls, or beside the others.
    pub fn with_limit(mut self, limit: Limit) -> Scenario {
        match self.limits.iter_mut().find(|known| known.calls == limit.calls) {
            Some(known) => *known = limit,
            None => self.limits.push(limit),
        }
        self
    }

    /// The number of servers that ever take part: those at the start, and those that join later.
    pub(crate) fn servers_ever(&self) -> u32 {
        let joining = self.changes.iter().filter_map(|change| match change.what {
            What::Joins(server) => Some(server),
            _ => None,
        });
        joining.fold(self.servers, u32::max)
    }

    /// The places in `limits` of those that cover a call, in order.
    pub(crate) fn limits_on<'a>(
        &'a self,
        method: &'a str,
        path: &'a str,
    ) -> impl Iterator<Item = usize> + 'a {
        let covering = move |(_, limit): &(usize, &Limit)| limit.calls.covers(method, path);
        self.limits.iter().enumerate().filter(covering).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_a_fleet_of_four_with_hidden_limits() {
        let scenario = Scenario::default();
        assert_eq!((scenario.servers, scenario.limits.len()), (4, 4));
        assert_eq!(scenario.announce, Announce::Nothing);
        scenario.check().unwrap();
    }

    #[test]
    fn a_limit_replaces_the_one_on_the_same_calls() {
        let given: Limit = "GET /v1/rooms: 5/s".parse().unwrap();
        let scenario = Scenario::default().with_limit(given.clone());
        assert_eq!((scenario.limits.len(), &scenario.limits[0]), (4, &given));
        assert_eq!(scenario.with_limit("GET /v2/rooms: 5/s".parse().unwrap()).limits.len(), 5);
    }
}
