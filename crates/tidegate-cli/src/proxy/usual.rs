//! What a proxy runs with unless it is told otherwise, each with its reason. Never here: a flag, a file.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use tidegate_wire::dialect::Table;

use super::settings::{Config, Manner, Queue};
use crate::policy::{AccessLog, Bounds, UpstreamTerms, UpstreamVersion};

/// A proxy that nobody comes to and that goes nowhere yet, with all the usual bounds.
pub(crate) fn config() -> Config {
    Config {
        listen: Vec::new(),
        tls: None,
        admin: None,
        upstreams: Vec::new(),
        forward: None,
        manner: Manner::default(),
        terms: TERMS,
        bounds: BOUNDS,
        queue: QUEUE,
        callers: Vec::new(),
        priority: None,
        deadline: None,
        // Longer waits are told by daily quotas, and by mistake.
        max_wait: Duration::from_secs(3600),
        dialects: Table::built_in().clone(),
        access_log: AccessLog::Off,
        drain: Duration::from_secs(30),
    }
}

const TERMS: UpstreamTerms = UpstreamTerms {
    version: UpstreamVersion::Http1,
    connect: Duration::from_secs(10),
    // Models think for minutes before they say a word.
    answer: Duration::from_secs(600),
    idle: Duration::from_secs(60),
    retries: 0,
    authorities: None,
};

const BOUNDS: Bounds = Bounds {
    // Cookies and tokens of large companies.
    head_bytes: NonZeroUsize::new(64 * 1024).expect("it isn't zero"),
    fields: NonZeroUsize::new(100).expect("it isn't zero"),
    // It streams through: what is kept of it has bounds of its own.
    body_bytes: 1 << 40,
    head_time: Duration::from_secs(30),
    body_pause: Duration::from_secs(60),
    idle: Duration::from_secs(120),
    // Each caller who waits has one.
    connections: NonZeroU32::new(20_000).expect("it isn't zero"),
};

const QUEUE: Queue = Queue {
    waiters: 10_000,
    memory_bytes: 256 << 20,
    buckets: 10_000,
    // Nearly all JSON bodies, and little enough for ten thousand of them.
    body_memory_bytes: 64 << 10,
    // Uploads that a provider takes, and less than a small disk.
    body_spill_bytes: 1 << 30,
};
