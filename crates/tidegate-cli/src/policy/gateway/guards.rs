//! Health, the fleet's count, the penalty box and overload, as they are run. Never here: limits.

use std::num::NonZeroU32;
use std::time::Duration;

use tidegate::classify::KeyPart;
use tidegate_core::Quota;

use super::super::fault::{Fault, Faults};
use super::super::file::gateway as file;
use super::super::settings::{FleetTerms, Health, Overload, Penalty};
use super::super::upstreams::thousandths;
use super::super::written::{Placed, chosen, read_or};
use super::{SECOND, time};

const PROBE: Duration = Duration::from_millis(500);

pub(super) fn health(written: Option<&Placed<file::Health>>, faults: &mut Faults) -> Option<Health> {
    let Placed { value, span } = written?;
    let path = match &value.path {
        Some(path)
            if path.value.starts_with('/') && path.value.parse::<http::uri::PathAndQuery>().is_ok() =>
        {
            path.value.clone()
        }
        Some(path) => {
            faults.add(path.fault("a health check asks for a path, such as \"/healthz\""));
            String::new()
        }
        None => {
            faults.missing(span.clone(), "health checks need `path`, such as \"/healthz\"");
            String::new()
        }
    };
    Some(Health {
        path,
        every: time(value.every.as_ref(), faults, PROBE),
        timeout: time(value.timeout.as_ref(), faults, PROBE),
        rise: value.rise.map_or(2, NonZeroU32::get),
        fall: value.fall.map_or(3, NonZeroU32::get),
    })
}

/// `weight` is that of all servers together.
pub(super) fn fleet(written: Option<&Placed<file::Fleet>>, weight: u32, faults: &mut Faults) -> FleetTerms {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    let floor = written.floor.as_ref().map(|floor| thousandths(floor, faults));
    let ceiling = written.ceiling.as_ref().map(|ceiling| (ceiling, thousandths(ceiling, faults)));
    let floor_thousandths = floor.unwrap_or(weight.min(1_000));
    if let Some((written, ceiling)) = ceiling
        && ceiling < floor_thousandths
    {
        faults.add(written.fault("the ceiling is below the floor: at most can't be less than at least"));
    }
    FleetTerms {
        floor_thousandths,
        ceiling_thousandths: ceiling.map(|(_, ceiling)| ceiling),
        passive_failures: NonZeroU32::new(written.passive_failures.unwrap_or(5)),
    }
}

pub(super) fn penalty(written: &Placed<file::Penalty>, faults: &mut Faults) -> Penalty {
    let value = &written.value;
    let key = value.key.as_ref().map(|list| list.read(faults)).unwrap_or_else(|| vec![KeyPart::Bearer]);
    if let Some(list) = value.key.as_ref() {
        if list.items.is_empty() {
            faults.missing(list.span.clone(), "one penalty for all would punish the innocent: name a key");
        }
        for item in &list.items {
            if item.text.starts_with("path:") {
                faults.add(Fault::new(
                    item.span.clone(),
                    "a penalty is for all paths: it can't have a place in one",
                ));
            }
        }
    }
    Penalty {
        mode: chosen(value.mode.as_ref()),
        key,
        forgiven: read_or(value.forgiven.as_ref(), faults, forgiven()),
        longest: time(value.longest.as_ref(), faults, 600 * SECOND),
        grace: read_or(value.grace.as_ref(), faults, SECOND),
    }
}

fn forgiven() -> Quota {
    Quota::new(30, 60 * SECOND).expect("30 in a minute can be counted")
}

pub(super) fn overload(written: &Placed<file::Overload>, faults: &mut Faults) -> Overload {
    let value = &written.value;
    let calls = |written: &Option<Placed<NonZeroU32>>| written.as_ref().map(|written| written.value);
    let number = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let least = calls(&value.least).unwrap_or(number(4).min(calls(&value.most).unwrap_or(NonZeroU32::MAX)));
    let most = calls(&value.most).unwrap_or(number(1_000).max(least));
    if let (true, Some(most)) = (most < least, &value.most) {
        faults.add(most.fault("at most can't be less than at least"));
    }
    if let Some(first) = &value.first
        && !(least..=most).contains(&first.value)
    {
        faults.add(first.fault(format_args!("at first there are from {least} (`least`) to {most} (`most`)")));
    }
    let first = calls(&value.first).unwrap_or(number(32).max(least).min(most));
    Overload { mode: chosen(value.mode.as_ref()), least, most, first }
}
