//! The limiters that are compared, each given the time and hashing the key itself. Never here: a loop.

use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use tidegate::store::{Limit, Room, Secret, Table};
use tidegate_core::Time;

/// Each key may call a million times at once, and once a second in the long run: all pass, and all are remembered.
const BURST: u64 = 1_000_000;
const INTERVAL: Duration = Duration::from_secs(1);

/// Where every clock begins.
const START_NS: u64 = 100_000_000_000_000;

pub trait Engine {
    /// Whether a key's call passes, so many microseconds after the start.
    fn decide(&self, key: &[u8; 16], micros: u64) -> bool;
}

/// No limiter: what the loop itself costs.
pub struct Nothing;

impl Engine for Nothing {
    #[inline(always)]
    fn decide(&self, key: &[u8; 16], micros: u64) -> bool {
        std::hint::black_box((key, micros));
        true
    }
}

pub struct Tidegate {
    pub table: Table,
    limit: Limit,
    secret: Secret,
}

impl Tidegate {
    /// A table with 32 bytes for each key.
    pub fn new(keys: u64) -> Self {
        let room = Room { words: 32 * keys as usize, states: 0 };
        let limit = Limit::new(1, format!("1 per s, burst {BURST}").parse().expect("a quota"));
        Tidegate { table: Table::new(room), limit, secret: Secret::new([1, 2]) }
    }
}

impl Engine for Tidegate {
    #[inline(always)]
    fn decide(&self, key: &[u8; 16], micros: u64) -> bool {
        let now = Time::from_nanos(START_NS + micros * 1_000);
        let decision = self.table.decide_one(now, &self.limit, self.secret.key(key), 1);
        decision.admitted_at().is_some()
    }
}

type Hash = ahash::RandomState;

/// Governor in its leanest form with keys: ahash, the key inline, its clock a number.
pub struct Governor {
    limiter: RateLimiter<
        [u8; 16],
        DashMapStateStore<[u8; 16], Hash>,
        FakeRelativeClock,
        NoOpMiddleware<governor::nanos::Nanos>,
    >,
    clock: FakeRelativeClock,
}

impl Governor {
    pub fn new() -> Self {
        let burst = NonZeroU32::new(BURST as u32).expect("not zero");
        let quota = Quota::with_period(INTERVAL).expect("not zero").allow_burst(burst);
        let clock = FakeRelativeClock::default();
        let store = DashMapStateStore::with_hasher(Hash::with_seeds(1, 2, 3, 4));
        Governor { limiter: RateLimiter::new(quota, store, clock.clone()), clock }
    }
}

impl Engine for Governor {
    #[inline(always)]
    fn decide(&self, key: &[u8; 16], _micros: u64) -> bool {
        self.clock.advance(Duration::from_micros(1));
        self.limiter.check_key(key).is_ok()
    }
}

/// The floor: pairs of a key's hash and an instant in a flat array, one compare-and-swap, nothing promised.
pub struct Bare {
    pairs: Vec<(AtomicU64, AtomicU64)>,
    hash: Hash,
}

impl Bare {
    pub fn new(keys: u64) -> Self {
        let pairs = (0..2 * keys.next_power_of_two()).map(|_| Default::default()).collect();
        Bare { pairs, hash: Hash::with_seeds(1, 2, 3, 4) }
    }
}

impl Engine for Bare {
    #[inline(always)]
    fn decide(&self, key: &[u8; 16], micros: u64) -> bool {
        let now = START_NS + micros * 1_000;
        let mut hasher = self.hash.build_hasher();
        hasher.write(key);
        let hash = hasher.finish() | 1;
        let mask = self.pairs.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (tag, full) = &self.pairs[at];
            let found = tag.load(Ordering::Relaxed);
            if found != hash && found != 0 {
                at = (at + 1) & mask;
                continue;
            }
            if found == 0 && tag.compare_exchange(0, hash, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                continue;
            }
            let before = full.load(Ordering::Relaxed);
            let interval = INTERVAL.as_nanos() as u64;
            let after = before.max(now) + interval;
            if after > now + BURST * interval {
                return false;
            }
            if full.compare_exchange(before, after, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return true;
            }
        }
    }
}
