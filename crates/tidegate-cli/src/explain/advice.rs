//! What Tidegate would do with a call that was answered so, in a sentence. Never here: doing it.

use std::time::Duration;

use http::header::RETRY_AFTER;
use tidegate_core::{Scope, Verdict};
use tidegate_wire::feedback::{Origin, Reading};

use super::words::exactly;

/// The longest wait that is sat out unless said otherwise.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// The pause where a refusal says to come at once.
const SHORT: Duration = Duration::from_millis(50);

/// What would be done, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) word: &'static str,
    /// From the answer's arrival to the next call of the same kind, where that is known.
    pub(super) after: Option<Duration>,
}

/// What the sentence says, as a word.
pub(super) fn decision(reading: &Reading) -> Decision {
    let (word, after) = match reading.feedback.verdict {
        _ if reading.terminal => ("hand-back", None),
        Verdict::Passed => ("hand-back", reading.wait.filter(|wait| !wait.is_zero())),
        Verdict::Limited { wait: Some(Duration::ZERO) }
        | Verdict::Unavailable { wait: Some(Duration::ZERO) } => ("repeat", Some(SHORT)),
        Verdict::Limited { wait } | Verdict::Unavailable { wait } => {
            let is_too_long = wait.is_some_and(|wait| wait > MAX_WAIT);
            (if is_too_long { "hand-back" } else { "repeat" }, wait)
        }
    };
    Decision { word, after }
}

/// The sentence.
pub(super) fn of(reading: &Reading) -> String {
    let again = "Tidegate would repeat this call, with the same body,";
    match reading.feedback.verdict {
        _ if reading.terminal => {
            "Tidegate would hand this answer back at once: no waiting lifts the limit, somebody has to act."
                .to_owned()
        }
        Verdict::Unavailable { wait: None } => {
            format!("{again} after a pause of its own, and hand the answer back that is the third such.")
        }
        Verdict::Limited { wait } | Verdict::Unavailable { wait } => match wait {
            None => format!(
                "{again} after a pause of its own: 1 s, and twice as long each time it is refused again."
            ),
            Some(Duration::ZERO) => {
                format!(
                    "{again} after a short pause: 50 ms, and twice as long each time it is refused again."
                )
            }
            Some(wait) if wait > MAX_WAIT => format!(
                "Tidegate would end here and say so, since the wait is longer than its --max-wait of 1 h. With a longer one it would repeat this call then, with the same body, and until then hold back {}.",
                held_back(reading),
            ),
            Some(wait) => {
                format!("{again} after {}, and until then hold back {}.", exactly(wait), held_back(reading))
            }
        },
        Verdict::Passed => match reading.wait.filter(|wait| !wait.is_zero()) {
            Some(wait) => format!(
                "Tidegate would hand this answer back, and for {} hold back {}.",
                exactly(wait),
                held_back(reading),
            ),
            None => "Tidegate would hand this answer back: there is nothing to wait for.".to_owned(),
        },
    }
}

