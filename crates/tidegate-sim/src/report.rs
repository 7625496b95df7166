//! What came of a played world, as values and as a table. Never here: playing.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::client::{Model, Tally};
use crate::fleet::Stats;

/// What came of one scenario with one kind of client.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The scenario's name.
    pub name: String,
    /// The seed of its chance.
    pub seed: u64,
    /// The kind of client.
    pub model: Model,
    /// From the start to the last answer.
    pub time: Duration,
    /// The shortest time in which an all-knowing client could have done what was done, choosing its servers.
    pub oracle: Duration,
    /// The same without choosing its servers, and without being refused.
    pub quiet: Duration,
    /// Items done, as far as the clients know.
    pub done: u64,
    /// Items given up.
    pub lost: u64,
    /// Items reported as unknown: perhaps done, not to be repeated.
    pub unknown: u64,
    /// Items neither done nor given up: the clients stalled, or the time ran out.
    pub open: u64,
    /// Answers that refused a call for its rate.
    pub limited: u64,
    /// Answers that refused a call since the API was down.
    pub unavailable: u64,
    /// Calls that came before a told wait had passed.
    pub violations: u64,
    /// Unsafe work that was done twice.
    pub doubled: u64,
    /// Each process by itself.
    pub processes: Vec<Process>,
}

/// What came of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// What became of its items.
    pub tally: Tally,
    /// From the start to its last answer.
    pub time: Duration,
}

impl Report {
    pub(crate) fn new(
        (name, seed, model): (String, u64, Model),
        time: Duration,
        stats: &Stats,
        quiet: Duration,
        (tallies, ends): (Vec<Tally>, Vec<Duration>),
    ) -> Report {
        let sum = |part: fn(&Tally) -> u64| tallies.iter().map(part).sum();
        Report {
            name,
            seed,
            model,
            time,
            oracle: stats.oracle,
            quiet,
            done: sum(|tally| tally.done),
            lost: sum(|tally| tally.lost),
            unknown: sum(|tally| tally.unknown),
            open: sum(|tally| tally.open),
            limited: stats.total.limited,
            unavailable: stats.total.unavailable,
            violations: stats.total.violations,
            doubled: stats.total.doubled,
            processes: tallies.into_iter().zip(ends).map(|(tally, time)| Process { tally, time }).collect(),
        }
    }

    /// The time in terms of the oracle's: 1 is the best that there is.
    pub fn ratio(&self) -> f64 {
        self.time.as_secs_f64() / self.oracle.as_secs_f64().max(1e-9)
    }

    /// The time in terms of the quiet oracle's. It can be below 1: who lets itself be refused is routed anew.
    pub fn quiet_ratio(&self) -> f64 {
        self.time.as_secs_f64() / self.quiet.as_secs_f64().max(1e-9)
    }

    /// Refusals for the rate in 1,000 items done.
    pub fn per_thousand(&self) -> f64 {
        self.limited as f64 * 1_000.0 / self.done.max(1) as f64
    }
}

/// The heading of the rows that a [`Report`] is displayed as.
const HEADING: &str = "scenario                  client             time    oracle  t/oracle  t/quiet 429/1000 violations   lost unknown doubled   open";

impl fmt::Display for Report {
    /// One row of a table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<25} {:<13} {:>9.2} {:>9.2} {:>9.3} {:>8.3} {:>8.0} {:>10} {:>6} {:>7} {:>7} {:>6}",
            self.name,
            self.model,
            self.time.as_secs_f64(),
            self.oracle.as_secs_f64(),
            self.ratio(),
            self.quiet_ratio(),
            self.per_thousand(),
            self.violations,
            self.lost,
            self.unknown,
            self.doubled,
            self.open,
        )
    }
}

/// Many reports: displayed as a table in the order in which they were added, and summed up by kind of client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct League {
    /// The reports.
    pub reports: Vec<Report>,
}

/// What many worlds say of one kind of client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// How many worlds.
    pub worlds: usize,
    /// The geometric mean of time over oracle.
    pub ratio: f64,
    /// The geometric mean of time over the quiet oracle's.
    pub quiet_ratio: f64,
    /// The mean of refusals in 1,000 items done.
    pub per_thousand: f64,
    /// Violations in all.
    pub violations: u64,
    /// Items lost, in all.
    pub lost: u64,
    /// Items doubled, in all.
    pub doubled: u64,
    /// Items open, in all.
    pub open: u64,
}

impl League {
    /// How one kind of client stands; `None` if it didn't play.
    pub fn standing(&self, model: Model) -> Option<Standing> {
        let of_model: Vec<&Report> = self.reports.iter().filter(|report| report.model == model).collect();
        let worlds = of_model.len();
        let mean = |part: fn(&Report) -> f64| {
            of_model.iter().map(|report| part(report)).sum::<f64>() / worlds as f64
        };
        let sum = |part: fn(&Report) -> u64| of_model.iter().map(|report| part(report)).sum();
        (worlds > 0).then(|| Standing {
            worlds,
            ratio: mean(|report| report.ratio().ln()).exp(),
            quiet_ratio: mean(|report| report.quiet_ratio().ln()).exp(),
            per_thousand: mean(Report::per_thousand),
            violations: sum(|report| report.violations),
            lost: sum(|report| report.lost),
            doubled: sum(|report| report.doubled),
            open: sum(|report| report.open),
        })
    }
}

impl fmt::Display for League {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}")?;
        for report in &self.reports {
            writeln!(f, "{report}")?;
        }
        writeln!(f)?;
        let mut summary = String::new();
        for model in Model::ALL {
            let Some(standing) = self.standing(model) else { continue };
            writeln!(
                summary,
                "{model:<13} {:>4} worlds: time/oracle {:>6.3}, time/quiet {:>6.3}, {:>6.0} refusals in 1,000, \
                 {} violations, {} lost, {} doubled, {} open",
                standing.worlds,
                standing.ratio,
                standing.quiet_ratio,
                standing.per_thousand,
                standing.violations,
                standing.lost,
                standing.doubled,
                standing.open,
            )?;
        }
        f.write_str(summary.trim_end())
    }
}
