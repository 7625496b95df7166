//! Limits, exemptions and priorities as the library takes them, each compiled to be judged. Never here: their texts.

mod cost;
mod judged;

use std::collections::HashMap;
use std::ops::Range;

use tidegate::classify::{
    Condition, Exempt, Exemption, Gives, Grouping, Limit, Matcher, Plan, Policy, Priority, When,
};
use tidegate::path::Rules;

use super::file::gateway::{Addresses, Paths};
use super::file::{self, File};
use super::kinds::{Group, OnHeader, OnQuery, Prefix};
use super::words;
use crate::toml_file::kinds::Name;
use crate::toml_file::sizes::Bytes;
use crate::toml_file::written::{Placed, Written, chosen, needed, read_or};
use crate::toml_file::{Fault, Faults};

/// The policy that the file's limits make, as far as they can be read.
pub(super) fn read(file: &File, faults: &mut Faults) -> Policy {
    let gateway = file.gateway.as_ref().map(|gateway| &gateway.value);
    let mut policy = Policy {
        rules: rules(gateway.and_then(|gateway| gateway.paths.as_ref()), faults),
        grouping: grouping(gateway.and_then(|gateway| gateway.addresses.as_ref()), faults),
        ..Policy::default()
    };
    let mut names = Names::default();
    for written in &file.limit {
        let limit = limit(written, &mut names, faults);
        judged::limit(&limit, written, &policy, faults);
        policy.limits.push(limit);
    }
    let mut names = Names::default();
    for written in &file.exempt {
        let exemption = exemption(written, &mut names, faults);
        judged::exemption(&exemption, written, &policy, faults);
        policy.exemptions.push(exemption);
    }
    let mut names = Names::default();
    for written in &file.priority {
        let priority = priority(written, &mut names, faults);
        judged::priority(&priority, written, &policy, faults);
        policy.priorities.push(priority);
    }
    policy
}

/// The names of one kind of rules, each with its place.
#[derive(Debug, Default)]
struct Names(HashMap<String, Range<usize>>);

impl Names {
    /// The name of a rule; a fault if it is none, or another's.
    fn of(
        &mut self,
        rule: &str,
        name: Option<&Written<Name>>,
        table: &Range<usize>,
        faults: &mut Faults,
    ) -> String {
        let message = format!("{rule} needs a `name`");
        let Some(written) = needed(name, faults, table, &message) else { return String::new() };
        let Some(Name(name)) = written.read(faults) else { return String::new() };
        match self.0.get(&name) {
            None => {
                self.0.insert(name.clone(), written.span.clone());
            }
            Some(_) => {
                let message = format_args!("there is another of the name `{name}`: give each its own");
                faults.add(Fault::new(written.span.clone(), message));
            }
        }
        name
    }
}

fn limit(written: &Placed<file::limit::Limit>, names: &mut Names, faults: &mut Faults) -> Limit {
    let Placed { value, span } = written;
    let name = names.of("a limit", value.name.as_ref(), span, faults);
    if value.key.is_none() {
        faults.missing(
            span.clone(),
            format_args!("the limit doesn't say whose count a request takes from: key = \"bearer\", \"ip\", \"header:NAME\", or [] for one that all share"),
        );
    }
    if value.quota.is_none() && value.at_once.is_none() {
        faults.missing(span.clone(), "it limits nothing: give it a `quota`, or `at-once`");
    }
    let mut plans = Vec::new();
    let mut plan_names = Names::default();
    for plan in &value.plan {
        plans.extend(self::plan(plan, &mut plan_names, faults));
    }
    Limit {
        name,
        on: value.on.as_ref().map(|on| matcher(&on.value, faults)).unwrap_or_default(),
        first_of: value.first_of.as_ref().and_then(|group| group.read(faults)).map(|Group(group)| group),
        key: value.key.as_ref().map(|key| key.read(faults)).unwrap_or_default(),
        missing: chosen(value.missing.as_ref()),
        quota: value.quota.as_ref().and_then(|quota| quota.read(faults)),
        at_once: value.at_once,
        per: chosen(value.per.as_ref()),
        mode: chosen(value.mode.as_ref()),
        plans,
        cost: value.cost.as_ref().map(|cost| cost::read(&cost.value, faults)).unwrap_or_default(),
    }
}

fn matcher(written: &file::limit::Match, faults: &mut Faults) -> Matcher {
    let mut conditions = Vec::new();
    if let Some(list) = &written.header {
        conditions.extend(list.read(faults).into_iter().map(|OnHeader(condition)| condition));
    }
    if let Some(list) = &written.query {
        conditions.extend(list.read(faults).into_iter().map(|OnQuery(condition)| condition));
    }
    if let Some(list) = &written.address {
        conditions.push(Condition::Client(list.read(faults)));
    }
    Matcher {
        methods: written.method.as_ref().map(|list| list.read(faults)).unwrap_or_default(),
        path: written.path.as_ref().and_then(|path| path.read(faults)),
        hosts: written.host.as_ref().map(|list| list.read(faults)).unwrap_or_default(),
        conditions,
    }
}

