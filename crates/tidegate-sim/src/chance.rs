//! Chance that repeats: every draw comes from a seed. Never here: what is drawn for.

use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// One stream of draws. The same seed and stream name give the same draws on every machine.
#[derive(Clone, Debug)]
pub struct Chance(Pcg64Mcg);

impl Chance {
    /// The stream called `stream` of `seed`. Different streams of one seed have nothing to do with each other.
    pub fn new(seed: u64, stream: &str) -> Chance {
        Chance(Pcg64Mcg::seed_from_u64(mix(seed ^ name_hash(stream))))
    }

    /// 64 evenly drawn bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0.0..1.0`, evenly drawn.
    pub fn share(&mut self) -> f64 {
        // The 53 bits that an f64 holds exactly.
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number in `0..end`, evenly drawn but for a bias below `end / 2^64`. Zero if `end` is.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// A span of at most `most`, evenly drawn.
    pub fn span(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.share())
    }

    /// Whether something that happens with probability `share` happens.
    pub fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// A number between `low` and `high` whose logarithm is evenly drawn: every scale is as likely.
    pub fn scale(&mut self, low: f64, high: f64) -> f64 {
        (low.ln() + self.share() * (high.ln() - low.ln())).exp()
    }

    /// The time to the next of events that come `per_second` on average, and know nothing of each other.
    pub fn gap(&mut self, per_second: f64) -> Duration {
        Duration::from_secs_f64((-(1.0 - self.share()).ln() / per_second).min(1e9))
    }
}

/// Spreads neighbouring numbers over all of the range.
pub(crate) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 29)).wrapping_mul(0xd1b5_4a32_d192_ed03);
    number ^ (number >> 32)
}

/// FNV-1a, so that a stream has a name instead of a number.
fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_streams_differ() {
        let draws = |seed, stream| {
            let mut chance = Chance::new(seed, stream);
            [(); 4].map(|()| chance.bits())
        };
        assert_eq!(draws(1, "routing"), draws(1, "routing"));
        assert_ne!(draws(1, "routing"), draws(2, "routing"));
        assert_ne!(draws(1, "routing"), draws(1, "latency"));
    }

    #[test]
    fn draws_stay_within_their_range() {
        let mut chance = Chance::new(7, "test");
        for _ in 0..10_000 {
            assert!(chance.share() < 1.0);
            assert!(chance.below(3) < 3);
            let scaled = chance.scale(0.5, 1000.0);
            assert!((0.499..1000.1).contains(&scaled), "{scaled}");
        }
        assert_eq!(chance.below(0), 0);
    }

    #[test]
    fn events_come_as_often_as_said() {
        let mut chance = Chance::new(7, "test");
        let total: Duration = (0..10_000).map(|_| chance.gap(100.0)).sum();
        assert!((95.0..105.0).contains(&total.as_secs_f64()), "{total:?}");
    }
}