fn held_back(reading: &Reading) -> &'static str {
    // When some window begins anew says nothing about the other calls.
    let is_told = reading.limited
        || reading.feedback.is_refusal()
        || reading.origins.wait == Some(Origin::Field(RETRY_AFTER));
    match reading.feedback.scope {
        Scope::Origin if is_told => "all other calls to the same host",
        _ => "other calls of the same resource and token",
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
    use tidegate_core::Time;
    use tidegate_wire::{dialect, feedback};

    use super::*;
    use crate::args::{Args, Command};

    #[track_caller]
    fn check(provider: &str, status: u16, field: (&'static str, &'static str), says: &[&str]) {
        check_all(provider, status, &[field], says);
    }

    #[track_caller]
    fn check_all(provider: &str, status: u16, fields: &[(&'static str, &'static str)], says: &[&str]) {
        let field = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers: HeaderMap = fields.iter().map(field).collect();
        let status = StatusCode::from_u16(status).unwrap();
        let dialect = dialect::named(provider).unwrap();
        let said = of(&feedback::read(&dialect, status, &headers, None, Time::from_secs(1_700_000_000)));
        for text in says {
            assert!(said.contains(text), "{text:?} isn't in: {said}");
        }
    }

    #[track_caller]
    fn check_decision(
        provider: &str,
        status: u16,
        field: (&'static str, &'static str),
        says: (&str, Option<u64>),
    ) {
        let field = (HeaderName::from_static(field.0), HeaderValue::from_static(field.1));
        let status = StatusCode::from_u16(status).unwrap();
        let dialect = dialect::named(provider).unwrap();
        let now = Time::from_secs(1_700_000_000);
        let reading = feedback::read(&dialect, status, &HeaderMap::from_iter([field]), None, now);
        let Decision { word, after } = decision(&reading);
        assert_eq!((word, after), (says.0, says.1.map(Duration::from_millis)));
    }

    #[test]
    fn programs_are_told_the_same_in_a_word() {
        check_decision("ietf", 429, ("retry-after", "5"), ("repeat", Some(5000)));
        check_decision("ietf", 429, ("retry-after", "0"), ("repeat", Some(50)));
        check_decision("ietf", 429, ("retry-after", "3601"), ("hand-back", Some(3_601_000)));
        check_decision("ietf", 429, ("a", "b"), ("repeat", None));
        check_decision("ietf", 503, ("retry-after", "5"), ("repeat", Some(5000)));
        check_decision("ietf", 503, ("a", "b"), ("hand-back", None));
        check_decision("ietf", 301, ("retry-after", "5"), ("hand-back", Some(5000)));
        check_decision("ietf", 200, ("a", "b"), ("hand-back", None));
        check_decision("openai", 429, ("x-should-retry", "false"), ("hand-back", None));
    }

    #[test]
    fn every_verdict_has_its_advice() {
        check(
            "ietf",
            429,
            ("retry-after", "5"),
            &["repeat this call", "after 5 s", "the same resource and token"],
        );
        check("zendesk", 429, ("retry-after", "3600"), &["after 3600 s (60 min 0 s)"]);
        check("ietf", 429, ("retry-after", "3601"), &["would end here", "--max-wait of 1 h"]);
        check("ietf", 429, ("retry-after", "0"), &["50 ms", "twice"]);
        check("ietf", 429, ("a", "b"), &["1 s", "twice"]);
        check("ietf", 503, ("retry-after", "5"), &["repeat this call", "after 5 s"]);
        check("notion", 529, ("a", "b"), &["repeat this call", "the third such"]);
        check("ietf", 503, ("a", "b"), &["hand this answer back: there is nothing"]);
        check("ietf", 301, ("retry-after", "5"), &["hand this answer back, and for 5 s"]);
        check("ietf", 200, ("a", "b"), &["hand this answer back: there is nothing"]);
        check(
            "openai",
            429,
            ("x-should-retry", "false"),
            &["hand this answer back at once", "somebody has to act"],
        );
        check("twitch", 429, ("retry-after", "5"), &["all other calls to the same host"]);
    }

    #[test]
    fn the_end_of_a_window_holds_back_no_other_resource() {
        let fields =
            [("ratelimit-limit", "800"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "1700000030")];
        check_all(
            "twitch",
            200,
            &fields,
            &["hand this answer back, and for 30 s", "the same resource and token"],
        );
        check_all("twitch", 429, &fields, &["after 30 s", "all other calls to the same host"]);
    }

    #[test]
    fn the_longest_wait_is_that_of_fetch() {
        let typed = Args::parse_from(["tidegate", "fetch", "http://localhost/"]);
        let Some(Command::Fetch(fetch)) = typed.command else { panic!("another door opened") };
        assert_eq!(fetch.bounds.max_wait, MAX_WAIT);
    }
}
