//! One limit of the played API: which calls, what quota, what cost. Never here: a state, a decision.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use tidegate_core::Quota;

use super::pattern::Pattern;

/// A limit that each token has on some of the calls. A call falls under every limit that covers it, and the
/// first of them in the scenario names its resource.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub struct Limit {
    /// What changes call it: the pattern, unless the scenario gives a name.
    pub name: String,
    /// The calls it is about.
    pub calls: Pattern,
    /// How much one token may do.
    pub quota: Quota,
    /// Who counts.
    pub per: Per,
    /// What a call costs that no rule in `costs` is about.
    pub cost: u64,
    /// Dearer or cheaper calls: the first rule that is about a call says its cost.
    pub costs: Vec<CostRule>,
    /// Calls of cost 1 that others make on the same counter, each second on average.
    pub noise: f64,
}

/// Who counts: each server for itself, or all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// Each server has a counter of its own, so the fleet allows a multiple of the quota.
    #[default]
    Server,
    /// One counter for the whole fleet.
    Fleet,
}

/// The cost of calls whose query has a number above a bound: `max > 100`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostRule {
    /// Which calls.
    #[serde(deserialize_with = "text")]
    pub query: Above,
    /// What they cost.
    pub is: u64,
}

/// A query parameter and the number that it must exceed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above {
    parameter: String,
    bound: u64,
}

impl Limit {
    /// A limit on these calls, counted by each server, at a cost of 1.
    pub fn new(calls: Pattern, quota: Quota) -> Limit {
        let name = calls.to_string();
        Limit { name, calls, quota, per: Per::Server, cost: 1, costs: Vec::new(), noise: 0.0 }
    }

    /// What a call with this query costs.
    pub fn cost_of(&self, query: &str) -> u64 {
        let rule = self.costs.iter().find(|rule| rule.query.holds(query));
        rule.map_or(self.cost, |rule| rule.is)
    }
}

impl Above {
    fn holds(&self, query: &str) -> bool {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == self.parameter).map(|(_, value)| value);
        values.next().and_then(|value| value.parse::<u64>().ok()).is_some_and(|value| value > self.bound)
    }
}

impl FromStr for Above {
    type Err = String;

    fn from_str(text: &str) -> Result<Above, String> {
        let wanted = || format!("expected a query parameter and a bound such as `max > 100`, not `{text}`");
        let (parameter, bound) = text.split_once('>').ok_or_else(wanted)?;
        let bound = bound.trim().parse().map_err(|_| wanted())?;
        Ok(Above { parameter: parameter.trim().to_owned(), bound })
    }
}

/// A limit as a scenario file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Option<String>,
    #[serde(rename = "match", deserialize_with = "text")]
    calls: Pattern,
    #[serde(deserialize_with = "text")]
    quota: Quota,
    #[serde(default)]
    per: Per,
    #[serde(default = "one")]
    cost: u64,
    #[serde(default)]
    costs: Vec<CostRule>,
    #[serde(default)]
    noise: f64,
}

fn one() -> u64 {
    1
}

impl From<Written> for Limit {
    fn from(written: Written) -> Limit {
        let Written { name, calls, quota, per, cost, costs, noise } = written;
        let name = name.unwrap_or_else(|| calls.to_string());
        Limit { name, calls, quota, per, cost, costs, noise }
    }
}

/// For serde: anything that is written as a string and says itself what it expected.
pub(super) fn text<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

impl FromStr for Limit {
    type Err = LimitError;

    /// Reads `METHOD PATH: QUOTA`, such as `GET /v1/rooms: 300 per minute, burst 50`.
    fn from_str(text: &str) -> Result<Limit, LimitError> {
        let example = "a limit is written like `GET /v1/rooms: 300 per minute, burst 50`";
        let (calls, quota) = text
            .split_once(": ")
            .ok_or_else(|| LimitError(format!("expected a colon and a space before the quota; {example}")))?;
        let calls = calls.parse().map_err(LimitError)?;
        let quota = quota.parse().map_err(|error| LimitError(format!("in the quota `{quota}`: {error}")))?;
        Ok(Limit::new(calls, quota))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.calls, self.quota)?;
        match self.per {
            Per::Server => f.write_str(" on each server"),
            Per::Fleet => f.write_str(" in all"),
        }
    }
}

/// A limit that couldn't be read: what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitError(String);

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LimitError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_people_say_it() {
        let limit: Limit = "GET /v1/rooms: 300 per minute, burst 50".parse().unwrap();
        assert_eq!(limit.to_string(), "GET /v1/rooms: 300 per minute, burst 50 on each server");
        assert_eq!(limit.cost_of("max=1000"), 1);
    }

    #[track_caller]
    fn check_refused(text: &str, part: &str) {
        let error = text.parse::<Limit>().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }

    #[test]
    fn a_mistake_is_named() {
        check_refused("GET /v1/rooms", "expected a colon");
        check_refused("rooms: 5/s", "a method and a path");
        check_refused("GET /v1/rooms: 5 a second", "`per` or `/`");
    }

    #[test]
    fn a_rule_says_the_cost_of_what_it_is_about() {
        let mut limit: Limit = "GET /v1/rooms: 5/s".parse().unwrap();
        limit.costs = vec![CostRule { query: "max > 100".parse().unwrap(), is: 5 }];
        assert_eq!(limit.cost_of("max=100"), 1);
        assert_eq!(limit.cost_of("cursor=a&max=101"), 5);
        assert_eq!(limit.cost_of("max=lots"), 1);
        assert_eq!(limit.cost_of(""), 1);
    }
}
