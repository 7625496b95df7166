//! What was understood as one JSON object, with the keys of `vectors/`. Never here: the reading itself.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Number, Value, json};
use tidegate_core::Verdict;
use tidegate_wire::feedback::{Origin, Reading};

use super::findings::Findings;
use super::{advice, notes};

/// The whole of it. The order is the one it is printed in.
#[derive(Debug, Serialize)]
struct Explained<'a> {
    provider: &'a str,
    status: u16,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsure: Option<String>,
    retry_after: Value,
    ratelimit: Value,
    feedback: Feedback<'a>,
    from: BTreeMap<&'static str, String>,
    unreadable: Vec<&'a str>,
    advice: Advice,
}

/// What would be done.
#[derive(Debug, Serialize)]
struct Advice {
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_seconds: Option<Number>,
}

/// What the whole answer says. What isn't told is left out.
#[derive(Debug, Serialize)]
struct Feedback<'a> {
    limited: bool,
    terminal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_seconds: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_seconds: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_seconds: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// One line.
pub(super) fn line(provider: &str, found: &Findings) -> String {
    let decision = advice::decision(&found.reading);
    let explained = Explained {
        provider,
        status: found.status.as_u16(),
        verdict: verdict(&found.reading),
        unsure: notes::unsure(found),
        retry_after: retry_after(found),
        ratelimit: found.fields.to_json(found.told()),
        feedback: feedback(&found.reading),
        from: from(&found.reading),
        unreadable: found.listed.unreadable.iter().map(|unreadable| unreadable.place.as_str()).collect(),
        advice: Advice { decision: decision.word, after_seconds: decision.after.map(seconds) },
    };
    serde_json::to_string(&explained).expect("texts and numbers are always JSON")
}

/// What became of this call.
fn verdict(reading: &Reading) -> &'static str {
    match reading.feedback.verdict {
        _ if reading.terminal => "limited",
        Verdict::Limited { .. } => "limited",
        Verdict::Unavailable { .. } => "unavailable",
        Verdict::Passed => "passed",
    }
}

fn retry_after(found: &Findings) -> Value {
    match found.retry_after {
        None => json!({ "invalid": true }),
        Some(told) if told.saturated => json!({ "seconds": seconds(told.wait), "saturated": true }),
        Some(told) => json!({ "seconds": seconds(told.wait) }),
    }
}

fn feedback(reading: &Reading) -> Feedback<'_> {
    Feedback {
        limited: reading.limited,
        terminal: reading.terminal,
        wait_seconds: reading.wait.map(seconds),
        limit: reading.limit,
        remaining: reading.remaining,
        window_seconds: reading.window.map(seconds),
        reset_seconds: reading.reset.map(seconds),
        used_ratio: reading.used_ratio,
        scope: reading.scope.as_deref(),
        message: reading.message.as_deref(),
    }
}

/// Where each was read: `status`, a field's name in lower case, `body` or `dialect`.
fn from(reading: &Reading) -> BTreeMap<&'static str, String> {
    let origins = &reading.origins;
    let origin = |origin: &Option<Origin>| origin.as_ref().map(ToString::to_string);
    let limited = origin(&origins.limited);
    let all = [
        ("terminal", limited.clone().filter(|_| reading.terminal)),
        ("limited", limited),
        ("wait_seconds", origin(&origins.wait)),
        ("limit", origin(&origins.limit)),
        ("remaining", origin(&origins.remaining)),
        ("window_seconds", origin(&origins.window)),
        ("reset_seconds", origin(&origins.reset)),
        ("used_ratio", origin(&origins.used_ratio)),
        ("scope", origin(&origins.scope)),
        ("message", reading.message.as_ref().map(|_| Origin::Body.to_string())),
    ];
    all.into_iter().filter_map(|(key, origin)| Some((key, origin?))).collect()
}

/// Whole seconds as an integer, others as the decimal that the nanoseconds make.
fn seconds(span: Duration) -> Number {
    let (whole, nanos) = (span.as_secs(), span.subsec_nanos());
    let decimal = || format!("{whole}.{nanos:09}").parse().ok().and_then(Number::from_f64);
    if nanos == 0 { whole.into() } else { decimal().unwrap_or_else(|| whole.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(span: Duration, printed: &str) {
        assert_eq!(seconds(span).to_string(), printed);
    }

    #[test]
    fn seconds_are_printed_without_binary_noise() {
        check(Duration::from_secs(60), "60");
        check(Duration::from_millis(64_570), "64.57");
        check(Duration::from_millis(350), "0.35");
        check(Duration::new(2_147_483_648, 100_000_000), "2147483648.1");
        check(Duration::from_nanos(1), "1e-9");
        check(Duration::from_secs(u64::MAX), "18446744073709551615");
    }
}
