//! The counts, as JSON for tests and scripts. Never here: counting.

use std::time::Duration;

use serde::Serialize;
use tidegate_sim::{Counts, Token};

use super::played::Played;

/// What `GET /_tidegate/stats` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    scenario: String,
    servers: u32,
    routing: String,
    limits: Vec<String>,
    seed: u64,
    total: Row,
    tokens: Vec<Caller>,
    /// Requests that never came to the fleet: without a token, malformed, or to no address.
    strays: u64,
    took_seconds: f64,
    oracle_seconds: f64,
}

/// One token's counts; tokens are numbered in the order of their first call.
#[derive(Debug, Serialize)]
struct Caller {
    token: u64,
    #[serde(flatten)]
    counts: Row,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    calls: u64,
    done: u64,
    limited: u64,
    unavailable: u64,
    reset_before: u64,
    reset_after: u64,
    never: u64,
    violations: u64,
    doubled: u64,
    repeated: u64,
    missing: u64,
    beyond_count: u64,
}

impl From<&Counts> for Row {
    fn from(counts: &Counts) -> Row {
        let &Counts { calls, done, limited, unavailable, reset_before, reset_after, never, .. } = counts;
        let &Counts { violations, doubled, repeated, missing, beyond_count, .. } = counts;
        Row {
            calls,
            done,
            limited,
            unavailable,
            reset_before,
            reset_after,
            never,
            violations,
            doubled,
            repeated,
            missing,
            beyond_count,
        }
    }
}

pub(super) fn of(played: &Played) -> Report {
    let (scenario, stats) = (played.scenario(), played.stats());
    let caller = |(&Token(token), counts): (&Token, &Counts)| Caller { token, counts: counts.into() };
    Report {
        scenario: scenario.name.clone(),
        servers: scenario.servers,
        routing: scenario.routing.to_string(),
        limits: scenario.limits.iter().map(ToString::to_string).collect(),
        seed: played.seed(),
        total: (&stats.total).into(),
        tokens: stats.tokens.iter().map(caller).collect(),
        strays: played.strays(),
        took_seconds: seconds(stats.took),
        oracle_seconds: seconds(stats.oracle),
    }
}

/// Seconds to the millisecond: more would be noise.
fn seconds(span: Duration) -> f64 {
    span.as_millis() as f64 / 1e3
}
