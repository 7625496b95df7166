//! Rules judged by the library that runs them, one at a time, so that each fault has its place. Never here: a rule of it.

use std::ops::Range;

use tidegate::classify::{
    Classifier, Exempt, Exemption, KeyPart, Limit, Policy, PolicyFault, PolicyWrong, Priority,
};
use tidegate_core::Quota;

use super::super::file::limit as file;
use crate::toml_file::hint;
use crate::toml_file::written::{Placed, Written};
use crate::toml_file::{Fault, Faults};

/// What is wrong with a limit by itself.
pub(super) fn limit(limit: &Limit, written: &Placed<file::Limit>, policy: &Policy, faults: &mut Faults) {
    let Placed { value, span } = written;
    let place = |wrong: &PolicyWrong| match wrong {
        PolicyWrong::Template(_) => path(value.on.as_ref()),
        PolicyWrong::NoPlace(name) => {
            let part = format!("path:{name}");
            value.key.as_ref()?.items.iter().find(|item| item.text == part).map(|item| item.span.clone())
        }
        PolicyWrong::KeyIsNoText => {
            value.plan.iter().find_map(|plan| span_of(plan.value.key_starts.as_ref()))
        }
        PolicyWrong::PlanWithoutQuota(_) => {
            value.plan.iter().find_map(|plan| span_of(plan.value.quota.as_ref()))
        }
        _ => None,
    };
    for PolicyFault { wrong, .. } in wrongs(Policy { limits: vec![limit.clone()], ..bare(policy) }) {
        match wrong {
            // Missed already, unless it may be misspelt.
            PolicyWrong::HoldsNothing | PolicyWrong::NameTwice => {}
            PolicyWrong::PlanWithoutQuota(_) if value.quota.is_some() => {}
            // A key that couldn't be read isn't judged by what is left of it.
            PolicyWrong::KeyIsNoText
                if value.key.as_ref().is_none_or(|key| key.items.len() != limit.key.len()) => {}
            PolicyWrong::NoPlace(_) if path(value.on.as_ref()).is_some() && limit.on.path.is_none() => {}
            wrong => add(wrong, &place, span, faults),
        }
    }
}

/// What is wrong with an exemption among these limits.
pub(super) fn exemption(
    exemption: &Exemption,
    written: &Placed<file::Exempt>,
    policy: &Policy,
    faults: &mut Faults,
) {
    let place = |wrong: &PolicyWrong| match wrong {
        PolicyWrong::Template(_) => path(written.value.on.as_ref()),
        PolicyWrong::NoLimit(name) => {
            let items = &written.value.from.as_ref()?.items;
            items.iter().find(|item| item.text == *name).map(|item| item.span.clone())
        }
        _ => None,
    };
    let names: Vec<&str> = policy.limits.iter().map(|limit| limit.name.as_str()).collect();
    let any = Quota::new(1, std::time::Duration::from_secs(1)).expect("one a second can be counted");
    let limits = names.iter().map(|name| Limit::new(*name, vec![KeyPart::Ip], any)).collect();
    let alone = Policy { limits, exemptions: vec![exemption.clone()], ..bare(policy) };
    for PolicyFault { wrong, .. } in wrongs(alone) {
        match &wrong {
            PolicyWrong::NameTwice => {}
            PolicyWrong::NoLimit(name) => {
                let span = place(&wrong).unwrap_or(written.span.clone());
                faults.add(
                    Fault::new(span, format_args!("there is no limit `{name}`"))
                        .hint(hint::among(name, names.iter().copied())),
                );
            }
            _ => add(wrong, &place, &written.span, faults),
        }
    }
    if exemption.from == Exempt::Limits(Vec::new())
        && written.value.from.as_ref().is_some_and(|from| from.items.is_empty())
    {
        let message = "it spares nothing: name limits in `from`, or leave it out for all";
        faults.missing(written.span.clone(), message);
    }
}

/// What is wrong with a priority.
pub(super) fn priority(
    priority: &Priority,
    written: &Placed<file::Priority>,
    policy: &Policy,
    faults: &mut Faults,
) {
    let place = |_: &PolicyWrong| path(written.value.on.as_ref());
    for PolicyFault { wrong, .. } in wrongs(Policy { priorities: vec![priority.clone()], ..bare(policy) }) {
        add(wrong, &place, &written.span, faults);
    }
}

fn add(
    wrong: PolicyWrong,
    place: &dyn Fn(&PolicyWrong) -> Option<Range<usize>>,
    span: &Range<usize>,
    faults: &mut Faults,
) {
    let span = place(&wrong).unwrap_or(span.clone());
    // The rule is the one that the place is in: no need to name it.
    let message = PolicyFault { rule: String::new(), wrong }.to_string();
    faults.add(Fault::new(span, message.trim_start_matches("``: ")));
}

fn wrongs(policy: Policy) -> Vec<PolicyFault> {
    Classifier::compile(policy).err().unwrap_or_default()
}

/// A policy with the same spellings and no rules.
fn bare(policy: &Policy) -> Policy {
    Policy { rules: policy.rules.clone(), grouping: policy.grouping, ..Policy::default() }
}

fn path(on: Option<&Placed<file::Match>>) -> Option<Range<usize>> {
    span_of(on?.value.path.as_ref())
}

fn span_of<T>(written: Option<&Written<T>>) -> Option<Range<usize>> {
    written.map(|written| written.span.clone())
}
