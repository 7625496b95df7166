//! A policy made ready: checked whole, its templates in one tree. Never here: a request.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use crate::path::Fault;

use super::key::{KeyPart, Part};
use super::method::Methods;
use super::policy::{Exempt, Gives, Limit, Matcher, Policy, Priority, When};
use super::routes::Routes;
use super::{Class, Classifier};

/// A limit made ready.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) limit: Limit,
    pub(super) methods: Methods,
    pub(super) key: Vec<Part>,
    /// The number of its group, if it has one.
    pub(super) group: Option<u32>,
}

/// An exemption made ready.
#[derive(Clone, Debug)]
pub(super) struct Spares {
    pub(super) name: String,
    pub(super) on: Matcher,
    pub(super) methods: Methods,
    /// The numbers of the limits, sorted; `None` for all.
    pub(super) limits: Option<Vec<u32>>,
}

/// A priority made ready.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    pub(super) on: Matcher,
    pub(super) methods: Methods,
    pub(super) class: Class,
}

/// What is wrong with a policy, and with which of its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    /// The name of the limit or exemption.
    pub rule: String,
    /// What is wrong with it.
    pub wrong: PolicyWrong,
}

/// What is wrong with a rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyWrong {
    /// Another rule of the same kind has the same name.
    NameTwice,
    /// The name can't stand in a `RateLimit` field.
    Name,
    /// A name in the path template is refused in a request.
    Template(Fault),
    /// The key needs a place that the path template hasn't got.
    NoPlace(String),
    /// An exemption is from a limit that isn't there.
    NoLimit(String),
    /// A plan asks how the key begins, and the first part of the key is no text.
    KeyIsNoText,
    /// More bits than an address has.
    Grouping,
    /// A limit that limits nothing.
    HoldsNothing,
    /// A plan with a quota, where the limit has none.
    PlanWithoutQuota(String),
}

impl Error for PolicyFault {}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: ", self.rule)?;
        match &self.wrong {
            PolicyWrong::NameTwice => f.write_str("there is another of this name: give each its own"),
            PolicyWrong::Name => f.write_str(
                "answers tell callers the name, in fields that hold printable ASCII characters only: use only those",
            ),
            PolicyWrong::Template(fault) => {
                write!(f, "no request can fit the path, since one with this name is refused: {fault}")
            }
            PolicyWrong::NoPlace(name) => {
                write!(f, "the key needs path:{name}, and the limit's path has no {{{name}}}: name it there")
            }
            PolicyWrong::NoLimit(name) => write!(f, "there is no limit `{name}` to be exempt from"),
            PolicyWrong::KeyIsNoText => f.write_str(
                "a plan asks how the key begins, which only a bearer, header, cookie, path or host can tell: put \
                 that first in the key, or ask for an address",
            ),
            PolicyWrong::HoldsNothing => {
                f.write_str("it limits nothing: give it a quota, or how many calls may be in flight at once")
            }
            PolicyWrong::PlanWithoutQuota(plan) => {
                write!(f, "the plan `{plan}` has a quota and the limit has none to replace: give the limit one")
            }
            PolicyWrong::Grouping => f.write_str("IPv4 has 32 bits and IPv6 has 128: write no more"),
        }
    }
}

pub(super) fn compile(policy: Policy) -> Result<Classifier, Vec<PolicyFault>> {
    let mut faults = Vec::new();
    let mut fault = |rule: &str, wrong| faults.push(PolicyFault { rule: rule.to_owned(), wrong });
    if policy.grouping.v4_bits > 32 || policy.grouping.v6_bits > 128 {
        fault("grouping", PolicyWrong::Grouping);
    }
    let mut routes = Routes::default();
    let matchers = policy.exemptions.iter().map(|exemption| (&exemption.name, &exemption.on));
    let matchers = matchers.chain(policy.priorities.iter().map(|priority| (&priority.name, &priority.on)));
    let matchers = matchers.chain(policy.limits.iter().map(|limit| (&limit.name, &limit.on)));
    for (row, (name, on)) in (0..).zip(matchers) {
        match &on.path {
            None => routes.add_anywhere(row),
            Some(template) => {
                if let Err(refused) = routes.add(template, row, &policy.rules) {
                    fault(name, PolicyWrong::Template(refused));
                }
            }
        }
    }
    let exemptions = spares(&policy, &mut fault);
    let priorities = ranks(&policy, &mut fault);
    let limits = ready(&policy, &mut fault);
    if faults.is_empty() {
        let Policy { grouping, rules, .. } = policy;
        Ok(Classifier { grouping, rules, exemptions, priorities, limits, routes })
    } else {
        Err(faults)
    }
}

