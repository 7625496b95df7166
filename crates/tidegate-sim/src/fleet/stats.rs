//! What a fleet has counted, as values and as a table. Never here: counting.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::call::Token;

/// How calls ended, and what was noticed about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that arrived: the sum of the six ways to end that follow.
    pub calls: u64,
    /// Answered with success.
    pub done: u64,
    /// Refused for their rate.
    pub limited: u64,
    /// Refused since the API was down.
    pub unavailable: u64,
    /// Whose connection broke before the work was done.
    pub reset_before: u64,
    /// Whose connection broke after the work was done.
    pub reset_after: u64,
    /// That cost more than the quota can ever hold.
    pub never: u64,
    /// Calls sent before a wait that was told to their sender had passed.
    pub violations: u64,
    /// Work done twice that must not be: the same item, by an unsafe method, without the same key.
    pub doubled: u64,
    /// Work asked for again after it was done that may be: by a safe method or under the same key.
    pub repeated: u64,
    /// Items that were asked for and never done.
    pub missing: u64,
    /// Calls about items or keys that came when a million were known already. Whether theirs is missing or
    /// doubled isn't counted.
    pub beyond_count: u64,
}

impl Counts {
    /// Calls whose connection broke.
    pub fn resets(&self) -> u64 {
        self.reset_before + self.reset_after
    }

    pub(crate) fn add(&mut self, other: &Counts) {
        self.calls += other.calls;
        self.done += other.done;
        self.limited += other.limited;
        self.unavailable += other.unavailable;
        self.reset_before += other.reset_before;
        self.reset_after += other.reset_after;
        self.never += other.never;
        self.violations += other.violations;
        self.doubled += other.doubled;
        self.repeated += other.repeated;
        self.missing += other.missing;
        self.beyond_count += other.beyond_count;
    }
}

/// What a fleet has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Of all tokens.
    pub total: Counts,
    /// Of each token.
    pub tokens: BTreeMap<Token, Counts>,
    /// From the sending of the first call to the arrival of the last success.
    pub took: Duration,
    /// The shortest time in which an all-knowing client could have had the same successes, choosing its servers.
    pub oracle: Duration,
}

impl fmt::Display for Stats {
    /// One line a figure, in a fixed order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = &self.total;
        let rows = [
            ("calls", total.calls),
            ("done", total.done),
            ("limited", total.limited),
            ("unavailable", total.unavailable),
            ("reset before", total.reset_before),
            ("reset after", total.reset_after),
            ("never", total.never),
            ("violations", total.violations),
            ("doubled", total.doubled),
            ("repeated", total.repeated),
            ("missing", total.missing),
            ("beyond count", total.beyond_count),
            ("tokens", self.tokens.len() as u64),
        ];
        for (name, count) in rows {
            writeln!(f, "{name:<13}{count:>12}")?;
        }
        writeln!(f, "{:<13}{:>12.3} s", "took", self.took.as_secs_f64())?;
        write!(f, "{:<13}{:>12.3} s", "oracle", self.oracle.as_secs_f64())
    }
}
