//! The servers behind, as they are run: each with a name of its own and a weight. Never here: a connection.

use std::num::NonZeroU32;
use std::ops::Range;

use super::file::upstreams::{Entry, Server, Upstreams};
use super::settings::{Upstream, UpstreamAddress};
use crate::toml_file::written::{Placed, Readable as _, needed};
use crate::toml_file::{Fault, Faults};

const ONE: NonZeroU32 = NonZeroU32::new(1_000).expect("a thousand isn't nothing");

/// The most servers that one may count for, and a fleet.
const MOST_SERVERS: f64 = 1_000_000.0;

pub(super) fn read(
    written: Option<&Upstreams>,
    gateway: &Range<usize>,
    faults: &mut Faults,
) -> Vec<Upstream> {
    let Some(written) = written else {
        let message = "the gateway needs `upstreams`, the servers behind: [\"http://127.0.0.1:9001\"]";
        faults.missing(gateway.clone(), message);
        return Vec::new();
    };
    if written.entries.is_empty() {
        faults.missing(gateway.clone(), "`upstreams` is empty: name a server, [\"http://127.0.0.1:9001\"]");
    }
    let mut upstreams: Vec<Upstream> = Vec::new();
    for entry in &written.entries {
        let upstream = match &entry.value {
            Entry::Url(url) => of_url(url, &entry.span, faults),
            Entry::Server(server) => of_server(server, &entry.span, faults),
        };
        let Some(upstream) = upstream else { continue };
        if upstreams.iter().any(|other| other.name == upstream.name) {
            let message = format_args!("there is another server called `{}`", upstream.name);
            faults.add(
                entry.fault(message).hint("give each its own `name`: { url = \"...\", name = \"...\" }"),
            );
        }
        upstreams.push(upstream);
    }
    upstreams
}

fn of_url(url: &str, span: &Range<usize>, faults: &mut Faults) -> Option<Upstream> {
    match UpstreamAddress::read(url) {
        Ok(address) => {
            Some(Upstream { name: url.to_owned(), address, weight_thousandths: ONE, at_once: None })
        }
        Err(misread) => {
            faults.add(Fault { span: span.clone(), message: misread.message, hint: misread.hint });
            None
        }
    }
}

fn of_server(server: &Server, span: &Range<usize>, faults: &mut Faults) -> Option<Upstream> {
    let url = needed(server.url.as_ref(), faults, span, "a server needs `url`, where it is");
    let address = url.and_then(|url| url.read(faults));
    let name = server.name.as_ref().map(|name| name.read(faults));
    let weight = server.weight.as_ref().map_or(ONE.get(), |weight| thousandths(weight, faults));
    let name = match name {
        Some(name) => name?.0,
        None => url?.text.clone(),
    };
    let weight_thousandths = NonZeroU32::new(weight).unwrap_or(ONE);
    Some(Upstream { name, address: address?, weight_thousandths, at_once: server.at_once })
}

/// A number of servers, in thousandths: at least one of them.
pub(super) fn thousandths(servers: &Placed<f64>, faults: &mut Faults) -> u32 {
    if !(0.001..=MOST_SERVERS).contains(&servers.value) {
        faults.add(servers.fault("expected a number of servers from 0.001 to 1000000"));
        return ONE.get();
    }
    (servers.value * 1_000.0).round() as u32
}