fn spares(policy: &Policy, fault: &mut impl FnMut(&str, PolicyWrong)) -> Vec<Spares> {
    let mut names = HashSet::new();
    let mut made = Vec::new();
    for exemption in &policy.exemptions {
        if !names.insert(&exemption.name) {
            fault(&exemption.name, PolicyWrong::NameTwice);
        }
        let limits = match &exemption.from {
            Exempt::All => None,
            Exempt::Limits(from) => {
                let mut numbers = Vec::new();
                for name in from {
                    match (0..).zip(&policy.limits).find(|(_, limit)| limit.name == *name) {
                        Some((number, _)) => numbers.push(number),
                        None => fault(&exemption.name, PolicyWrong::NoLimit(name.clone())),
                    }
                }
                numbers.sort_unstable();
                Some(numbers)
            }
        };
        let methods = Methods::of(exemption.on.methods.iter().cloned());
        made.push(Spares { name: exemption.name.clone(), on: exemption.on.clone(), methods, limits });
    }
    made
}

fn ranks(policy: &Policy, fault: &mut impl FnMut(&str, PolicyWrong)) -> Vec<Ranks> {
    let mut names = HashSet::new();
    let mut made = Vec::new();
    for Priority { name, on, class } in &policy.priorities {
        if !names.insert(name) {
            fault(name, PolicyWrong::NameTwice);
        }
        let methods = Methods::of(on.methods.iter().cloned());
        made.push(Ranks { on: on.clone(), methods, class: *class });
    }
    made
}

fn ready(policy: &Policy, fault: &mut impl FnMut(&str, PolicyWrong)) -> Vec<Ready> {
    let (mut names, mut groups, mut made) = (HashSet::new(), Vec::new(), Vec::new());
    for limit in &policy.limits {
        if !names.insert(&limit.name) {
            fault(&limit.name, PolicyWrong::NameTwice);
        }
        if !limit.name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            fault(&limit.name, PolicyWrong::Name);
        }
        let mut key = Vec::new();
        for part in &limit.key {
            match ready_part(part, &limit.on) {
                Ok(part) => key.push(part),
                Err(wrong) => fault(&limit.name, wrong),
            }
        }
        check_amounts(limit, fault);
        let by_text = limit.plans.iter().any(|plan| matches!(plan.when, When::KeyStarts(_)));
        if by_text && matches!(limit.key.first(), None | Some(KeyPart::Ip)) {
            fault(&limit.name, PolicyWrong::KeyIsNoText);
        }
        let group = limit.first_of.as_ref().map(|group| {
            groups.iter().position(|other| *other == group).unwrap_or_else(|| {
                groups.push(group);
                groups.len() - 1
            }) as u32
        });
        let methods = Methods::of(limit.on.methods.iter().cloned());
        made.push(Ready { limit: limit.clone(), methods, key, group });
    }
    made
}

/// Whether the limit has something to count against, for everybody.
fn check_amounts(limit: &Limit, fault: &mut impl FnMut(&str, PolicyWrong)) {
    if limit.quota.is_some() {
        return;
    }
    if limit.at_once.is_none() {
        fault(&limit.name, PolicyWrong::HoldsNothing);
    }
    if let Some(plan) = limit.plans.iter().find(|plan| plan.gives != Gives::Exemption) {
        fault(&limit.name, PolicyWrong::PlanWithoutQuota(plan.name.clone()));
    }
}

fn ready_part(part: &KeyPart, on: &Matcher) -> Result<Part, PolicyWrong> {
    Ok(match part {
        KeyPart::Bearer => Part::Bearer,
        KeyPart::Ip => Part::Ip,
        KeyPart::Header(name) => Part::Header(name.clone()),
        KeyPart::Cookie(name) => Part::Cookie(name.clone()),
        KeyPart::Host => Part::Host,
        KeyPart::Path(name) => {
            let place = on.path.as_ref().and_then(|template| template.place(name));
            let (at, extent) = place.ok_or_else(|| PolicyWrong::NoPlace(name.clone()))?;
            Part::Path(at, extent)
        }
    })
}
