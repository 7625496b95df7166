//! The proxy's counts for Prometheus. Never here: counting; a label without a bound.
//!
//! Labels are names of upstreams, which the configuration bounds, the origins of the hosts that are called most, and words
//! from fixed lists: never a token, a path or an address of a caller.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use tidegate::world;

use super::queues::{Queue, by_upstream};
use crate::office::metrics::Families;
use crate::proxy::house::House;
use crate::proxy::seen::{Row, Seen};
use crate::relay::listen::Places;

/// Reads everything from where it is counted when it is asked.
pub(super) struct Gauges {
    pub(super) house: Arc<House>,
    pub(super) places: Places,
}

impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gauges")
    }
}

/// A row with its name, and what waits there.
type Rows<'s> = [(Arc<str>, &'s Row, Queue)];

impl Collector for Gauges {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (house, now) = (&self.house, world::now());
        let queues = by_upstream(&house.seen, &house.layer.views(), now);
        let rows = house.seen.rows().into_iter().map(|(name, row)| {
            let queue = queues.get(&name).copied().unwrap_or_default();
            (name, row, queue)
        });
        let rows: Vec<_> = rows.collect();
        let mut families = Families::new(encoder);
        families.info("tidegate_build", "Which version this is", [("version", env!("CARGO_PKG_VERSION"))])?;
        calls(&mut families, &rows)?;
        limits(&mut families, &rows)?;
        waiting(&mut families, &rows)?;
        own(&mut families, &house.seen, self.places.taken())?;
        saved(&mut families, house)?;
        house.seen.log.counts().map_or(Ok(()), |log| log.encode(&mut families))
    }
}

fn calls(families: &mut Families<'_>, rows: &Rows<'_>) -> fmt::Result {
    let outcomes = rows.iter().flat_map(|(name, row, _)| {
        row.calls().map(|(outcome, count)| ([("upstream", &**name), ("outcome", outcome)], count))
    });
    families.counters("tidegate_proxy_calls", "Calls to each upstream, by what came of them", outcomes)?;
    let in_hand = rows.iter().map(|(name, row, _)| ([("upstream", &**name)], row.in_hand() as f64));
    families.gauges("tidegate_proxy_in_hand", "Calls that wait, or are under way", in_hand)?;
    let waits = rows.iter().map(|(name, row, _)| ([("upstream", &**name)], row.waits()));
    families.histograms(
        "tidegate_proxy_wait_seconds",
        "How long calls were held back before their last sending",
        waits,
    )
}

fn limits(families: &mut Families<'_>, rows: &Rows<'_>) -> fmt::Result {
    let sendings = rows.iter().map(|(name, row, _)| ([("upstream", &**name)], row.sendings()));
    families.counters("tidegate_proxy_sendings", "Requests that went out, second ones included", sendings)?;
    let refusals = rows.iter().flat_map(|(name, row, _)| {
        row.refusals().map(|(status, count)| ([("upstream", &**name), ("status", status)], count))
    });
    let help = "Answers of an upstream that said to slow down, by their status";
    families.counters("tidegate_proxy_upstream_refusals", help, refusals)?;
    let repeats = rows.iter().flat_map(|(name, row, _)| {
        row.repeats().map(|(why, count)| ([("upstream", &**name), ("why", why)], count))
    });
    families.counters("tidegate_proxy_repeats", "Requests that were to go once more, by why", repeats)?;
    let shut = rows.iter().map(|(name, row, _)| ([("upstream", &**name)], row.times_shut()));
    families.counters("tidegate_proxy_guard_shut", "Times that the budget of refusals was spent", shut)?;
    let is_shut =
        rows.iter().map(|(name, _, queue)| ([("upstream", &**name)], f64::from(u8::from(queue.is_shut))));
    families.gauges(
        "tidegate_proxy_guard_is_shut",
        "Whether the budget of refusals is spent: 1 or 0",
        is_shut,
    )
}

fn waiting(families: &mut Families<'_>, rows: &Rows<'_>) -> fmt::Result {
    let mut each = |name, help, value: fn(&Queue) -> f64| {
        let values = rows.iter().map(|(upstream, _, queue)| ([("upstream", &**upstream)], value(queue)));
        families.gauges(name, help, values)
    };
    each("tidegate_proxy_waiting", "Calls that wait for their turn", |queue| queue.waiting as f64)?;
    let help = "What calls that wait or are under way hold in memory";
    each("tidegate_proxy_waiting_bytes", help, |queue| queue.bytes as f64)?;
    let help = "How long the call has waited that came first";
    each("tidegate_proxy_oldest_wait_seconds", help, |queue| queue.oldest.as_secs_f64())?;
    let help = "How long the bucket stays closed that opens last";
    each("tidegate_proxy_closed_seconds", help, |queue| queue.closed.as_secs_f64())?;
    each("tidegate_proxy_buckets", "Buckets that are known", |queue| queue.buckets as f64)
}

fn own(families: &mut Families<'_>, seen: &Seen, connections: usize) -> fmt::Result {
    let refused = seen.refusals().map(|(why, count)| ([("why", why)], count));
    families.counters("tidegate_proxy_refused", "Calls that the proxy refused itself, by why", refused)?;
    let (opened, open) = seen.tunnels();
    families.counter("tidegate_proxy_tunnels", "Tunnels that were passed through", opened)?;
    families.gauge("tidegate_proxy_open_tunnels", "Tunnels that are open", open as f64)?;
    families.gauge("tidegate_proxy_connections", "Callers' connections", connections as f64)
}

fn saved(families: &mut Families<'_>, house: &House) -> fmt::Result {
    let saved = house.saved.figures();
    let calls = [([("how", "shared")], saved.followed), ([("how", "revalidated")], saved.revalidated)];
    let help = "Calls that cost nothing: answered by another's answer, or by a kept one that still held";
    families.counters("tidegate_proxy_saved", help, calls)?;
    families.gauge(
        "tidegate_proxy_following",
        "Calls that wait for another's answer",
        saved.following as f64,
    )?;
    families.gauge("tidegate_proxy_kept_answers", "Answers that are kept", saved.kept_answers as f64)?;
    let bytes = (saved.kept_bytes + saved.shared_bytes) as f64;
    families.gauge("tidegate_proxy_saved_bytes", "What kept and shared answers take in memory", bytes)
}
