//! What makes services that wait, and what they share. Never here: what a request does.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tidegate_core::Quota;
use tidegate_core::pacer::Belief;
use tidegate_wire::dialect::{Dialect, Table};
use tower_layer::Layer;

use super::error::Basis;
use super::gates::Shared;
use super::repeat::Broken;
use super::service::Wait;
use super::settings::{Room, Settings, one_by_one};
use super::view::BucketView;
use crate::observe::{BucketName, Observe};
use crate::world;

/// Puts [`Wait`] around a client.
///
/// All clones of a layer, and all services made from them, share their gates: what one request is told, all obey.
#[derive(Clone, Debug, Default)]
pub struct WaitLayer {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
}

impl WaitLayer {
    /// A layer that sits out waits of up to an hour, with no deadline.
    pub fn new() -> Self {
        WaitLayer::default()
    }

    /// The longest single wait that is sat out, an hour by default. Who would have to wait longer gets
    /// [`Overdue`](super::WaitError::Overdue) at once.
    #[must_use]
    pub fn max_wait(self, most: Duration) -> Self {
        self.with(|settings| settings.max_wait = most)
    }

    /// The deadline of requests that have no [`Deadline`](super::Deadline) of their own, counted from the call.
    /// None by default.
    #[must_use]
    pub fn deadline(self, span: Duration) -> Self {
        self.with(|settings| settings.deadline = Some(span))
    }

    /// On whose word a request is given up before its deadline has passed.
    ///
    /// [`Basis::Estimated`] by default: it is told at once, when it comes or when a refusal moves all, that its turn
    /// won't come in time even at twice the pace learned. With [`Basis::Told`] it waits on as long as the upstream
    /// hasn't said that nothing goes before its deadline.
    #[must_use]
    pub fn give_up_on(self, basis: Basis) -> Self {
        self.with(|settings| settings.given_up_on = basis)
    }

    /// How much of a body is kept for a second sending: up to `memory_bytes` in memory, beyond that in a
    /// temporary file, and up to `spill_bytes` in all. 64 KiB and 1 GiB by default.
    ///
    /// A longer body is sent once. If that is refused, the refusal is handed back as it is.
    #[must_use]
    pub fn replay(self, memory_bytes: u64, spill_bytes: u64) -> Self {
        self.with(|settings| settings.room = Room { memory: memory_bytes, spill: spill_bytes })
    }

    /// How often a request is sent at most whose connection breaks, or whose upstream can't serve it now and doesn't
    /// say for how long, as in a 529: 3 by default. The last such answer is handed back as it is.
    ///
    /// Refusals for the rate don't count, nor outages that tell their end.
    #[must_use]
    pub fn tries(self, most: u32) -> Self {
        self.with(|settings| settings.tries = most)
    }

    /// How many requests may wait in one bucket, 10,000 by default. One more gets
    /// [`Overfull`](super::WaitError::Overfull).
    #[must_use]
    pub fn waiters(self, most: usize) -> Self {
        self.with(|settings| settings.waiters = most)
    }

    /// How many buckets are remembered, 10,000 by default. Idle ones are forgotten first; if all are in use, a
    /// request to one more gets [`Overfull`](super::WaitError::Overfull).
    #[must_use]
    pub fn buckets(self, most: usize) -> Self {
        self.with(|settings| settings.buckets = most)
    }

    /// How many bytes requests may hold in memory that wait or are under way, in all of the layer's buckets: their heads,
    /// by an estimate that is rather too high, and what is kept of their bodies. 256 MiB by default.
    ///
    /// At the bound one more request gets [`Overfull`](super::WaitError::Overfull), and what is still to be kept of a
    /// body goes to its temporary file at once. A caller's own body that is in memory anyway isn't counted, nor is an
    /// answer.
    #[must_use]
    pub fn waiting_bytes(self, most: u64) -> Self {
        self.with(|settings| settings.waiting_bytes = most)
    }

    /// What a limit is about, as far as can be seen from a request. By default its path, with `{}` in place of
    /// each number, UUID or other long id.
    #[must_use]
    pub fn resource(self, resource: impl Fn(&Parts) -> String + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.set_resource(resource))
    }

    /// The quotas that are known beforehand, by request and [resource](WaitLayer::resource): no call goes that its
    /// resource's quota would refuse, with each token. None by default.
    ///
    /// Answers still teach, since others may use up the same quota, or it may be smaller than is believed: the later
    /// of what is known and what is learned counts. A resource must not have several quotas: the newest told counts.
    /// One with a quota keeps its bucket, whatever answers say of names.
    ///
    /// Fixed windows begin at instants of this process's own. Where the upstream's begin is learned only by a
    /// refusal, so a bucket with a small burst, or a log, fits better.
    #[must_use]
    pub fn quotas(self, quota: impl Fn(&Parts, &str) -> Option<Quota> + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.set_quotas(quota))
    }

    /// How many refusals are risked with one origin, 1,000 in ten minutes by default, counted one by one.
    ///
    /// As many calls are awaited at once as might still be refused, without those that are awaited for half a minute
    /// and more. When the budget is spent, one call at a time goes, and only when a part of the budget is back, until
    /// one passes. [`Event::Guarded`](crate::observe::Event::Guarded) tells both.
    ///
    /// A quota without a burst and shape of its own holds in any window, wherever it begins. Set it before the first
    /// call: an origin that is known keeps its budget.
    #[must_use]
    pub fn refusals(self, budget: Quota) -> Self {
        self.with(|settings| settings.refusals = one_by_one(budget))
    }

    /// How to see from the inner service's error how far the request came. By default
    /// [`MayBeDone`](Broken::MayBeDone) is taken for granted.
    ///
    /// `E` has to be the inner service's very error type: a function for another one is never asked. Several may
    /// be given, for services of different kinds under one layer.
    #[must_use]
    pub fn repeat_if<E: 'static>(self, broken: impl Fn(&E) -> Broken + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.add_broken(broken))
    }

    /// How all upstreams say "slow down", whatever their hosts.
    #[must_use]
    pub fn dialect(self, dialect: Arc<Dialect>) -> Self {
        self.with(|settings| settings.dialect = Some(dialect))
    }

    /// Where it is found by its host how an upstream says "slow down", unless [`dialect`](WaitLayer::dialect)
    /// says so for all. [`Table::built_in`] by default; [`Table::extended`] adds rows of your own.
    #[must_use]
    pub fn dialects(self, table: Table) -> Self {
        self.with(|settings| settings.dialects = table)
    }

    /// Who is told what happens.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observe>) -> Self {
        self.with(|settings| settings.observer = Some(observer))
    }

    /// What is believed now of each bucket, in order of origin and resource. Two tokens make two rows of one
    /// name.
    pub fn beliefs(&self) -> Vec<(BucketName, Belief)> {
        self.shared.gates.beliefs(world::now())
    }

    /// What there is to see of each bucket now, in order of origin and resource.
    pub fn views(&self) -> Vec<BucketView> {
        self.shared.gates.views(world::now())
    }

    /// Forgets what answers of an origin, as [`BucketName::origin`] writes it, told and taught of its buckets: calls that
    /// wait go on at once, as if it were called for the first time. What is left of the refusals that are risked with
    /// it stays. Says how many buckets that were.
    pub fn forget(&self, origin: &str) -> usize {
        self.shared.gates.forget(origin)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl<S> Layer<S> for WaitLayer {
    type Service = Wait<S>;

    fn layer(&self, inner: S) -> Wait<S> {
        Wait::new(inner, self.settings.clone(), self.shared.clone())
    }
}
