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

use super::file::{self, File};
use super::settings::{Bounds, Forwarding, Gateway, Listen, UpstreamTerms};
use super::upstreams;
use super::words::Form as FormWord;
use crate::toml_file::Faults;
use crate::toml_file::doors::{self, bytes, time};
use crate::toml_file::sizes::Bytes;
use crate::toml_file::written::{Placed, chosen, read_or};

const SECOND: Duration = Duration::from_secs(1);

const LISTEN: Listen = doors::loopback(8080);
const ADMIN: Listen = doors::loopback(8081);
const MEMORY: Bytes = Bytes(64 << 20);

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
    let listen = doors::listen(written.listen.as_ref(), faults, LISTEN);
    let admin = doors::admin(written.admin.as_ref(), &listen, faults, ADMIN);
    Some(Gateway {
        tls: doors::tls(written.tls.as_ref(), folder, faults),
        admin,
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
        access_log: doors::access_log(written.access_log.as_ref(), folder, faults),
        drain: read_or(written.drain.as_ref(), faults, 30 * SECOND),
        listen,
        upstreams,
    })
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
    Bounds {
        head_bytes: doors::head(written.head.as_ref(), faults, Bytes(32 << 10)),
        fields: written.fields.unwrap_or(NonZeroUsize::MIN.saturating_add(99)),
        body_bytes: read_or(written.body.as_ref(), faults, Bytes(64 << 20)).0,
        head_time: time(written.head_time.as_ref(), faults, 10 * SECOND),
        body_pause: time(written.body_pause.as_ref(), faults, 30 * SECOND),
        idle: time(written.idle.as_ref(), faults, 75 * SECOND),
        connections: written.connections.unwrap_or(NonZeroU32::MIN.saturating_add(9_999)),
    }
}

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
