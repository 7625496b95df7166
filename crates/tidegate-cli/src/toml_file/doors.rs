//! What the files of both doors say in one way: addresses, TLS, bounds, the log; as written and as run. Never here: a default.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::addresses::{Admin, LogPlace};
use super::fault::{Fault, Faults};
use super::sizes::Bytes;
use super::written::{List, Placed, Written, needed, read_or};
use crate::relay::settings::{self, AccessLog, Listen};

/// The smallest head that may be the largest: less than the HTTP server's own reading needs would refuse every request.
const LEAST_HEAD: usize = 8 << 10;

/// Certificate and key, as PEM files. They are read again when they change.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "tls")]
pub(crate) struct Tls {
    /// The file with the certificate, and those that vouch for it.
    #[schemars(required)]
    pub(crate) certificate: Option<Written<PathBuf>>,
    /// The file with its private key.
    #[schemars(required)]
    pub(crate) key: Option<Written<PathBuf>>,
}

/// A port of this machine alone.
pub(crate) const fn loopback(port: u16) -> Listen {
    Listen::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
}

/// Where callers come in.
pub(crate) fn listen(written: Option<&List<Listen>>, faults: &mut Faults, otherwise: Listen) -> Vec<Listen> {
    let Some(list) = written else { return vec![otherwise] };
    if list.items.is_empty() {
        faults.missing(list.span.clone(), "callers must come in somewhere: name an address");
    }
    let mut listen: Vec<Listen> = Vec::new();
    for item in &list.items {
        let Some(address) = item.read(faults) else { continue };
        if listen.contains(&address) && !is_any_port(&address) {
            faults.add(Fault::new(item.span.clone(), format_args!("`{}` is listened on already", item.text)));
        }
        listen.push(address);
    }
    listen
}

/// Where operators come in, if anywhere; callers must come in elsewhere.
pub(crate) fn admin(
    written: Option<&Written<Admin>>,
    listen: &[Listen],
    faults: &mut Faults,
    otherwise: Listen,
) -> Option<Listen> {
    let Some(written) = written else { return Some(otherwise) };
    let Admin(admin) = written.read(faults)?;
    if admin.as_ref().is_some_and(|address| listen.contains(address) && !is_any_port(address)) {
        let message = "callers come in at this address: give operators their own";
        faults.add(Fault::new(written.span.clone(), message));
    }
    admin
}

fn is_any_port(address: &Listen) -> bool {
    matches!(address, Listen::Tcp(address) if address.port() == 0)
}

/// Certificate and key, if both are named.
pub(crate) fn tls(
    written: Option<&Placed<Tls>>,
    folder: &Path,
    faults: &mut Faults,
) -> Option<settings::Tls> {
    let Placed { value, span } = written?;
    let certificate = needed(value.certificate.as_ref(), faults, span, "TLS needs `certificate`, a PEM file");
    let certificate = certificate.and_then(|file| file.read(faults));
    let key = needed(value.key.as_ref(), faults, span, "TLS needs `key`, a PEM file");
    let key = key.and_then(|file| file.read(faults));
    Some(settings::Tls { certificate: folder.join(certificate?), key: folder.join(key?) })
}

/// Where each call is noted; nowhere if nothing is written.
pub(crate) fn access_log(
    written: Option<&Written<LogPlace>>,
    folder: &Path,
    faults: &mut Faults,
) -> AccessLog {
    read_or(written, faults, LogPlace::Off).seen_from(folder)
}

/// How large a request's head may be, in bytes.
pub(crate) fn head(written: Option<&Written<Bytes>>, faults: &mut Faults, otherwise: Bytes) -> NonZeroUsize {
    let head = bytes(written, faults, otherwise);
    if let Some(written) = written.filter(|_| head < LEAST_HEAD) {
        let message = "a head needs at least 8 KiB: many callers' cookies do";
        faults.add(Fault::new(written.span.clone(), message));
    }
    NonZeroUsize::new(head).unwrap_or(NonZeroUsize::MIN)
}

/// A time in which something must have happened: it can't be none.
pub(crate) fn time(
    written: Option<&Written<Duration>>,
    faults: &mut Faults,
    otherwise: Duration,
) -> Duration {
    let time = read_or(written, faults, otherwise);
    if let Some(written) = written.filter(|_| time.is_zero()) {
        faults.add(Fault::new(written.span.clone(), "no time at all lets nothing pass: name a longer one"));
    }
    time
}

/// A size in memory.
pub(crate) fn bytes(written: Option<&Written<Bytes>>, faults: &mut Faults, otherwise: Bytes) -> usize {
    usize::try_from(read_or(written, faults, otherwise).0).unwrap_or(usize::MAX)
}
