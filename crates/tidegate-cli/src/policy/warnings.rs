//! What is legal in a policy file and likely wrong. Never here: what is refused.

use std::ops::Range;

use tidegate::classify::{Amount, Condition, Exempt, Gives, KeyPart, Limit, Matcher, Per, Plan, When};

use super::file::cost::Cost;
use super::file::{self, File};
use super::settings::{Config, Gateway, Listen};
use crate::toml_file::written::Placed;
use crate::toml_file::{Fault, covers};

/// Memory with room for fewer callers than most APIs have: some 30,000.
const LITTLE_MEMORY: usize = 1 << 20;

/// All of it, in the file's order.
pub(super) fn all(file: &File, config: &Config) -> Vec<Fault> {
    let mut warnings = Vec::new();
    if let Some(gateway) = &file.gateway {
        of_gateway(gateway, config, &mut warnings);
    }
    let limits = &config.policy.limits;
    for (number, (written, limit)) in file.limit.iter().zip(limits).enumerate() {
        of_group(number, written, limits, &mut warnings);
        of_cost(written, limit, &config.gateway, &mut warnings);
        of_key(written, limit, &config.gateway, &mut warnings);
        of_plans(written, limit, &config.gateway, &mut warnings);
    }
    for (written, exemption) in file.exempt.iter().zip(&config.policy.exemptions) {
        let Some(on) = &written.value.on else { continue };
        if is_all(&exemption.on) && exemption.from == Exempt::All {
            warnings.push(on.fault("every request is exempt: no limit ever falls"));
        } else if let Some(what) = claimed(&exemption.on, &config.gateway) {
            warnings.push(anybody(on.span.clone(), &what, "be exempt"));
        }
    }
    warnings.sort_by_key(|warning| warning.span.start);
    warnings
}

fn of_gateway(written: &Placed<file::gateway::Gateway>, config: &Config, warnings: &mut Vec<Fault>) {
    let Gateway { admin, health, memory_bytes, .. } = &config.gateway;
    let value = &written.value;
    if config.policy.limits.is_empty() {
        warnings.push(written.fault("there is no [[limit]]: everything is forwarded"));
    }
    if let (Some(Listen::Tcp(address)), Some(admin)) = (admin, &value.admin)
        && !address.ip().is_loopback()
    {
        let message = "whoever reaches this address can reset counts and reload the policy";
        warnings
            .push(Fault::new(admin.span.clone(), message).hint("listen on 127.0.0.1, or on a socket file"));
    }
    if let Some(memory) = value.memory.as_ref().filter(|_| *memory_bytes < LITTLE_MEMORY) {
        let message = "this is little: callers beyond some thousands would share one count per limit";
        warnings.push(Fault::new(memory.span.clone(), message).hint("the default is \"64 MiB\""));
    }
    if let (Some(health), Some(written)) = (health, &value.health)
        && health.timeout > health.every
        && let Some(timeout) = &written.value.timeout
    {
        let message = "a check may take longer than the time between two: a server that hangs is found late";
        warnings.push(Fault::new(timeout.span.clone(), message).hint("let `timeout` be at most `every`"));
    }
}

/// A limit that never falls, since one of its group always falls before.
fn of_group(
    number: usize,
    written: &Placed<file::limit::Limit>,
    limits: &[Limit],
    warnings: &mut Vec<Fault>,
) {
    let limit = &limits[number];
    let Some(group) = &limit.first_of else { return };
    let same = limits[..number].iter().filter(|other| other.first_of.as_ref() == Some(group));
    let first = same.into_iter().find(|other| covers::all_of(&other.on, &limit.on));
    if let (Some(first), Some(name)) = (first, &written.value.name) {
        let message = format!(
            "it never falls: `{}` matches all that it matches, and is first of `{group}`",
            first.name
        );
        warnings.push(
            Fault::new(name.span.clone(), message).hint("put the limit that matches less before the other"),
        );
    }
}

/// Costs that no caller's quota can hold.
fn of_cost(
    written: &Placed<file::limit::Limit>,
    limit: &Limit,
    gateway: &Gateway,
    warnings: &mut Vec<Fault>,
) {
    let plans = limit.plans.iter().filter_map(|plan| match &plan.gives {
        Gives::Quota(quota) => Some(quota.burst()),
        Gives::Exemption => None,
    });
    let Some(most) = limit.quota.iter().map(|quota| quota.burst()).chain(plans).max() else { return };
    let weights = gateway.upstreams.iter().map(|upstream| upstream.weight_thousandths.get());
    let servers = weights.fold(0, u32::saturating_add);
    let most = match limit.per {
        Per::Fleet => most,
        Per::Server => (u128::from(most) * u128::from(servers) / 1_000).try_into().unwrap_or(u64::MAX),
    };
    for (place, amount) in costs(written, limit) {
        if let Amount::Units(units) = amount
            && units > most
        {
            let message = format!("a request of this cost can never pass: the quota holds at most {most}");
            warnings.push(
                Fault::new(place, message)
                    .hint("give the quota a larger burst, or the request a smaller cost"),
            );
        }
    }
}

