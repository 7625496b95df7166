//! What happens to the fleet, and when: limits change, servers come and go, trouble. Never here: its effect.

use std::time::Duration;

use serde::Deserialize;
use tidegate_core::{Quota, Shape, Time};

use super::span;

/// Something that changes for good.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Change {
    /// How long after the fleet's start.
    pub at: Duration,
    /// What changes.
    pub what: What,
}

/// What changes.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The quota of the limit of this name. What was used of the old one counts as used of the new one.
    Limit(String, Alter),
    /// A server leaves, with its counters.
    Leaves(u32),
    /// A server joins, with new counters.
    Joins(u32),
}

/// How a quota changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Alter {
    /// To so many times of what it was.
    Times(f64),
    /// To this.
    To(Quota),
}

impl Alter {
    /// The quota after the change.
    pub fn apply(self, old: Quota) -> Quota {
        match self {
            Alter::To(quota) => quota,
            Alter::Times(factor) => scaled(old, factor).unwrap_or(old),
        }
    }
}

/// The quota with its amount and burst multiplied, but for amounts so small that rounding would tell: then its
/// window is divided. `None` if there is no such quota.
fn scaled(old: Quota, factor: f64) -> Option<Quota> {
    let burst = ((old.burst() as f64 * factor).round() as u64).max(1);
    let amount = old.amount() as f64 * factor;
    let quota = if amount >= 8.0 || amount.fract() == 0.0 {
        Quota::new(amount.round() as u64, old.window()).ok()?
    } else {
        Quota::new(old.amount(), Duration::try_from_secs_f64(old.window().as_secs_f64() / factor).ok()?)
            .ok()?
    };
    match old.shape() {
        Shape::Bucket => quota.with_burst(burst).ok(),
        shape => quota.with_shape(shape).ok(),
    }
}

/// A change as a scenario file writes it: when, and one of the rest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(deserialize_with = "span::deserialize")]
    at: Duration,
    limit: Option<String>,
    times: Option<f64>,
    quota: Option<String>,
    leaves: Option<u32>,
    joins: Option<u32>,
}

impl TryFrom<Written> for Change {
    type Error = String;

    fn try_from(written: Written) -> Result<Change, String> {
        let Written { at, limit, times, quota, leaves, joins } = written;
        let what = match (limit, times, quota, leaves, joins) {
            (Some(name), Some(factor), None, None, None) if factor.is_finite() && factor > 0.0 => {
                What::Limit(name, Alter::Times(factor))
            }
            (Some(name), None, Some(quota), None, None) => {
                let read = quota.parse().map_err(|error| format!("in the quota `{quota}`: {error}"));
                What::Limit(name, Alter::To(read?))
            }
            (None, None, None, Some(server), None) => What::Leaves(server),
            (None, None, None, None, Some(server)) => What::Joins(server),
            _ => {
                let wanted = "expected, beside `at`, one of: `limit` with `times` (above 0) or `quota`; \
                              `leaves = SERVER`; `joins = SERVER`";
                return Err(wanted.to_owned());
            }
        };
        Ok(Change { at, what })
    }
}

/// The whole API answers 503 for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// How long after the fleet's start.
    #[serde(deserialize_with = "span::deserialize")]
    pub at: Duration,
    /// For how long.
    #[serde(rename = "for", deserialize_with = "span::deserialize")]
    pub lasts: Duration,
    /// The wait that it tells; the time to its end if left out.
    #[serde(default, deserialize_with = "span::deserialize_option")]
    pub tells: Option<Duration>,
}

/// Some connections break for a while.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resets {
    /// How long after the fleet's start.
    #[serde(deserialize_with = "span::deserialize")]
    pub at: Duration,
    /// For how long.
    #[serde(rename = "for", deserialize_with = "span::deserialize")]
    pub lasts: Duration,
    /// The share of the calls that it hits.
    pub share: f64,
    /// Before or after the work was done.
    pub when: When,
}

/// When a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Before the work was done: nothing is counted.
    Before,
    /// After the work was done: only its answer is lost.
    After,
}

impl Outage {
    /// Whether the outage is on.
    pub fn covers(&self, now: Time) -> bool {
        within(now, self.at, self.lasts)
    }

    /// The instant at which it is over.
    pub fn end(&self) -> Time {
        Time::ZERO.later(self.at).later(self.lasts)
    }
}

impl Resets {
    /// Whether connections are breaking.
    pub fn covers(&self, now: Time) -> bool {
        within(now, self.at, self.lasts)
    }
}

fn within(now: Time, at: Duration, lasts: Duration) -> bool {
    let start = Time::ZERO.later(at);
    start <= now && now < start.later(lasts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(quota: &str, factor: f64, expected: &str) {
        let quota = Alter::Times(factor).apply(quota.parse().unwrap());
        assert_eq!(quota.to_string(), expected);
    }

    #[test]
    fn a_quota_is_multiplied_with_its_burst() {
        check("300 per minute, burst 50", 0.5, "150 per minute, burst 25");
        check("100 per 10 seconds, log", 3.0, "300 per 10 seconds, log");
        check("10 per second, fixed", 3.0, "30 per second, fixed");
    }

    #[test]
    fn a_small_amount_has_its_window_divided_instead() {
        check("1 per second", 0.5, "1 per 2 seconds");
        check("1 per second, burst 4", 0.5, "1 per 2 seconds, burst 2");
    }
}
