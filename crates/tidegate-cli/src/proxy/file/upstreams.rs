//! The APIs of a proxy's file as they are called: each with a name and a place of its own. Never here: its buckets.

use std::ops::Range;
use std::path::Path;

use tidegate_core::Quota;
use tidegate_wire::dialect::Table;

use super::buckets;
use super::texts::{HostName, Mount};
use super::token;
use super::upstream::Upstream as Written;
use super::words::Revalidate;
use crate::proxy::settings::{At, Base, Coalesce, Manner, Upstream};
use crate::toml_file::kinds::Name;
use crate::toml_file::written;
use crate::toml_file::written::{Placed, chosen, needed};
use crate::toml_file::{Fault, Faults};

/// How many refusals are usually risked.
pub(super) const REFUSALS: Quota = match Quota::new(1_000, std::time::Duration::from_secs(600)) {
    Ok(quota) => quota,
    Err(_) => panic!("it is a quota"),
};

/// All that can be read of them. `dialects` is missing if its files can't be read.
pub(super) fn read(
    written: &[Placed<Written>],
    folder: &Path,
    dialects: Option<&Table>,
    faults: &mut Faults,
) -> Vec<Upstream> {
    let mut upstreams: Vec<Upstream> = Vec::new();
    for (number, one) in written.iter().enumerate() {
        let is_alone = written.len() == 1;
        let name = name(one, faults);
        if let Some((name, place)) = &name
            && written[..number].iter().any(|other| name_of(other).as_deref() == Some(name.as_str()))
        {
            let message = format_args!("there is another upstream called `{name}`");
            faults.add(Fault::new(place.clone(), message).hint("give each its own `name`"));
        }
        let at = at(one, is_alone, faults);
        if let Some((at, place)) = &at
            && let Some(other) = upstreams.iter().find(|other| other.at == *at)
        {
            let message = format_args!("`{}` is found there already", other.name);
            faults.add(Fault::new(place.clone(), message).hint("give each its own `prefix` or `host`"));
        }
        let base = base(one, faults);
        let token = token::read(one, base.as_ref(), folder, faults);
        let manner = manner(one, base.as_ref(), dialects, faults);
        if let (Some((name, _)), Some((at, _)), Some(base)) = (name, at, base) {
            upstreams.push(Upstream { name, base, at, token, manner });
        }
    }
    upstreams
}

fn base(one: &Placed<Written>, faults: &mut Faults) -> Option<Base> {
    let message = "an upstream needs `url`, its base URL: url = \"https://webexapis.com\"";
    needed(one.value.url.as_ref(), faults, &one.span, message)?.read(faults)
}

/// Its name, and where that is written.
fn name(one: &Placed<Written>, faults: &mut Faults) -> Option<(String, Range<usize>)> {
    match &one.value.name {
        Some(name) => Some((name.read(faults)?.0, name.span.clone())),
        None => Some((name_of(one)?, one.value.url.as_ref()?.span.clone())),
    }
}

/// Its name, if there is no fault in it.
fn name_of(one: &Placed<Written>) -> Option<String> {
    // What is wrong with it is told where it is read.
    let unheard = &mut Faults::default();
    match &one.value.name {
        Some(name) => name.read(unheard).map(|Name(name)| name),
        None => one.value.url.as_ref()?.read(unheard).map(|base| base.authority.host().to_ascii_lowercase()),
    }
}

/// Where it is found here, and where that is written.
fn at(one: &Placed<Written>, is_alone: bool, faults: &mut Faults) -> Option<(At, Range<usize>)> {
    match (&one.value.prefix, &one.value.host) {
        (Some(prefix), None) => {
            let Mount(path) = prefix.read(faults)?;
            Some((At::Prefix(path), prefix.span.clone()))
        }
        (None, Some(host)) => {
            let HostName(name) = host.read(faults)?;
            Some((At::Host(name), host.span.clone()))
        }
        (None, None) => {
            if !is_alone {
                let message = "of several upstreams, each must say where callers find it: `prefix` or `host`";
                let hint = "prefix = \"/webex\"; prefix = \"/\" for whatever no other one has";
                faults.missing_at(one.span.clone(), one.span.clone(), message, hint);
            }
            Some((At::Prefix(String::new()), one.span.clone())).filter(|_| is_alone)
        }
        (Some(_), Some(host)) => {
            let message = "an upstream is found by its prefix or by its host, not both: leave one out";
            let hint = "or write a second [[upstream]] with the same url, and a name of its own";
            faults.add(Fault::new(host.span.clone(), message).hint(hint));
            None
        }
    }
}

fn manner(
    one: &Placed<Written>,
    base: Option<&Base>,
    dialects: Option<&Table>,
    faults: &mut Faults,
) -> Manner {
    let Written { coalesce, revalidate, refusals, dialect, bucket, .. } = &one.value;
    let dialect = dialect.as_ref().and_then(|word| self::dialect(word, dialects?, faults));
    Manner {
        buckets: buckets::read(bucket, base, faults),
        dialect,
        ..usual_or(*coalesce, revalidate.as_ref(), refusals.as_ref(), faults)
    }
}

/// The manner that these keys tell, which stand in `[proxy.forward]`, too.
pub(super) fn usual_or(
    coalesce: Option<bool>,
    revalidate: Option<&Placed<Revalidate>>,
    refusals: Option<&written::Written<Quota>>,
    faults: &mut Faults,
) -> Manner {
    let refusals = refusals.and_then(|quota| quota.read(faults));
    Manner {
        coalesce: if coalesce.unwrap_or(true) { Coalesce::On } else { Coalesce::Off },
        revalidate: chosen(revalidate),
        refusals: refusals.filter(|quota| *quota != REFUSALS),
        ..Manner::default()
    }
}

fn dialect(word: &Placed<String>, dialects: &Table, faults: &mut Faults) -> Option<String> {
    let found = dialects.named(&word.value).map(|dialect| dialect.name.clone());
    if found.is_none() {
        let message = format_args!("there is no dialect `{}`", word.value);
        faults.add(word.fault(message).hint(dialects.hint(&word.value)));
    }
    found
}
