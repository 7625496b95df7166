//! What stands around the limits: `[gateway]` as it is run, with the defaults. Never here: servers, limits.

mod guards;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::time::Duration;

use http::HeaderName;
use tidegate::classify::client::Trust;
use tidegate::server::Answers;
use tidegate_wire::announce::Form;
use tidegate_wire::tracking::TRACKINGID;

use super::addresses::{Admin, LogPlace};
use super::fault::{Fault, Faults};
use super::file::{self, File};
use super::settings::{AccessLog, Bounds, Forwarding, Gateway, Listen, Tls, UpstreamTerms};
use super::sizes::Bytes;
use super::upstreams;
use super::words::Form as FormWord;
use super::written::{Placed, Written, chosen, needed, read_or};

const SECOND: Duration = Duration::from_secs(1);

const LISTEN: Listen = Listen::Tcp(loopback(8080));
const ADMIN: Listen = Listen::Tcp(loopback(8081));
const MEMORY: Bytes = Bytes(64 << 20);

const fn loopback(port: u16) -> std::net::SocketAddr {
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port)
}

/// What the table says; `None` if that is no gateway.
pub(super) fn read(file: &File, folder: &Path, faults: &mut Faults) -> Option<Gateway> {
    let Some(Placed { value: written, span }) = &file.gateway else {
        faults.missing(
            0..0,
            "there is no [gateway]: it says where callers come in and which servers are behind",
        );
        return None;
    };
    let upstreams = upstreams::read(written.upstreams.as_ref(), span, faults);
    let weights = upstreams.iter().map(|upstream| upstream.weight_thousandths.get());
    let weight = weights.fold(0, u32::saturating_add);
    let listen = listen(written, faults);
    let admin = written.admin.as_ref().and_then(|admin| Some((admin, admin.read(faults)?)));
    if let Some((admin, Admin(Some(address)))) = &admin
        && listen.contains(address)
        && !matches!(address, Listen::Tcp(address) if address.port() == 0)
    {
        faults
            .add(Fault::new(admin.span.clone(), "callers come in at this address: give operators their own"));
    }
    Some(Gateway {
        tls: tls(written.tls.as_ref(), folder, faults),
        admin: admin.map_or(Some(ADMIN), |(_, Admin(admin))| admin),
        upstream: terms(written.upstream.as_ref(), folder, faults),
        health: guards::health(written.health.as_ref(), faults),
        fleet: guards::fleet(written.fleet.as_ref(), weight, faults),
        memory_bytes: bytes(written.memory.as_ref(), faults, MEMORY),
        trust: trust(written, faults),
        trusted_fields: written.trusted_fields.as_ref().map(|list| list.read(faults)).unwrap_or_default(),
        forwarding: forwarding(written.forwarding.as_ref()),
        bounds: bounds(written.bounds.as_ref(), faults),
        answers: answers(written.answers.as_ref(), faults),
        penalty: written.penalty.as_ref().map(|penalty| guards::penalty(penalty, faults)),
        overload: written.overload.as_ref().map(|overload| guards::overload(overload, faults)),
        access_log: access_log(written.access_log.as_ref(), folder, faults),
        drain: read_or(written.drain.as_ref(), faults, 30 * SECOND),
        listen,
        upstreams,
    })
}

fn listen(written: &file::gateway::Gateway, faults: &mut Faults) -> Vec<Listen> {
    let Some(list) = &written.listen else { return vec![LISTEN] };
    if list.items.is_empty() {
        faults.missing(list.span.clone(), "callers must come in somewhere: name an address");
    }
    let mut listen: Vec<Listen> = Vec::new();
    for item in &list.items {
        let Some(address) = item.read(faults) else { continue };
        let is_any_port = matches!(address, Listen::Tcp(address) if address.port() == 0);
        if listen.contains(&address) && !is_any_port {
            faults.add(Fault::new(item.span.clone(), format_args!("`{}` is listened on already", item.text)));
        }
        listen.push(address);
    }
    listen
}

fn tls(written: Option<&Placed<file::gateway::Tls>>, folder: &Path, faults: &mut Faults) -> Option<Tls> {
    let Placed { value, span } = written?;
    let certificate = needed(value.certificate.as_ref(), faults, span, "TLS needs `certificate`, a PEM file");
    let certificate = certificate.and_then(|file| file.read(faults));
    let key = needed(value.key.as_ref(), faults, span, "TLS needs `key`, a PEM file");
    let key = key.and_then(|file| file.read(faults));
    Some(Tls { certificate: folder.join(certificate?), key: folder.join(key?) })
}

