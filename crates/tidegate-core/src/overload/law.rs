//! How the limit follows what a window says. Never here: what unloaded means, when to probe.

use super::Bounds;

/// How many times as slow as unloaded a server may be, before the limit comes down in proportion.
const TOLERATED: f64 = 1.25;

/// The lowest share that one window's signs call for.
const LOWEST: f64 = 0.5;

/// How much of the way to what its signs call for one window goes.
const STEP: f64 = 0.5;

/// What the limit grows by in a window where nothing was ever wrong: to this many times itself.
const LEAP: f64 = 1.5;

/// The slowness that it may do so at. What the last leap led to is half seen yet.
const QUICK: f64 = 1.1;

/// What one window says of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    /// How many times as long as unloaded its answers took.
    pub(super) slowness: f64,
    /// The share of calls that failed, beyond the usual.
    pub(super) failing: f64,
    /// The most calls in flight.
    pub(super) peak: u32,
    /// Whether calls were refused for want of room.
    pub(super) pressed: bool,
}

impl Signs {
    /// The share of the limit that they call for: 1 when all is well.
    fn gradient(&self) -> f64 {
        let by_slowness = TOLERATED / self.slowness.max(TOLERATED);
        let by_failures = 1.0 - self.failing / 2.0;
        by_slowness.min(by_failures).max(LOWEST)
    }

    /// Whether they call for knowing at once if less load would help.
    pub(super) fn are_strong(&self) -> bool {
        self.slowness > 1.5 * TOLERATED || self.failing > 0.3
    }
}

/// The limit, and where it may go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Law {
    bounds: Bounds,
    limit: f64,
    /// The limit at which trouble last began. Well below it there is nothing to be careful about.
    knee: f64,
    troubled: bool,
}

impl Law {
    pub(super) fn new(bounds: Bounds) -> Law {
        Law { bounds, limit: f64::from(bounds.start), knee: f64::INFINITY, troubled: false }
    }

    pub(super) fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
        self.set(self.limit);
    }

    /// A share of the limit, in whole calls.
    pub(super) fn limit(&self, share: f64) -> u32 {
        // Positive and at most the ceiling, so it fits.
        ((self.limit * share + 0.5) as u32).max(1)
    }

    /// Whether that share of the limit is enough for calls to go on.
    pub(super) fn allows(&self, share: f64) -> bool {
        self.limit(share) >= 2
    }

    /// The limit is no more than that share of itself: it was seen that more is too much.
    pub(super) fn cut_to(&mut self, share: f64) {
        if share < 1.0 {
            self.set(self.limit * share);
            self.knee = self.limit;
        }
    }

    /// The signs of trouble were read by a measure that was never tested: nothing is known to be too much.
    pub(super) fn forget_trouble(&mut self) {
        self.knee = f64::INFINITY;
        self.troubled = false;
    }

    /// Whether the limit is so far below where anything was ever wrong that it needn't be questioned.
    pub(super) fn leaps(&self, signs: &Signs) -> bool {
        signs.gradient() == 1.0 && signs.slowness < QUICK && self.limit < self.knee / 2.0
    }

    /// Whether so little was in flight that slowness can't come from it.
    pub(super) fn is_idle(&self, signs: &Signs) -> bool {
        !signs.pressed && f64::from(signs.peak) < self.limit / 3.0
    }

    /// Whether the limit had anything to do with what happened.
    fn is_in_use(&self, signs: &Signs) -> bool {
        signs.pressed || f64::from(signs.peak) >= self.limit / 2.0
    }

    /// Follows a window's signs. A limit that nobody needs neither grows nor, by slowness alone, shrinks.
    pub(super) fn follow(&mut self, signs: &Signs) {
        let failing = signs.failing > 0.0;
        if !failing && !self.is_in_use(signs) {
            return;
        }
        let gradient = signs.gradient();
        let troubled = gradient < 0.9;
        if troubled && !self.troubled {
            self.knee = self.limit;
        }
        self.troubled = troubled;
        if self.leaps(signs) {
            self.set(self.limit * LEAP);
        } else {
            // The root's worth of calls is what the limit always reaches out for.
            let reach = if failing { 0.0 } else { root(self.limit) };
            self.set(self.limit + STEP * (self.limit * gradient + reach - self.limit));
        }
    }

    fn set(&mut self, limit: f64) {
        self.limit = limit.clamp(f64::from(self.bounds.floor), f64::from(self.bounds.ceiling));
    }
}

/// The square root, to a 256th.
fn root(number: f64) -> f64 {
    // At most the ceiling's 32 bits and 16 more.
    ((number * 65_536.0) as u64).isqrt() as f64 / 256.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Signs = Signs { slowness: 1.0, failing: 0.0, peak: 0, pressed: true };

    fn law(limit: u32) -> Law {
        Law { knee: 1.0, ..Law::new(Bounds { start: limit, ..Bounds::default() }) }
    }

    #[track_caller]
    fn check(limit: u32, signs: Signs, expected: u32) {
        let mut law = law(limit);
        law.follow(&signs);
        assert_eq!(law.limit(1.0), expected);
    }

    #[test]
    fn the_limit_follows_a_windows_signs() {
        check(100, WELL, 105);
        check(100, Signs { slowness: 1.25, ..WELL }, 105);
        check(100, Signs { slowness: 2.5, ..WELL }, 80);
        check(100, Signs { slowness: 100.0, ..WELL }, 80);
        check(100, Signs { failing: 0.2, ..WELL }, 95);
        check(100, Signs { failing: 1.0, ..WELL }, 75);
        check(4, Signs { failing: 1.0, ..WELL }, 4);
        check(10_000, WELL, 10_000);
    }

    #[test]
    fn a_limit_that_nobody_needs_stays() {
        let idle = Signs { peak: 49, pressed: false, ..WELL };
        check(100, idle, 100);
        check(100, Signs { peak: 50, ..idle }, 105);
        check(100, Signs { slowness: 9.0, ..idle }, 100);
        check(100, Signs { failing: 1.0, ..idle }, 75);
    }

    #[test]
    fn it_leaps_where_nothing_was_ever_wrong_and_walks_where_something_was() {
        let mut law = Law::new(Bounds { start: 100, ..Bounds::default() });
        law.follow(&WELL);
        assert_eq!(law.limit(1.0), 150);
        for _ in 0..20 {
            law.follow(&Signs { failing: 1.0, ..WELL });
        }
        assert_eq!(law.limit(1.0), 4);
        let mut windows = 0;
        while law.limit(1.0) < 75 {
            law.follow(&WELL);
            windows += 1;
        }
        assert!(windows <= 8, "{windows}");
        let before = law.limit(1.0);
        law.follow(&WELL);
        assert!(law.limit(1.0) - before <= 6);
    }

    #[test]
    fn the_root_is_one() {
        for number in [1.0, 2.0, 1e4, 4e9] {
            let found = root(number);
            assert!((found * found / number - 1.0).abs() < 0.01, "{found} of {number}");
        }
    }
}
