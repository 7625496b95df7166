//! What may be set on a layer or a request, and why the defaults are what they are. Never here: what is done with it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tidegate_core::{Quota, Shape};
use tidegate_wire::dialect::{Dialect, Table};

use super::error::Basis;
use super::line::Whose;
use super::repeat::Broken;
use crate::key::{self, template};
use crate::observe::{Event, Observe};

/// A request's own deadline, counted from its call: put it in the request's extensions.
///
/// It bounds the waits and the sendings together, up to the answer's header. Reading the answer's body is beyond
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(pub Duration);

/// A request's own number for [`observe::Call`](crate::observe::Call): put it in the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallId(pub u64);

/// How the upstream of a request says "slow down", where that isn't to be found by its host: put it in the request's
/// extensions.
#[derive(Clone, Debug)]
pub struct Speaks(pub Arc<Dialect>);

/// How many refusals are risked with the origin of a request, in place of what its layer
/// [says](super::WaitLayer::refusals) of all: put it in the request's extensions. The first request to an origin
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusals(pub Quota);

/// Whose call a request is: put it in the request's extensions. Callers who wait in one bucket get equal shares of its
/// turns, however many requests each has there.
///
/// The number means nothing to the layer: whoever makes it decides what a caller is, and hashes what mustn't be known.
/// Requests without one are all of caller 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller(pub u64);

/// How urgent a request is: put it in the request's extensions.
///
/// Of 21 turns in a bucket where all three wait, 16 are high, 4 normal and 1 low. So none starves, and a request's turn
/// comes nearer with each that goes before it, whatever comes after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody waits for it.
    High,
    /// As most are.
    #[default]
    Normal,
    /// It has time.
    Low,
}

type ResourceOf = dyn Fn(&Parts) -> String + Send + Sync;
type QuotaOf = dyn Fn(&Parts, &str) -> Option<Quota> + Send + Sync;
type BrokenBy = dyn Fn(&dyn Any) -> Option<Broken> + Send + Sync;

/// The usual budget of refusals.
const REFUSALS: Quota = match Quota::new(1_000, Duration::from_secs(600)) {
    Ok(quota) => quota,
    Err(_) => panic!("a thousand in ten minutes is a quota"),
};

/// The quota as a log, so that it holds in any window, if it has no shape or burst of its own and isn't too large.
pub(crate) fn one_by_one(quota: Quota) -> Quota {
    let is_plain = quota.shape() == Shape::Bucket && quota.burst() == quota.amount();
    if is_plain { quota.with_shape(Shape::Log).unwrap_or(quota) } else { quota }
}

/// What is set on a layer.
#[derive(Clone)]
pub(crate) struct Settings {
    /// An hour: longer waits are told by daily quotas, and by mistake; nobody wants to find out tomorrow.
    pub(crate) max_wait: Duration,
    pub(crate) deadline: Option<Duration>,
    /// An estimate: with a deadline, knowing early is worth more than a slim chance.
    pub(crate) given_up_on: Basis,
    pub(crate) room: Room,
    /// Three: enough for a connection that the server closed while idle and one accident more, or for an overload
    /// that passes within seconds.
    pub(crate) tries: u32,
    /// Ten thousand: a megabyte or so of waiting requests per bucket, without their bodies.
    pub(crate) waiters: usize,
    /// Ten thousand: a few megabytes of gates.
    pub(crate) buckets: usize,
    /// 256 MiB: a small part of a server, and heads and small bodies of tens of thousands of requests.
    pub(crate) waiting_bytes: u64,
    /// The one that is spoken, whatever the host.
    pub(crate) dialect: Option<Arc<Dialect>>,
    /// Where the host's is found.
    pub(crate) dialects: Table,
    pub(crate) observer: Option<Arc<dyn Observe>>,
    /// A thousand in ten minutes, counted one by one: what an address is banned for is ten times as much where it is
    /// known (Discord).
    pub(crate) refusals: Quota,
    resource: Arc<ResourceOf>,
    quota: Option<Arc<QuotaOf>>,
    broken: Vec<Arc<BrokenBy>>,
}

