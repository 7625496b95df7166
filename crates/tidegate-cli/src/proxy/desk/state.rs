//! How the proxy is, as one JSON page. Never here: a token, a caller, a path with its ids.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tidegate::client::BucketView;
use tidegate::observe::Stance;
use tidegate::world;
use tidegate_core::Time;
use tidegate_wire::date;

use super::queues::{Queue, by_upstream};
use crate::office::log::Counts;
use crate::office::reply::seconds;
use crate::proxy::house::House;
use crate::proxy::seen::Row;

/// How many buckets are shown: those where most waits, and those that are closed.
const MOST_BUCKETS: usize = 1_000;

/// All of it.
pub(super) fn of(house: &House, connections: usize, not_ready: Option<&str>, now: Time) -> Value {
    let mut views = house.layer.views();
    let queues = by_upstream(&house.seen, &views, now);
    let (tunnels_opened, tunnels) = house.seen.tunnels();
    let known = views.len();
    views.sort_by_key(|view| std::cmp::Reverse((view.waiting, view.closed_until, view.belief.under_way)));
    views.truncate(MOST_BUCKETS);
    let queue = |name: &Arc<str>| queues.get(name).copied().unwrap_or_default();
    let upstreams =
        house.seen.rows().into_iter().map(|(name, row)| upstream(house, &name, row, &queue(&name)));
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "time": date::write_rfc3339(world::wall_clock()),
        "ready": not_ready.is_none(),
        "not_ready": not_ready,
        "calls_in_hand": house.in_hand(),
        "connections": connections,
        "tunnels": { "open": tunnels, "opened": tunnels_opened },
        "upstreams": upstreams.collect::<Vec<_>>(),
        "buckets_known": known,
        "buckets": views.iter().map(|view| bucket(house, view, now)).collect::<Vec<_>>(),
        "refused": house.seen.refusals().map(|(why, count)| (why.to_owned(), count.into())).collect::<Map<_, _>>(),
        "saved": saved(house),
        "access_log": house.seen.log.counts().map(Counts::told),
    })
}

fn upstream(house: &House, name: &str, row: &Row, queue: &Queue) -> Value {
    let known = house.upstreams.iter().find(|known| known.upstream.name == name);
    let counts = |counts: &mut dyn Iterator<Item = (&'static str, u64)>| {
        counts.map(|(word, count)| (word.to_owned(), count.into())).collect::<Map<_, _>>()
    };
    json!({
        "name": name,
        "url": known.map(|known| known.upstream.base.to_string()),
        "token_put_in": known.is_some_and(|known| known.token.is_some()),
        "in_hand": row.in_hand(),
        "waiting": queue.waiting,
        "waiting_bytes": queue.bytes,
        "oldest_wait_s": seconds(queue.oldest),
        "guard": stance(queue.is_shut),
        "calls": counts(&mut row.calls()),
        "sendings": row.sendings(),
        "upstream_refusals": counts(&mut row.refusals()),
        "repeats": counts(&mut row.repeats()),
    })
}

fn bucket(house: &House, view: &BucketView, now: Time) -> Value {
    let belief = &view.belief;
    let wall_clock = world::wall_clock();
    let closed = view.closed_until.map(|until| until.since(now));
    json!({
        "upstream": &*house.seen.name(view.name.origin()),
        "origin": view.name.origin(),
        "resource": view.name.resource(),
        "token": view.token.map(|tag| tag.to_string()),
        "waiting": view.waiting,
        "callers": view.callers,
        "bytes": view.bytes,
        "oldest_wait_s": view.oldest.map(|came| seconds(now.since(came))),
        "closed_for_s": closed.map(seconds),
        "closed_until": closed.map(|span| date::write_rfc3339(wall_clock.later(span))),
        "pace_per_s": belief.pace,
        "announced": belief.announced.map(|(left, until)| json!({
            "left": left, "for_s": seconds(until.since(now)),
        })),
        "under_way": belief.under_way,
        "round_trip_s": belief.round_trip.map(seconds),
        "passed": belief.passed,
        "refused": belief.refused,
        "refusals_being_read": view.held,
        "guard": stance(view.stance == Stance::Shut),
        "refusals_left": view.refusals_left,
    })
}

fn saved(house: &House) -> Value {
    let figures = house.saved.figures();
    json!({
        "shared": figures.followed,
        "following": figures.following,
        "shared_bytes": figures.shared_bytes,
        "asked_about": figures.asked_about,
        "revalidated": figures.revalidated,
        "kept_answers": figures.kept_answers,
        "kept_bytes": figures.kept_bytes,
    })
}

fn stance(is_shut: bool) -> &'static str {
    if is_shut { "shut" } else { "open" }
}
