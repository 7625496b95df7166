//! What was understood, in words: a fact a line, and where it was read. Never here: the reading itself.

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderName;
use tidegate_core::{Time, Verdict};
use tidegate_wire::date;
use tidegate_wire::feedback::{Origin, Reading};

use super::advice;
use super::findings::{Findings, Lack};
use super::provider::Provider;
use crate::fetch::units::spoken;

/// Waits of a century and more have no end that is worth a date.
const LONGEST_WITH_END: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The lines, and last what Tidegate would do.
pub(super) fn page(provider: &Provider, found: &Findings) -> String {
    let reading = &found.reading;
    let mut facts = Facts { provider: &provider.dialect.name, lines: String::new() };
    facts.add("provider", provider.to_string(), None);
    facts.add("status", found.status.to_string(), None);
    facts.add("limited", limited(found), reading.origins.limited.as_ref());
    facts.add("wait", wait(found), reading.origins.wait.as_ref());
    facts.announced(reading);
    facts.add_told("scope", reading.scope.clone(), reading.origins.scope.as_ref());
    let message = reading.message.as_ref().map(|message| format!("\"{message}\""));
    facts.add_told("message", message, Some(&Origin::Body));
    let ignored = || format!("{}: malformed, so ignored", names(&found.unreadable));
    facts.add_told("unreadable", (!found.unreadable.is_empty()).then(ignored), None);
    facts.add_told("not needed", (!found.unused.is_empty()).then(|| names(&found.unused)), None);
    let hint = provider.hint().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    format!("{}\n{}\n{hint}", facts.lines, advice::of(reading))
}

/// What the reading lacks, and what to do about it.
pub(super) fn note(lack: Lack) -> &'static str {
    match lack {
        Lack::Packed => {
            "the body is compressed, so only the head is read: `curl --compressed -si URL` unpacks it"
        }
        Lack::Large => "the body is larger than 64 KiB, so only the head is read",
        Lack::Missing => {
            "what this answer means may stand in its body, which isn't there: `curl -si URL` prints it, -I doesn't"
        }
    }
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
            Some(Origin::Dialect) => format!(": known of {}", self.provider),
            Some(origin) => format!(": from {origin}"),
        };
        let _ = writeln!(self.lines, "{what:<10}  {fact}{from}");
    }

    fn add_told(&mut self, what: &str, fact: Option<String>, from: Option<&Origin>) {
        if let Some(fact) = fact {
            self.add(what, fact, from);
        }
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

fn limited(found: &Findings) -> String {
    let reading = &found.reading;
    match reading.feedback.verdict {
        _ if reading.terminal => "yes, and no waiting lifts it".to_owned(),
        Verdict::Limited { .. } => "yes, this call was refused".to_owned(),
        _ if reading.limited => "yes: this call was done, the next one has to wait".to_owned(),
        Verdict::Unavailable { .. } => "no, but the service can't serve the call now".to_owned(),
        Verdict::Passed if found.status.as_u16() < 400 => "no".to_owned(),
        Verdict::Passed => format!("no: here status {} is about something else", found.status.as_u16()),
    }
}

fn wait(found: &Findings) -> String {
    match found.reading.wait {
        None if found.reading.terminal => "none, since it would not help".to_owned(),
        None => "nothing told".to_owned(),
        Some(wait) => {
            let is_its = found.told() == Some(wait);
            let saturated = found.retry_after.is_some_and(|told| told.saturated) && is_its;
            let in_place = if saturated { ", in place of a number that is too large" } else { "" };
            format!("{}{}{in_place}", exactly(wait), end(found.arrived, wait))
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

fn names(names: &[HeaderName]) -> String {
    names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(", ")
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