fn plan(written: &Placed<file::limit::Plan>, names: &mut Names, faults: &mut Faults) -> Option<Plan> {
    let Placed { value, span } = written;
    let name = names.of("a plan", value.name.as_ref(), span, faults);
    let starts = value.key_starts.as_ref().and_then(|prefix| prefix.read(faults));
    let header = value.header.as_ref().and_then(|header| header.read(faults));
    let query = value.query.as_ref().and_then(|query| query.read(faults));
    let method = value.method.as_ref().map(|list| cost::methods(list, faults));
    let address = value.address.as_ref().map(|list| Condition::Client(list.read(faults)));
    let said = [
        value.key_starts.is_some(),
        value.header.is_some(),
        value.query.is_some(),
        method.is_some(),
        address.is_some(),
    ];
    match said.into_iter().filter(|said| *said).count() {
        0 => faults.missing(
            span.clone(),
            "the plan doesn't say who has it: give it `key-starts`, `header`, `query`, `method` or `address`",
        ),
        1 => {}
        _ => faults.add(written.fault("the plan says in several ways who has it: choose one").hint(
            "for either of two, write two plans; for both, a limit of its own with `match` and `first-of`",
        )),
    }
    let condition = header.map(|OnHeader(condition)| condition);
    let condition = condition.or(query.map(|OnQuery(condition)| condition)).or(method).or(address);
    let when = starts.map(|Prefix(prefix)| When::KeyStarts(prefix)).or(condition.map(When::Holds));
    let quota = value.quota.as_ref().map(|quota| quota.read(faults));
    let gives = match (quota, value.exempt.as_ref().map(|exempt| exempt.value)) {
        (Some(_), Some(true)) => {
            faults.add(written.fault("who is exempt needs no quota: leave one of both out"));
            None
        }
        (Some(quota), _) => quota.map(Gives::Quota),
        (None, Some(true)) => Some(Gives::Exemption),
        (None, _) => {
            faults.missing(span.clone(), "the plan gives nothing: give it a `quota`, or `exempt = true`");
            None
        }
    };
    Some(Plan { name, when: when?, gives: gives? })
}

fn exemption(written: &Placed<file::limit::Exempt>, names: &mut Names, faults: &mut Faults) -> Exemption {
    let Placed { value, span } = written;
    let name = names.of("an exemption", value.name.as_ref(), span, faults);
    let from = value.from.as_ref().map(|list| list.read(faults).into_iter().map(|Name(name)| name).collect());
    Exemption {
        name,
        on: rule_matcher(value.on.as_ref(), span, faults),
        from: from.map_or(Exempt::All, Exempt::Limits),
    }
}

fn priority(written: &Placed<file::limit::Priority>, names: &mut Names, faults: &mut Faults) -> Priority {
    let Placed { value, span } = written;
    let name = names.of("a priority", value.name.as_ref(), span, faults);
    if value.class.is_none() {
        faults
            .missing(span.clone(), "the priority needs a `class`: \"critical\", \"normal\" or \"sheddable\"");
    }
    Priority { name, on: rule_matcher(value.on.as_ref(), span, faults), class: chosen(value.class.as_ref()) }
}

/// What a rule other than a limit falls on must be said: all would be a slip.
fn rule_matcher(
    on: Option<&Placed<file::limit::Match>>,
    span: &Range<usize>,
    faults: &mut Faults,
) -> Matcher {
    if on.is_none() {
        faults.missing(span.clone(), "it needs a `match`: which requests");
    }
    on.map(|on| matcher(&on.value, faults)).unwrap_or_default()
}

fn rules(written: Option<&Placed<Paths>>, faults: &mut Faults) -> Rules {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    let Rules { trailing_slash, case, longest, .. } = Rules::default();
    let same = |word: Option<Placed<words::Sameness>>, usual| word.map_or(usual, |word| word.value.into());
    let usual = Bytes(longest as u64);
    let longest = read_or(written.longest.as_ref(), faults, usual).0;
    Rules {
        coded_slashes: chosen(written.coded_slashes.as_ref()),
        params: chosen(written.params.as_ref()),
        trailing_slash: same(written.trailing_slash, trailing_slash),
        case: same(written.case, case),
        longest: usize::try_from(longest).unwrap_or(usize::MAX),
    }
}

fn grouping(written: Option<&Placed<Addresses>>, faults: &mut Faults) -> Grouping {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    let mut bits = |written: Option<Placed<u8>>, most: u8, usual: u8| match written {
        Some(bits) if bits.value > most => {
            faults.add(bits.fault(format_args!("such an address has {most} bits: write no more")));
            usual
        }
        Some(bits) => bits.value,
        None => usual,
    };
    let usual = Grouping::default();
    Grouping {
        v4_bits: bits(written.v4_bits, 32, usual.v4_bits),
        v6_bits: bits(written.v6_bits, 128, usual.v6_bits),
    }
}
