//! Forward mode as it is run: which hosts, and whose TLS is opened. Never here: a tunnel, a certificate.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::upstreams;
use super::written;
use crate::proxy::authority::usual_folder;
use crate::proxy::settings::{Forward, HostPattern, Intercept, Manner};
use crate::relay::settings::Listen;
use crate::toml_file::written::{List, Placed};
use crate::toml_file::{Fault, Faults};

/// Forward mode, if it is opened, and how hosts are called that no upstream names.
pub(super) fn read(
    written: Option<&Placed<written::Forward>>,
    listen: &[Listen],
    folder: &Path,
    faults: &mut Faults,
) -> (Option<Forward>, Manner) {
    let Some(Placed { value, span }) = written else { return (None, Manner::default()) };
    let manner =
        upstreams::usual_or(value.coalesce, value.revalidate.as_ref(), value.refusals.as_ref(), faults);
    let hosts = value.hosts.as_ref().map(|list| list.read(faults));
    if let (None, Some(open)) = (&hosts, listen.iter().find(|listen| !is_local(listen))) {
        let message = format_args!("everybody who reaches {} could call every host", shown(open));
        let hint = "name the hosts that may be called: hosts = [\"api.example.com\"]; or listen on 127.0.0.1";
        faults.add(Fault::new(span.clone(), message).hint(hint));
    }
    if let Some(list) = value.hosts.as_ref().filter(|list| list.items.is_empty()) {
        let message = "no host at all could be called: name some, or leave the key out for all";
        faults.add(Fault::new(list.span.clone(), message));
    }
    let intercept = intercept(value, span, hosts.as_deref(), folder, faults);
    (Some(Forward { hosts, intercept }), manner)
}

fn intercept(
    value: &written::Forward,
    span: &Range<usize>,
    hosts: Option<&[HostPattern]>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<Intercept> {
    let folder =
        value.authority.as_ref().and_then(|written| written.read(faults)).map(|own| folder.join(own));
    let list = value.intercept.as_ref().filter(|list| !list.items.is_empty())?;
    let intercepted = intercepted(list, hosts, faults);
    let folder = folder.or_else(|| usual_folder(|name| std::env::var_os(name).map(PathBuf::from)));
    if folder.is_none() && value.authority.is_none() {
        let message = "there is no home folder here to keep the authority in: name one, authority = \"/var/lib/tidegate\"";
        faults.add(Fault::new(span.clone(), message));
    }
    Some(Intercept { hosts: intercepted, folder: folder? })
}

/// The hosts whose TLS is opened: each must be one that may be called.
fn intercepted(
    list: &List<HostPattern>,
    hosts: Option<&[HostPattern]>,
    faults: &mut Faults,
) -> Vec<HostPattern> {
    let mut intercepted = Vec::new();
    for item in &list.items {
        let Some(pattern) = item.read(faults) else { continue };
        if !hosts.is_none_or(|hosts| hosts.iter().any(|wide| covers(wide, &pattern))) {
            let message = format_args!("`{}` isn't among the `hosts` that may be called", item.text);
            faults.add(Fault::new(item.span.clone(), message).hint("add it there, too"));
        }
        intercepted.push(pattern);
    }
    intercepted
}

/// Whether one pattern has all hosts of another.
fn covers(wide: &HostPattern, narrow: &HostPattern) -> bool {
    match narrow {
        HostPattern::Exactly(host) => wide.has(host),
        HostPattern::Below(parent) => {
            wide == narrow || matches!(wide, HostPattern::Below(_)) && wide.has(parent)
        }
    }
}

/// Whether only this machine reaches an address.
pub(super) fn is_local(listen: &Listen) -> bool {
    match listen {
        Listen::Tcp(address) => address.ip().is_loopback(),
        Listen::Unix(_) => true,
    }
}

fn shown(listen: &Listen) -> String {
    match listen {
        Listen::Tcp(address) => address.to_string(),
        Listen::Unix(path) => format!("unix:{}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_is_narrower() {
        let (below, exactly) =
            (|name: &str| HostPattern::Below(name.into()), |name: &str| HostPattern::Exactly(name.into()));
        assert!(covers(&below("a.b"), &exactly("x.a.b")) && !covers(&below("a.b"), &exactly("a.b")));
        assert!(covers(&below("b"), &below("a.b")) && covers(&below("b"), &below("b")));
        assert!(!covers(&below("a.b"), &below("b")) && !covers(&exactly("a.b"), &below("a.b")));
    }
}
