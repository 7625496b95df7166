//! Limits in the fields of answers, beside what the upstream says of its own. Never here: a body.

use http::header::{Entry, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use tidegate_core::Time;
use tidegate_wire::announce::Form;
use tidegate_wire::number;
use tidegate_wire::ratelimit::{RATELIMIT, RATELIMIT_POLICY, Tolerance, read_limits, read_policies};
use tidegate_wire::retry_after;

use crate::limiter::Told;

/// Writes what is told into the fields of an answer of our own.
pub(super) fn write(told: &Told, forms: &[Form], headers: &mut HeaderMap, wall_clock: Time) {
    if let [Form::Current] = forms {
        let (policies, left) = told.stated();
        insert(headers, RATELIMIT_POLICY, policies);
        insert(headers, RATELIMIT, left);
        insert(headers, RETRY_AFTER, told.wait.map(|wait| number::value(retry_after::write(wait))));
        return;
    }
    // Names that no field holds were refused with their policy, so this can't fail.
    let written = told.announcement().write(headers, forms, wall_clock);
    debug_assert_eq!(written, Ok(()));
}

fn insert(headers: &mut HeaderMap, name: HeaderName, line: Option<HeaderValue>) {
    if let Some(line) = line {
        headers.insert(name, line);
    }
}

/// Writes what is told into the fields of an upstream's answer.
pub(super) fn join(told: &Told, forms: &[Form], headers: &mut HeaderMap, wall_clock: Time) {
    if let [Form::Current] = forms {
        let (policies, left) = told.stated();
        for (name, line) in [(RATELIMIT_POLICY, policies), (RATELIMIT, left)] {
            if let Some(line) = line {
                put(headers, name, line);
            }
        }
        return;
    }
    let mut ours = HeaderMap::new();
    write(told, forms, &mut ours, wall_clock);
    for (name, line) in &ours {
        put(headers, name.clone(), line.clone());
    }
}

/// Puts a line beside those that say the same of other limits, or in the place of those that it can't stand beside.
fn put(headers: &mut HeaderMap, name: HeaderName, line: HeaderValue) {
    match headers.entry(name) {
        Entry::Vacant(free) => {
            free.insert(line);
        }
        Entry::Occupied(mut taken) => {
            let theirs = names(taken.key(), taken.iter());
            let ours = names(taken.key(), [&line].into_iter());
            match (theirs, ours) {
                (Some(theirs), Some(ours)) if !ours.iter().any(|name| theirs.contains(name)) => {
                    taken.append(line)
                }
                _ => {
                    taken.insert(line);
                }
            }
        }
    }
}

/// The names of the limits in a field of the current form.
fn names<'l>(field: &HeaderName, lines: impl Iterator<Item = &'l HeaderValue>) -> Option<Vec<String>> {
    let lines = lines.map(HeaderValue::as_bytes);
    match field {
        field if *field == RATELIMIT => {
            Some(read_limits(lines, Tolerance::Strict)?.into_iter().map(|limit| limit.name).collect())
        }
        field if *field == RATELIMIT_POLICY => {
            Some(read_policies(lines, Tolerance::Strict)?.into_iter().map(|policy| policy.name).collect())
        }
        _ => None,
    }
}