/// How much of a body is kept for a second sending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// In memory. 64 KiB: nearly all JSON bodies, and little enough for ten thousand of them.
    pub(crate) memory: u64,
    /// In all, in a temporary file. 1 GiB: uploads that a provider takes, and less than a small disk.
    pub(crate) spill: u64,
}

impl Room {
    /// The most that is kept anywhere.
    pub(crate) fn most(self) -> u64 {
        self.memory.max(self.spill)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            max_wait: Duration::from_secs(3600),
            deadline: None,
            given_up_on: Basis::Estimated,
            room: Room { memory: 64 << 10, spill: 1 << 30 },
            tries: 3,
            waiters: 10_000,
            buckets: 10_000,
            waiting_bytes: 256 << 20,
            dialect: None,
            dialects: Table::built_in().clone(),
            observer: None,
            refusals: one_by_one(REFUSALS),
            quota: None,
            resource: Arc::new(|parts| template(parts.uri.path())),
            broken: Vec::new(),
        }
    }
}

impl Settings {
    pub(crate) fn set_resource(&mut self, resource: impl Fn(&Parts) -> String + Send + Sync + 'static) {
        self.resource = Arc::new(resource);
    }

    pub(crate) fn set_quotas(
        &mut self,
        quota: impl Fn(&Parts, &str) -> Option<Quota> + Send + Sync + 'static,
    ) {
        self.quota = Some(Arc::new(quota));
    }

    pub(crate) fn add_broken<E: 'static>(&mut self, broken: impl Fn(&E) -> Broken + Send + Sync + 'static) {
        self.broken.push(Arc::new(move |error| error.downcast_ref().map(&broken)));
    }

    pub(crate) fn resource(&self, parts: &Parts) -> String {
        (self.resource)(parts)
    }

    /// The quota of a request to this resource, if it is known.
    pub(crate) fn quota(&self, parts: &Parts, resource: &str) -> Option<Quota> {
        (self.quota.as_ref()?)(parts, resource)
    }

    /// How far the request came that failed with `error`; if nobody knows, it may have been done.
    pub(crate) fn broken<E: 'static>(&self, error: &E) -> Broken {
        self.broken.iter().find_map(|judge| judge(error)).unwrap_or(Broken::MayBeDone)
    }

    pub(crate) fn dialect(&self, parts: &Parts) -> Arc<Dialect> {
        let own = parts.extensions.get().map(|Speaks(dialect)| dialect);
        let spoken = own.or(self.dialect.as_ref()).cloned();
        spoken.unwrap_or_else(|| self.dialects.of_host(key::host(parts)))
    }

    pub(crate) fn whose(parts: &Parts) -> Whose {
        let (caller, priority) = (parts.extensions.get().copied(), parts.extensions.get().copied());
        Whose { caller: caller.unwrap_or_default(), priority: priority.unwrap_or_default() }
    }

    /// How many refusals are risked with the origin of a request.
    pub(crate) fn refusals(&self, parts: &Parts) -> Quota {
        parts.extensions.get().map_or(self.refusals, |&Refusals(budget)| one_by_one(budget))
    }

    pub(crate) fn deadline(&self, parts: &Parts) -> Option<Duration> {
        parts.extensions.get().map(|&Deadline(span)| span).or(self.deadline)
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.event(event);
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("max_wait", &self.max_wait)
            .field("deadline", &self.deadline)
            .field("room", &self.room)
            .field("tries", &self.tries)
            .field("waiters", &self.waiters)
            .field("buckets", &self.buckets)
            .field("waiting_bytes", &self.waiting_bytes)
            .field("dialect", &self.dialect.as_ref().map(|dialect| &dialect.name))
            .finish_non_exhaustive()
    }
}
