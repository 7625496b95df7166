//! Who calls, how often, for what, and what became of it; and the chance that all is drawn by. Never here: a server.

use tidegate::overload::{Class, Kind};

/// Draws that repeat.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((self.share() * end as f64) as usize).min(end - 1)
    }

    /// A number of this mean, as gaps between independent events are.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.share()).ln() * mean
    }
}

/// Calls of one sort.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) per_second: f64,
    /// How many callers they come from, alike.
    pub(crate) keys: usize,
    pub(crate) class: Class,
    pub(crate) cost: u64,
    pub(crate) kind: Kind,
    /// How long a worker takes for one, in seconds, on average.
    pub(crate) takes: f64,
}

impl Stream {
    /// Normal calls of a thousand callers that take 100 ms.
    pub(crate) fn of(name: &'static str, per_second: f64) -> Stream {
        Stream { name, per_second, keys: 1000, class: Class::Normal, cost: 1, kind: Kind(0), takes: 0.1 }
    }
}

/// What became of a stream's calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Became {
    pub(crate) offered: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
    /// How long those took that were answered, in seconds.
    pub(crate) took: Vec<f64>,
}

impl Became {
    pub(crate) fn well(&self) -> u64 {
        self.took.len() as u64
    }

    /// The share of calls that were refused.
    pub(crate) fn lost(&self) -> f64 {
        self.refused as f64 / self.offered.max(1) as f64
    }

    /// The time within which this share of answers came.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut took = self.took.clone();
        took.sort_by(f64::total_cmp);
        let last = took.len().saturating_sub(1);
        took.get((last as f64 * share) as usize).copied().unwrap_or(0.0)
    }
}
