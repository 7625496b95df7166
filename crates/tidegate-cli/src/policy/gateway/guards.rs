//! Health, the fleet's count, the penalty box and overload, as they are run. Never here: limits.

use std::num::NonZeroU32;
use std::time::Duration;

use tidegate::classify::KeyPart;
use tidegate::fleet::{Active, Passive};
use tidegate::penalty::{self, Unfit};
use tidegate_core::overload::Bounds;

use super::super::file::gateway as file;
use super::super::settings::{FleetTerms, Health, Overload, Penalty};
use super::super::upstreams::thousandths;
use crate::toml_file::doors::time;
use crate::toml_file::written::{List, Placed, chosen, read_or};
use crate::toml_file::{Fault, Faults};

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
    let usual = Active::default();
    Some(Health {
        path,
        every: time(value.every.as_ref(), faults, PROBE),
        timeout: time(value.timeout.as_ref(), faults, PROBE),
        rise: value.rise.unwrap_or(usual.rise).get(),
        fall: value.fall.unwrap_or(usual.fall).get(),
    })
}

/// `weight` is that of all servers together.
pub(super) fn fleet(written: Option<&Placed<file::Fleet>>, weight: u32, faults: &mut Faults) -> FleetTerms {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    let floor = written.floor.as_ref().map(|floor| thousandths(floor, faults));
    let ceiling = written.ceiling.as_ref().map(|ceiling| (ceiling, thousandths(ceiling, faults)));
    let most = ceiling.as_ref().map_or(u32::MAX, |(_, ceiling)| *ceiling);
    let floor_thousandths = floor.unwrap_or(weight.min(1_000).min(most));
    if let Some((written, ceiling)) = ceiling
        && ceiling < floor_thousandths
    {
        faults.add(written.fault("the ceiling is below the floor: at most can't be less than at least"));
    }
    FleetTerms {
        floor_thousandths,
        ceiling_thousandths: ceiling.map(|(_, ceiling)| ceiling),
        passive_failures: match written.passive_failures {
            None => Some(Passive::default().failures),
            Some(failures) => NonZeroU32::new(failures),
        },
    }
}

pub(super) fn penalty(written: &Placed<file::Penalty>, faults: &mut Faults) -> Penalty {
    let Placed { value, span } = written;
    let usual = penalty::Settings::default();
    let before = faults.len();
    let settings = penalty::Settings {
        mode: penalty::Mode::On,
        forgiven: read_or(value.forgiven.as_ref(), faults, usual.forgiven),
        longest: read_or(value.longest.as_ref(), faults, usual.longest),
        grace: read_or(value.grace.as_ref(), faults, usual.grace),
    };
    let unfit = penalty::Rules::new(settings).err().filter(|_| faults.len() == before);
    if let Some(unfit) = unfit {
        let forgiven = value.forgiven.as_ref().map(|written| written.span.clone());
        let longest = value.longest.as_ref().map(|written| written.span.clone());
        let place = match unfit {
            Unfit::Forgiven(_) => forgiven,
            _ => longest.or(forgiven),
        };
        faults.add(Fault::new(place.unwrap_or(span.clone()), unfit));
    }
    let penalty::Settings { forgiven, longest, grace, .. } = settings;
    Penalty {
        mode: chosen(value.mode.as_ref()),
        key: penalty_key(value.key.as_ref(), faults),
        forgiven,
        longest,
        grace,
    }
}

fn penalty_key(written: Option<&List<KeyPart>>, faults: &mut Faults) -> Vec<KeyPart> {
    let Some(list) = written else { return vec![KeyPart::Bearer] };
    if list.items.is_empty() {
        faults.missing(list.span.clone(), "one penalty for all would punish the innocent: name a key");
    }
    for item in list.items.iter().filter(|item| item.text.starts_with("path:")) {
        let message = "a penalty is for all paths: it can't have a place in one";
        faults.add(Fault::new(item.span.clone(), message));
    }
    list.read(faults)
}

pub(super) fn overload(written: &Placed<file::Overload>, faults: &mut Faults) -> Overload {
    let value = &written.value;
    let usual = Bounds::default();
    let calls = |written: &Option<Placed<NonZeroU32>>| written.as_ref().map(|written| written.value.get());
    let least = calls(&value.least).unwrap_or(usual.floor.min(calls(&value.most).unwrap_or(u32::MAX)));
    let most = calls(&value.most).unwrap_or(usual.ceiling.max(least));
    if let (true, Some(most)) = (most < least, &value.most) {
        faults.add(most.fault("at most can't be less than at least"));
    }
    if let Some(first) = &value.first
        && !(least..=most).contains(&first.value.get())
    {
        faults.add(first.fault(format_args!("at first there are from {least} (`least`) to {most} (`most`)")));
    }
    let first = calls(&value.first).unwrap_or(usual.start.max(least).min(most));
    let number = |calls: u32| NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN);
    Overload {
        mode: chosen(value.mode.as_ref()),
        least: number(least),
        most: number(most),
        first: number(first),
    }
}
