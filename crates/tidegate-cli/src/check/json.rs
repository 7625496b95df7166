//! What `check` says, as JSON for scripts. Never here: what is said to people.

use serde_json::{Value, json};
use tidegate::classify::{Gives, Limit, Mode, Verdict};

use super::outlook::Then;
use super::summary;
use super::told::{Limits, Outcome, Told};
use crate::policy::settings::Config;
use crate::toml_file::{Fault, Place};

/// A file that isn't good.
pub(super) fn faults(text: &str, faults: &[Fault]) -> String {
    line(&json!({ "good": false, "faults": list(text, faults) }))
}

/// A file that is good, unless it names files that can't be read.
pub(super) fn good(config: &Config, text: &str, warnings: &[Fault], unreadable: &[String]) -> String {
    let limits: Vec<Value> = config.policy.limits.iter().map(limit).collect();
    let servers: Vec<&str> = config.gateway.upstreams.iter().map(|server| server.name.as_str()).collect();
    line(&json!({
        "good": unreadable.is_empty(),
        "limits": limits,
        "servers": servers,
        "warnings": list(text, warnings),
        "unreadable": unreadable,
    }))
}

fn limit(limit: &Limit) -> Value {
    let plans = limit.plans.iter().map(|plan| match &plan.gives {
        Gives::Quota(quota) => json!({ "name": plan.name, "quota": quota.to_string() }),
        Gives::Exemption => json!({ "name": plan.name, "exempt": true }),
    });
    json!({
        "name": limit.name,
        "requests": summary::requests(&limit.on),
        "key": limit.key.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "quota": limit.quota.map(|quota| quota.to_string()),
        "at_once": limit.at_once,
        "per": summary::per(limit.per),
        "mode": summary::mode(limit.mode),
        "plans": plans.collect::<Vec<_>>(),
    })
}

pub(super) fn list(text: &str, faults: &[Fault]) -> Vec<Value> {
    let one = |fault: &Fault| {
        let Place { line, column } = Place::of(text, fault.span.start);
        json!({ "line": line, "column": column, "message": fault.message, "hint": fault.hint })
    };
    faults.iter().map(one).collect()
}

/// What becomes of a request.
pub(super) fn told(told: &Told) -> String {
    let said = match &told.outcome {
        Outcome::Malformed { fault, .. } => json!({
            "outcome": "refused",
            "status": fault.status().as_u16(),
            "message": fault.to_string(),
            "byte": fault.byte(),
        }),
        Outcome::Limits(limits) => of_limits(limits),
    };
    let mut all = json!({ "request": told.request, "notes": told.notes });
    if let (Value::Object(all), Value::Object(said)) = (&mut all, said) {
        all.extend(said);
    }
    line(&all)
}

fn of_limits(limits: &Limits) -> Value {
    let lines = (0..).zip(&limits.explanation.lines).map(|(number, line)| {
        let ahead = limits.ahead.iter().find(|ahead| ahead.limit == number);
        json!({
            "name": line.name,
            "falls": !matches!(line.verdict, Verdict::PassedOver(_)),
            "key": line.key,
            "words": line.words,
            "cost": ahead.map(|ahead| ahead.cost),
            "quota": ahead.and_then(|ahead| Some(ahead.quota?.to_string())),
            "remaining": ahead.and_then(|ahead| limits.left(ahead)),
            "passes_at_once": ahead.and_then(|ahead| ahead.passes),
        })
    });
    let stop = limits.first_to_stop(Mode::Enforce);
    let (outcome, status) = match (&limits.explanation.outcome, stop) {
        (Err(refusal), _) => ("refused", Some(refusal.status().as_u16())),
        (Ok(_), Some((ahead, _))) if ahead.then == Then::Never => ("never", Some(400)),
        _ => ("admitted", None),
    };
    let message = limits.explanation.outcome.as_ref().err().map(ToString::to_string);
    let retry_after = stop.and_then(|(ahead, _)| match ahead.then {
        Then::Waits { seconds, .. } => Some(seconds),
        _ => None,
    });
    json!({
        "outcome": outcome,
        "status": status,
        "message": message,
        "class": limits.class.as_str(),
        "limits": lines.collect::<Vec<_>>(),
        "passes_at_once": stop.map(|(_, passes)| passes),
        "stopped_by": stop.map(|(ahead, _)| limits.name(ahead)),
        "retry_after": retry_after,
    })
}

pub(super) fn line(value: &Value) -> String {
    format!("{value}\n")
}
