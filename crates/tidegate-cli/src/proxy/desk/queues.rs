//! What waits, upstream by upstream. Never here: one bucket, how it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate::client::BucketView;
use tidegate::observe::Stance;
use tidegate_core::Time;

use crate::proxy::seen::Seen;

/// What waits at one upstream, in all of its buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Queue {
    pub(super) waiting: usize,
    /// What calls that wait or are under way hold in memory.
    pub(super) bytes: u64,
    /// How long the one has waited that came first.
    pub(super) oldest: Duration,
    /// How long the bucket stays closed that opens last.
    pub(super) closed: Duration,
    pub(super) buckets: usize,
    /// Whether its budget of refusals is spent.
    pub(super) is_shut: bool,
}

/// What waits at each upstream that has buckets, by its row's name.
pub(super) fn by_upstream(seen: &Seen, views: &[BucketView], now: Time) -> BTreeMap<Arc<str>, Queue> {
    let mut queues: BTreeMap<Arc<str>, Queue> = BTreeMap::new();
    for view in views {
        let queue = queues.entry(seen.name(view.name.origin())).or_default();
        queue.waiting += view.waiting;
        queue.bytes += view.bytes;
        queue.buckets += 1;
        queue.is_shut |= view.stance == Stance::Shut;
        queue.oldest = queue.oldest.max(view.oldest.map_or(Duration::ZERO, |came| now.since(came)));
        queue.closed = queue.closed.max(view.closed_until.map_or(Duration::ZERO, |until| until.since(now)));
    }
    queues
}
