//! What was understood, in words: a fact a line, and where it was read. Never here: the reading itself.

use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;
use tidegate_core::{Time, Verdict};
use tidegate_wire::date;
use tidegate_wire::dialect::{Dialect, Meaning, Rule};
use tidegate_wire::feedback::{Origin, Reading};

use super::advice;
use super::findings::Findings;
use super::listed::{Listed, Unreadable};
use super::notes::unsure;
use super::provider::Provider;
use crate::caller::units::spoken;

/// Waits of a century and more have no end that is worth a date.
const LONGEST_WITH_END: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The lines, and last what Tidegate would do.
pub(super) fn page(provider: &Provider, found: &Findings) -> String {
    let reading = &found.reading;
    let mut facts = Facts { provider: &provider.dialect.name, lines: String::new() };
    facts.add("provider", provider.to_string(), None);
    facts.add("status", status(found.status), None);
    facts.add("limited", limited(provider, found), reading.origins.limited.as_ref());
    facts.add("wait", wait(&provider.dialect, found), reading.origins.wait.as_ref());
    facts.announced(reading);
    facts.add_told("scope", reading.scope.clone(), reading.origins.scope.as_ref());
    let message = reading.message.as_ref().map(|message| format!("\"{message}\""));
    facts.add_told("message", message, Some(&Origin::Body));
    let Listed { found: read, unneeded, unreadable, strange } = &found.listed;
    facts.add_list("found", read, "");
    facts.add_list("not needed", unneeded, "");
    let unreadable: Vec<String> = unreadable.iter().map(unreadable_as).collect();
    facts.add_list("unreadable", &unreadable, ": malformed, so ignored");
    facts.add_list("unknown", strange, ": not understood by this row");
    let hint = provider.hint().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    let unsure = if found.is_unsure { "By what can be read here, " } else { "" };
    format!("{}\n{unsure}{}\n{hint}", facts.lines, advice::of(reading))
}

fn unreadable_as(unreadable: &Unreadable) -> String {
    let Unreadable { place, format } = unreadable;
    format.as_ref().map_or_else(|| place.clone(), |format| format!("{place} as {format}"))
}

fn status(status: StatusCode) -> String {
    status
        .canonical_reason()
        .map_or_else(|| status.as_str().to_owned(), |reason| format!("{} {reason}", status.as_str()))
}

struct Facts<'a> {
    provider: &'a str,
    lines: String,
}

impl Facts<'_> {
    fn add(&mut self, what: &str, fact: String, from: Option<&Origin>) {
        let from = match from {
            None => String::new(),
            Some(Origin::Body) => ": from the body".to_owned(),
            Some(Origin::Dialect) => format!(": known for {}", self.provider),
            Some(origin) => format!(": from {origin}"),
        };
        let _ = writeln!(self.lines, "{what:<10}  {fact}{from}");
    }

    fn add_told(&mut self, what: &str, fact: Option<String>, from: Option<&Origin>) {
        if let Some(fact) = fact {
            self.add(what, fact, from);
        }
    }

    fn add_list(&mut self, what: &str, list: &[String], then: &str) {
        self.add_told(what, (!list.is_empty()).then(|| format!("{}{then}", list.join(", "))), None);
    }

    /// The limit that counts.
    fn announced(&mut self, reading: &Reading) {
        let origins = &reading.origins;
        // The engine is told of requests only.
        let counts_otherwise = reading.limit.is_some() && reading.feedback.limit.is_none();
        let unit = if counts_otherwise { ", not counted in requests" } else { "" };
        self.add_told("limit", reading.limit.map(|limit| format!("{limit}{unit}")), origins.limit.as_ref());
        self.add_told(
            "remaining",
            reading.remaining.map(|left| left.to_string()),
            origins.remaining.as_ref(),
        );
        let used = reading.used_ratio.map(|share| format!("{} % of it", share * 100.0));
        self.add_told("used", used, origins.used_ratio.as_ref());
        self.add_told("window", reading.window.map(exactly), origins.window.as_ref());
        self.add_told(
            "reset",
            reading.reset.map(|span| format!("in {}", exactly(span))),
            origins.reset.as_ref(),
        );
    }
}