fn terms(
    written: Option<&Placed<file::gateway::Terms>>,
    folder: &Path,
    faults: &mut Faults,
) -> UpstreamTerms {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    let authorities = written.authorities.and_then(|file| file.read(faults));
    UpstreamTerms {
        version: chosen(written.version.as_ref()),
        connect: time(written.connect.as_ref(), faults, 2 * SECOND),
        answer: time(written.answer.as_ref(), faults, 60 * SECOND),
        idle: time(written.idle.as_ref(), faults, 30 * SECOND),
        retries: written.retries.unwrap_or(2),
        authorities: authorities.map(|file| folder.join(file)),
    }
}

fn trust(written: &file::gateway::Gateway, faults: &mut Faults) -> Trust {
    let proxies = written.trusted_proxies.as_ref().map(|list| list.read(faults)).unwrap_or_default();
    Trust { proxies, field: chosen(written.forwarded_field.as_ref()) }
}

fn forwarding(written: Option<&Placed<file::gateway::Forwarding>>) -> Forwarding {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    Forwarding {
        x_forwarded: written.x_forwarded.unwrap_or(true),
        forwarded: written.forwarded.unwrap_or(false),
        keep_host: written.keep_host.unwrap_or(true),
        underscores: written.underscores.unwrap_or(false),
    }
}

fn bounds(written: Option<&Placed<file::gateway::Bounds>>, faults: &mut Faults) -> Bounds {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    let head = bytes(written.head.as_ref(), faults, Bytes(32 << 10));
    // Less than the HTTP server's own reading needs would refuse every request.
    if let Some(written) = written.head.filter(|_| head < LEAST_HEAD) {
        faults.add(Fault::new(written.span, "a head needs at least 8 KiB: many callers' cookies do"));
    }
    Bounds {
        head_bytes: NonZeroUsize::new(head).unwrap_or(NonZeroUsize::MIN),
        fields: written.fields.unwrap_or(NonZeroUsize::MIN.saturating_add(99)),
        body_bytes: read_or(written.body.as_ref(), faults, Bytes(64 << 20)).0,
        head_time: time(written.head_time.as_ref(), faults, 10 * SECOND),
        body_pause: time(written.body_pause.as_ref(), faults, 30 * SECOND),
        idle: time(written.idle.as_ref(), faults, 75 * SECOND),
        connections: written.connections.unwrap_or(NonZeroU32::MIN.saturating_add(9_999)),
    }
}

/// The smallest head that may be the largest.
const LEAST_HEAD: usize = 8 << 10;

fn answers(written: Option<&Placed<file::gateway::Answers>>, faults: &mut Faults) -> Answers {
    let written = written.map(|written| written.value.clone()).unwrap_or_default();
    let forms = |words: Vec<Placed<FormWord>>| words.into_iter().map(|word| Form::from(word.value)).collect();
    Answers {
        body: chosen(written.body.as_ref()),
        forms: written.fields.map_or_else(|| vec![Form::Current], forms),
        jitter: read_or(written.jitter.as_ref(), faults, Duration::ZERO),
        tracking: read_or::<HeaderName>(written.tracking.as_ref(), faults, TRACKINGID),
    }
}

fn access_log(written: Option<&Written<LogPlace>>, folder: &Path, faults: &mut Faults) -> AccessLog {
    match read_or(written, faults, LogPlace::Off) {
        LogPlace::Off => AccessLog::Off,
        LogPlace::Stdout => AccessLog::Stdout,
        LogPlace::File(file) => AccessLog::File(folder.join(file)),
    }
}

/// A time in which something must have happened: it can't be none.
fn time(written: Option<&Written<Duration>>, faults: &mut Faults, otherwise: Duration) -> Duration {
    let time = read_or(written, faults, otherwise);
    if let Some(written) = written.filter(|_| time.is_zero()) {
        faults.add(Fault::new(written.span.clone(), "no time at all lets nothing pass: name a longer one"));
    }
    time
}

fn bytes(written: Option<&Written<Bytes>>, faults: &mut Faults, otherwise: Bytes) -> usize {
    usize::try_from(read_or(written, faults, otherwise).0).unwrap_or(usize::MAX)
}
