//! What is the same for all calls of a proxy: `[proxy]` as it is run. Never here: an upstream, a default of its own.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use tidegate_wire::dialect::Table;

use super::written::{self, File, Proxy};
use super::{forward, upstreams};
use crate::proxy::settings::{Config, Queue};
use crate::proxy::usual;
use crate::relay::settings::{Bounds, Listen, UpstreamTerms};
use crate::toml_file::doors::{self, bytes, time};
use crate::toml_file::sizes::Bytes;
use crate::toml_file::written::{Placed, Written, read_or};
use crate::toml_file::{Fault, Faults};

const LISTEN: Listen = doors::loopback(8430);
const ADMIN: Listen = doors::loopback(8431);

/// What the file says, as far as it can be read.
pub(super) fn read(file: &File, folder: &Path, faults: &mut Faults) -> Config {
    let nothing = Proxy::default();
    let written = file.proxy.as_ref().map_or(&nothing, |proxy| &proxy.value);
    let usual = usual::config();
    let listen = doors::listen(written.listen.as_ref(), faults, LISTEN);
    let (forward, manner) = forward::read(written.forward.as_ref(), &listen, folder, faults);
    if forward.is_none() && file.upstream.is_empty() {
        let span = file.proxy.as_ref().map_or(0..0, |proxy| proxy.span.clone());
        let message =
            "there is nothing to call: name an API, [[upstream]] with its `url`, or open [proxy.forward]";
        faults.missing(span, message);
    }
    let dialects = dialects(written, folder, faults);
    let upstreams = upstreams::read(&file.upstream, folder, dialects.as_ref(), faults);
    Config {
        admin: doors::admin(written.admin.as_ref(), &listen, faults, ADMIN),
        tls: doors::tls(written.tls.as_ref(), folder, faults),
        upstreams,
        forward,
        manner,
        terms: terms(written.upstream.as_ref(), folder, usual.terms, faults),
        bounds: bounds(written.bounds.as_ref(), usual.bounds, faults),
        queue: queue(written.queue.as_ref(), usual.queue, faults),
        callers: written.callers.as_ref().map(|list| list.read(faults)).unwrap_or_default(),
        priority: written.priority.as_ref().and_then(|field| field.read(faults)),
        deadline: deadline(written.deadline.as_ref(), faults),
        max_wait: time(written.max_wait.as_ref(), faults, usual.max_wait),
        dialects: dialects.unwrap_or(usual.dialects),
        access_log: doors::access_log(written.access_log.as_ref(), folder, faults),
        drain: read_or(written.drain.as_ref(), faults, usual.drain),
        listen,
    }
}

fn deadline(written: Option<&Written<Duration>>, faults: &mut Faults) -> Option<Duration> {
    written.map(|deadline| time(Some(deadline), faults, Duration::MAX))
}

/// The built-in rows and those of the files; `None` if one can't be read.
fn dialects(written: &Proxy, folder: &Path, faults: &mut Faults) -> Option<Table> {
    let mut table = Table::built_in().clone();
    let mut are_whole = true;
    for item in written.dialects.iter().flat_map(|list| &list.items) {
        let Some(path) = item.read(faults) else { continue };
        match crate::dialects::extended(&table, &folder.join(path)) {
            Ok(extended) => table = extended,
            Err(failure) => {
                are_whole = false;
                faults.add(Fault::new(item.span.clone(), failure.message()));
            }
        }
    }
    are_whole.then_some(table)
}

fn terms(
    written: Option<&Placed<written::Terms>>,
    folder: &Path,
    usual: UpstreamTerms,
    faults: &mut Faults,
) -> UpstreamTerms {
    let Some(Placed { value, .. }) = written else { return usual };
    let authorities = value.authorities.as_ref().and_then(|file| file.read(faults));
    UpstreamTerms {
        version: value.version.as_ref().map_or(usual.version, |word| word.value.into()),
        connect: time(value.connect.as_ref(), faults, usual.connect),
        answer: time(value.answer.as_ref(), faults, usual.answer),
        idle: time(value.idle.as_ref(), faults, usual.idle),
        authorities: authorities.map(|file| folder.join(file)),
        ..usual
    }
}

fn bounds(written: Option<&Placed<written::Bounds>>, usual: Bounds, faults: &mut Faults) -> Bounds {
    let Some(Placed { value, .. }) = written else { return usual };
    Bounds {
        head_bytes: doors::head(value.head.as_ref(), faults, Bytes(usual.head_bytes.get() as u64)),
        fields: value.fields.unwrap_or(usual.fields),
        body_bytes: read_or(value.body.as_ref(), faults, Bytes(usual.body_bytes)).0,
        head_time: time(value.head_time.as_ref(), faults, usual.head_time),
        body_pause: time(value.body_pause.as_ref(), faults, usual.body_pause),
        idle: time(value.idle.as_ref(), faults, usual.idle),
        connections: value.connections.unwrap_or(usual.connections),
    }
}

fn queue(written: Option<&Placed<written::Queue>>, usual: Queue, faults: &mut Faults) -> Queue {
    let Some(Placed { value, .. }) = written else { return usual };
    let mut size = |written: Option<&Written<Bytes>>, usual| bytes(written, faults, Bytes(usual)) as u64;
    let queue = Queue {
        waiters: value.waiters.map_or(usual.waiters, NonZeroUsize::get),
        memory_bytes: size(value.memory.as_ref(), usual.memory_bytes),
        buckets: value.buckets.map_or(usual.buckets, NonZeroUsize::get),
        body_memory_bytes: size(value.body_memory.as_ref(), usual.body_memory_bytes),
        body_spill_bytes: size(value.body_spill.as_ref(), usual.body_spill_bytes),
    };
    if let Some(written) = value.body_memory.as_ref().filter(|_| queue.body_memory_bytes > queue.memory_bytes)
    {
        let message = "one body alone could take more than all that waits may: let `memory` be larger";
        faults.add(Fault::new(written.span.clone(), message));
    }
    if let Some(written) =
        value.body_spill.as_ref().filter(|_| queue.body_spill_bytes < queue.body_memory_bytes)
    {
        let message =
            "in all a body can't be kept for less than in memory: let `body-spill` be at least `body-memory`";
        faults.add(Fault::new(written.span.clone(), message));
    }
    queue
}