fn limited(provider: &Provider, found: &Findings) -> String {
    let reading = &found.reading;
    match reading.feedback.verdict {
        _ if reading.terminal => "yes, and no waiting lifts it".to_owned(),
        Verdict::Limited { .. } => "yes, this call was refused".to_owned(),
        _ if reading.limited => "yes: this call was done, the next one has to wait".to_owned(),
        Verdict::Unavailable { .. } => "no, but the service can't serve the call now".to_owned(),
        Verdict::Passed => match unsure(found) {
            Some(unsure) => format!("can't tell: {unsure}"),
            None => passed(&provider.dialect, found),
        },
    }
}

fn passed(dialect: &Dialect, found: &Findings) -> String {
    let (reading, code) = (&found.reading, found.status.as_u16());
    let awaits_wait =
        |rule: &Rule| rule.meaning == Meaning::UnavailableIfTold && rule.statuses.has(found.status);
    let holds_back = reading.wait.is_some_and(|wait| !wait.is_zero());
    match code {
        _ if holds_back && reading.remaining == Some(0) => {
            "no, but nothing is left: the next call is held back".to_owned()
        }
        _ if holds_back => "no, but the next call is held back".to_owned(),
        ..400 => "no".to_owned(),
        _ if dialect.rules.iter().any(awaits_wait) => {
            format!("no: a {code} that tells no wait isn't taken for a limit")
        }
        // The rows for everybody have no hosts, and nothing is "at" them.
        _ if dialect.hosts.is_empty() => format!("no: status {code} alone doesn't mean a limit"),
        _ => format!("no: status {code} alone doesn't mean a limit at {}", dialect.name),
    }
}

fn wait(dialect: &Dialect, found: &Findings) -> String {
    let reading = &found.reading;
    match reading.wait {
        None if reading.terminal => "none, since it would not help".to_owned(),
        None => "nothing told".to_owned(),
        Some(wait) => {
            let is_its = found.told() == Some(wait);
            let saturated = found.retry_after.is_some_and(|told| told.saturated) && is_its;
            let is_known = reading.origins.wait == Some(Origin::Dialect);
            let aside = match () {
                () if saturated => ", in place of a number that is too large",
                () if is_known && reading.reset.is_some_and(|reset| reset != wait) => ", whatever the reset",
                () if wait == dialect.floor && found.told().is_some_and(|told| told < wait) => {
                    ", the least there"
                }
                () => "",
            };
            format!("{}{}{aside}", exactly(wait), end(found.arrived, wait))
        }
    }
}

/// The instant at which a wait ends, rounded up like the waits.
fn end(arrived: Time, wait: Duration) -> String {
    let seconds = arrived.later(wait).as_nanos().div_ceil(1_000_000_000);
    match i64::try_from(seconds) {
        Ok(seconds) if !wait.is_zero() && wait < LONGEST_WITH_END => {
            format!(", until {}", date::write(seconds))
        }
        _ => String::new(),
    }
}

/// `5 s`, `0.35 s`, `900 s (15 min 0 s)`.
pub(super) fn exactly(span: Duration) -> String {
    let digits = format!("{}.{:09}", span.as_secs(), span.subsec_nanos());
    let seconds = digits.trim_end_matches('0').trim_end_matches('.');
    if span < Duration::from_secs(120) {
        format!("{seconds} s")
    } else {
        format!("{seconds} s ({})", spoken(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_exactly_and_long_ones_in_other_units_too() {
        let said = [
            Duration::ZERO,
            Duration::from_millis(350),
            Duration::from_secs(90),
            Duration::from_millis(900_500),
        ];
        assert_eq!(said.map(exactly), ["0 s", "0.35 s", "90 s", "900.5 s (15 min 1 s)"]);
        assert_eq!(exactly(Duration::from_secs(100)), "100 s");
    }

    #[test]
    fn the_end_of_a_wait_is_a_date_unless_it_is_out_of_sight() {
        let arrived = Time::from_secs(1_700_000_000);
        assert_eq!(end(arrived, Duration::from_secs(900)), ", until Tue, 14 Nov 2023 22:28:20 GMT");
        assert_eq!(end(arrived, Duration::from_nanos(1)), ", until Tue, 14 Nov 2023 22:13:21 GMT");
        assert_eq!(end(arrived, Duration::ZERO), "");
        assert_eq!(end(arrived, Duration::MAX), "");
    }
}
