//! The last word: what each fleet counted, as a table or as JSON. Never here: a figure that no fleet counted.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use tidegate_sim::Stats;

/// How a client's run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Ended {
    /// It came to the end of its work, whatever became of the messages.
    ByItself,
    /// It was stopped, so that the demo comes to an end.
    Stopped,
}

/// What a client's fleet counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    client: String,
    ended: Ended,
    calls: u64,
    done: u64,
    took_seconds: f64,
    /// The shortest time in which the same could have been done.
    oracle_seconds: f64,
    /// The same, were the servers not to be chosen and no refusal allowed.
    quiet_seconds: f64,
    limited: u64,
    limited_per_1000_answers: u64,
    violations: u64,
    /// Messages that were tried and never arrived.
    lost: u64,
    doubled: u64,
}

impl Row {
    pub(super) fn new(client: String, ended: Ended, stats: &Stats, quiet: Duration) -> Row {
        let total = &stats.total;
        let answers = total.calls.saturating_sub(total.resets()).max(1);
        Row {
            client,
            ended,
            calls: total.calls,
            done: total.done,
            took_seconds: seconds(stats.took),
            oracle_seconds: seconds(stats.oracle),
            quiet_seconds: seconds(quiet),
            limited: total.limited,
            limited_per_1000_answers: (total.limited * 1000 + answers / 2) / answers,
            violations: total.violations,
            lost: total.missing,
            doubled: total.doubled,
        }
    }

    /// How many times as long as the oracle.
    fn times(&self) -> f64 {
        self.took_seconds / self.oracle_seconds.max(1e-3)
    }

    /// What nobody who keeps the rules can expect to beat: the oracle chooses its servers, which a client of one
    /// name can't.
    fn quiet(&self) -> String {
        let times = self.quiet_seconds / self.oracle_seconds.max(1e-3);
        format!(
            "Never refused, and not choosing its servers, an all-knowing client would\nneed {:.1} s ({times:.2} × best).",
            self.quiet_seconds
        )
    }
}

/// Seconds to the millisecond: more would be noise.
fn seconds(span: Duration) -> f64 {
    span.as_millis() as f64 / 1e3
}

/// All that is told at the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Table {
    pub(super) items: u64,
    pub(super) workers: usize,
    pub(super) servers: u32,
    pub(super) limits: Vec<String>,
    pub(super) seed: u64,
    pub(super) stopped_after_seconds: u64,
    pub(super) clients: Vec<Row>,
}

impl Table {
    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["delivered", "time", "× best", "429/1,000", "violations", "lost", "doubled"];
        line(f, "", heads.map(str::to_owned))?;
        for row in &self.clients {
            line(f, &row.client, row.cells(self.items))?;
        }
        if let Some(last) = self.clients.last().filter(|row| row.ended == Ended::ByItself) {
            writeln!(f, "\n{}", last.quiet())?;
        }
        for row in self.clients.iter().filter(|row| row.ended == Ended::Stopped) {
            let (client, cap) = (&row.client, self.stopped_after_seconds);
            writeln!(f, "{client} was stopped after {cap} s; what it hadn't delivered is not called lost.")?;
        }
        Ok(())
    }
}

impl Row {
    fn cells(&self, items: u64) -> [String; 7] {
        let (time, lost) = match self.ended {
            Ended::ByItself => (format!("{:.1} s", self.took_seconds), self.lost.to_string()),
            Ended::Stopped => ("stopped".to_owned(), "-".to_owned()),
        };
        [
            format!("{}/{items}", self.done),
            time,
            format!("{:.2}", self.times()),
            self.limited_per_1000_answers.to_string(),
            self.violations.to_string(),
            lost,
            self.doubled.to_string(),
        ]
    }
}

/// One line of the table: 78 columns, so that it fits a terminal of 80.
fn line(f: &mut fmt::Formatter<'_>, head: &str, cells: [String; 7]) -> fmt::Result {
    const WIDTHS: [usize; 7] = [11, 9, 8, 11, 12, 6, 9];
    write!(f, "{head:<13}")?;
    for (cell, width) in cells.iter().zip(WIDTHS) {
        write!(f, "{cell:>width$}")?;
    }
    writeln!(f)
}

#[cfg(test)]
mod tests {
    use tidegate_sim::Counts;

    use super::*;

    fn table(ended: Ended) -> Table {
        let total = Counts { calls: 900, done: 440, limited: 460, missing: 20, ..Counts::default() };
        let (took, oracle) = (Duration::from_millis(12_345), Duration::from_secs(10));
        let stats = Stats { total, took, oracle, ..Stats::default() };
        let clients = vec![Row::new("naive script".to_owned(), ended, &stats, Duration::from_secs(12))];
        Table {
            items: 460,
            workers: 8,
            servers: 4,
            limits: vec![],
            seed: 1,
            stopped_after_seconds: 35,
            clients,
        }
    }

    #[track_caller]
    fn check(ended: Ended, lines: &[&str]) {
        let shown = table(ended).to_string();
        assert_eq!(shown.lines().collect::<Vec<_>>(), lines, "{shown}");
    }

    const HEAD: &str = "               delivered     time  × best  429/1,000  violations  lost  doubled";

    #[test]
    fn a_row_has_every_figure() {
        let row = "naive script     440/460   12.3 s    1.23        511           0    20        0";
        let quiet = [
            "Never refused, and not choosing its servers, an all-knowing client would",
            "need 12.0 s (1.20 × best).",
        ];
        check(Ended::ByItself, &[HEAD, row, "", quiet[0], quiet[1]]);
    }

    #[test]
    fn who_was_stopped_has_lost_nothing_yet() {
        let row = "naive script     440/460  stopped    1.23        511           0     -        0";
        let note = "naive script was stopped after 35 s; what it hadn't delivered is not called lost.";
        check(Ended::Stopped, &[HEAD, row, note]);
    }
}
