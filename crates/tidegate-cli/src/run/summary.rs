//! How the command's calls went, in one line. Never here: a count.

use std::time::Duration;

use serde_json::{Value, json};

use super::tally::Counts;
use crate::caller::text::printable;
use crate::caller::units::passed;
use crate::output;

/// How many hosts are named whose tunnels stayed unread.
const NAMED: usize = 3;

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A line for people.
    Plain,
    /// An object for programs.
    Json,
    /// Not at all.
    Nothing,
}

impl Told {
    /// Whether people are to be warned.
    pub(crate) fn warns(self) -> bool {
        self == Told::Plain
    }
}

/// How the command's calls went.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) counts: Counts,
    /// From the proxy's start to its end.
    pub(crate) elapsed: Duration,
    /// What the command ended with.
    pub(crate) code: u8,
}

impl Summary {
    /// Tells it on standard error: standard output is the command's.
    pub(crate) fn tell(&self, told: Told) {
        match told {
            Told::Plain => output::error(self.line()),
            Told::Json => output::error(self.json()),
            Told::Nothing => {}
        }
    }

    fn line(&self) -> String {
        let counts = &self.counts;
        let mut parts = Vec::new();
        if counts.calls > 0 || counts.tunnels.is_empty() {
            parts.push(count(counts.calls, "call"));
        }
        if counts.held_back > 0 {
            let (all, most) = (passed(counts.waited), passed(counts.longest));
            parts.push(format!("{} waited, {all} in all and {most} at most", counts.held_back));
        }
        if !counts.absorbed.is_empty() {
            let each = counts.absorbed.iter().map(|(status, count)| format!("{count} × {status}"));
            parts.push(format!("absorbed {}", each.collect::<Vec<_>>().join(", ")));
        }
        for (number, what) in [
            (counts.unknown, "got no answer and may have been done"),
            (counts.failed, "failed"),
            (counts.refused, "refused by the proxy"),
            (counts.given_up, "given up by who called"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        if counts.no_tunnel > 0 {
            parts.push(format!("{} didn't come about", count(counts.no_tunnel, "tunnel")));
        }
        parts.extend(self.unread());
        if *counts == Counts::default() {
            let past = "if it made some, they went past HTTP_PROXY: see --base-url, and --loopback for those to this machine";
            parts.push(past.to_owned());
        }
        format!("tidegate: {}", parts.join("; "))
    }

    /// What went through unread, and how to change that.
    fn unread(&self) -> Option<String> {
        let tunnels = &self.counts.tunnels;
        let first = tunnels.keys().next()?;
        let mut hosts: Vec<String> = tunnels.keys().take(NAMED).map(|host| printable(host, 80)).collect();
        if tunnels.len() > NAMED {
            hosts.push(format!("{} more", tunnels.len() - NAMED));
        }
        let (many, hosts) = (count(tunnels.values().sum(), "tunnel"), hosts.join(", "));
        let first = printable(first, 80);
        Some(format!("{many} unread, to {hosts}: with --intercept {first} the calls in them wait, too"))
    }

    fn json(&self) -> Value {
        let counts = &self.counts;
        json!({
            "event": "summary",
            "exit": self.code,
            "calls": counts.calls,
            "waited": counts.held_back,
            "waited_seconds": counts.waited.as_secs_f64(),
            "longest_wait_seconds": counts.longest.as_secs_f64(),
            "absorbed": counts.absorbed,
            "unknown": counts.unknown,
            "failed": counts.failed,
            "refused": counts.refused,
            "given_up": counts.given_up,
            "tunnels_unread": counts.tunnels,
            "tunnels_failed": counts.no_tunnel,
            "elapsed_seconds": self.elapsed.as_secs_f64(),
        })
    }
}

/// So many of something, for people.
fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn summary(counts: Counts) -> Summary {
        Summary { counts, elapsed: Duration::from_secs(20), code: 3 }
    }

    #[track_caller]
    fn check(counts: Counts, line: &str) {
        assert_eq!(summary(counts).line(), line);
    }

    fn tunnels(hosts: &[&str]) -> BTreeMap<String, u64> {
        hosts.iter().map(|&host| (host.to_owned(), 2)).collect()
    }

    #[test]
    fn one_line_says_what_became_of_all_calls() {
        check(Counts { calls: 1, ..Counts::default() }, "tidegate: 1 call");
        let counts = Counts {
            calls: 42,
            held_back: 7,
            waited: Duration::from_millis(12_400),
            longest: Duration::from_millis(3_100),
            absorbed: BTreeMap::from([(429, 3), (503, 1)]),
            unknown: 1,
            given_up: 2,
            ..Counts::default()
        };
        let line = "tidegate: 42 calls; 7 waited, 12 s in all and 3.1 s at most; absorbed 3 × 429, 1 × 503; 1 got no \
                    answer and may have been done; 2 given up by who called";
        check(counts, line);
    }

    #[test]
    fn a_command_that_passed_by_is_told_how_not_to() {
        let said = summary(Counts::default()).line();
        assert!(said.starts_with("tidegate: 0 calls; if it made some, they went past HTTP_PROXY"), "{said}");
        assert!(said.contains("--base-url") && said.contains("--loopback"), "{said}");
        let unread = Counts { tunnels: tunnels(&["a.example"]), ..Counts::default() };
        let line = "tidegate: 2 tunnels unread, to a.example: with --intercept a.example the calls in them wait, too";
        check(unread, line);
        let many = Counts { tunnels: tunnels(&["a", "b", "c", "d", "e"]), calls: 1, ..Counts::default() };
        assert!(summary(many).line().contains("1 call; 10 tunnels unread, to a, b, c, 2 more:"));
    }

    #[test]
    fn programs_get_the_same_as_an_object() {
        let counts = Counts { calls: 2, absorbed: BTreeMap::from([(429, 3)]), ..Counts::default() };
        let object = summary(counts).json();
        assert_eq!(
            (&object["calls"], &object["absorbed"]["429"], &object["exit"]),
            (&2.into(), &3.into(), &3.into())
        );
    }
}