/// Each amount that a request may cost, with its place.
fn costs(written: &Placed<file::limit::Limit>, limit: &Limit) -> Vec<(Range<usize>, Amount)> {
    let Some(cost) = &written.value.cost else { return Vec::new() };
    let (rows, otherwise) = match &cost.value {
        Cost::Units(_) => (&[][..], Some(cost.span.clone())),
        Cost::Rows(rows) => (&rows[..], None),
        Cost::Table(table) => (&table.rows[..], table.otherwise.as_ref().map(|amount| amount.span.clone())),
    };
    let rows = rows.iter().zip(&limit.cost.rows).map(|(row, read)| (row.span.clone(), read.is));
    rows.chain(otherwise.map(|place| (place, limit.cost.otherwise))).collect()
}

/// A key by address where every caller has the same one.
fn of_key(written: &Placed<file::limit::Limit>, limit: &Limit, gateway: &Gateway, warnings: &mut Vec<Fault>) {
    let is_local = |listen: &Listen| match listen {
        Listen::Tcp(address) => address.ip().is_loopback(),
        Listen::Unix(_) => true,
    };
    let behind_nobody = gateway.trust.proxies.is_empty() && gateway.listen.iter().all(is_local);
    let place = written.value.key.as_ref().and_then(|key| key.items.iter().find(|part| part.text == "ip"));
    if let Some(part) = place.filter(|_| behind_nobody && limit.key.contains(&KeyPart::Ip)) {
        let message = "callers come only from this machine, so all have one address and share one count";
        let hint = "if a proxy stands in front, name it: trusted-proxies = [\"127.0.0.1\"]";
        warnings.push(Fault::new(part.span.clone(), message).hint(hint));
    }
}

fn of_plans(
    written: &Placed<file::limit::Limit>,
    limit: &Limit,
    gateway: &Gateway,
    warnings: &mut Vec<Fault>,
) {
    for (number, (place, plan)) in written.value.plan.iter().zip(&limit.plans).enumerate() {
        let first = limit.plans[..number].iter().find(|other| takes_all(other, plan));
        if let (Some(first), Some(name)) = (first, &place.value.name) {
            let message =
                format!("nobody has this plan: whoever would has `{}`, which comes first", first.name);
            warnings.push(
                Fault::new(name.span.clone(), message).hint("put the plan with the longer prefix first"),
            );
        }
        let When::Holds(condition) = &plan.when else { continue };
        let claimed = claimed_by(condition, gateway);
        if let (Some(what), Some(name)) = (claimed, &place.value.name) {
            warnings.push(anybody(name.span.clone(), &what, "choose this plan"));
        }
    }
}

/// Whether a plan comes before another and takes all its callers.
fn takes_all(first: &Plan, other: &Plan) -> bool {
    match (&first.when, &other.when) {
        (When::KeyStarts(short), When::KeyStarts(long)) => long.starts_with(short.as_str()),
        (When::Holds(one), When::Holds(other)) => one == other,
        _ => false,
    }
}

fn is_all(on: &Matcher) -> bool {
    on.methods.is_empty() && on.path.is_none() && on.hosts.is_empty() && on.conditions.is_empty()
}

/// What a caller claims to be let off, where nothing but claims is asked for.
fn claimed(on: &Matcher, gateway: &Gateway) -> Option<String> {
    let by = |condition: &Condition| claimed_by(condition, gateway);
    let is_narrow = on.path.is_some() || on.conditions.iter().any(|condition| by(condition).is_none());
    on.conditions.first().filter(|_| !is_narrow).and_then(by)
}

fn claimed_by(condition: &Condition, gateway: &Gateway) -> Option<String> {
    match condition {
        Condition::Header(name, _) if gateway.trusted_fields.contains(name) => None,
        // A proxy in front may take it from callers; nothing here can.
        Condition::Query(..) if !gateway.trust.proxies.is_empty() => None,
        Condition::Header(name, _) => Some(format!("the field {name}")),
        Condition::Query(name, _) => Some(format!("the parameter {name}")),
        Condition::Method(_) | Condition::Client(_) => None,
    }
}

fn anybody(place: Range<usize>, what: &str, so_as_to: &str) -> Fault {
    Fault::new(place, format!("every caller can send {what}, and {so_as_to}"))
        .hint("let a trusted proxy set it, and name it in `trusted-fields`; or ask how the key begins")
}
