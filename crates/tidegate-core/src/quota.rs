//! How much may pass: an amount per window, and a burst. Never here: a state, a key, a decision.

mod parse;

use core::fmt;
use core::time::Duration;

use crate::time::nanos;
pub use parse::ParseQuotaError;

/// The largest amount and burst a quota may have: 2^62, so that no sum in the engine can wrap.
const MAX_UNITS: u64 = 1 << 62;

/// The longest that a window, or the refilling of a whole burst, may take: 2^62 ns, some 146 years.
const MAX_SPAN: u64 = 1 << 62;

/// How much may pass: an amount per window, and a burst, counted in one of several [`Shape`]s.
///
/// It is exact for every amount: time is counted in fractions of a nanosecond so fine that each unit takes a
/// whole number of them, so 7 per second is 7 per second for ever.
///
/// ```
/// use tidegate_core::Quota;
/// let rooms: Quota = "300 per minute, burst 50".parse().unwrap();
/// assert_eq!((rooms.amount(), rooms.burst()), (300, 50));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    amount: u64,
    window_ns: u64,
    burst: u64,
    shape: Shape,
    scale: Scale,
}

/// How a quota is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A bucket that holds the burst and refills steadily: the GCRA. Admits at most
    /// `burst + floor(d * amount / window)` in any interval of length `d`.
    #[default]
    Bucket,
    /// Windows laid end to end from the clock's epoch, each admitting the amount.
    Fixed,
    /// Windows opened by the first call after the last one ended, each admitting the amount.
    Opened,
    /// Two neighbouring windows weighed by overlap: an estimate of the last window's calls, in a fixed memory.
    Sliding,
    /// Every call of the last window remembered: exact, at a memory of one entry a call.
    Log,
}

/// Units of time so fine that one unit of the quota takes a whole number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scale {
    /// Ticks that one unit of the quota takes to refill.
    pub(crate) ticks_per_unit: u64,
    /// Ticks in a nanosecond.
    pub(crate) ticks_per_ns: u64,
}

impl Quota {
    /// A bucket quota of `amount` per `window`, with a burst of the whole amount.
    ///
    /// # Errors
    /// When the amount or the window is zero, or too large to be counted exactly.
    pub const fn new(amount: u64, window: Duration) -> Result<Quota, QuotaError> {
        Quota::of(amount, window, amount, Shape::Bucket)
    }

    /// The same quota with another burst: how much may pass at once after a rest. Only a bucket has one.
    ///
    /// # Errors
    /// When the burst is zero or too large, or the quota is no bucket.
    pub const fn with_burst(self, burst: u64) -> Result<Quota, QuotaError> {
        if !matches!(self.shape, Shape::Bucket) {
            return Err(QuotaError::BurstOfWindow);
        }
        Quota::of(self.amount, self.window(), burst, self.shape)
    }

    /// The same quota counted in another shape. What isn't a bucket has no burst but its amount.
    ///
    /// # Errors
    /// When a log would have to remember more than 2^20 calls.
    pub const fn with_shape(self, shape: Shape) -> Result<Quota, QuotaError> {
        let burst = if matches!(shape, Shape::Bucket) { self.burst } else { self.amount };
        Quota::of(self.amount, self.window(), burst, shape)
    }

    /// The quota of `factor` such quotas together, as for `factor` servers.
    ///
    /// # Errors
    /// When `factor` is zero, or the product too large.
    pub const fn times(self, factor: u64) -> Result<Quota, QuotaError> {
        let amount = self.amount.saturating_mul(factor);
        Quota::of(amount, self.window(), self.burst.saturating_mul(factor), self.shape)
    }

    /// The same quota for so many thousandths of what it is for, as for servers of several weights: amount and burst
    /// rounded down, and at least 1.
    ///
    /// # Errors
    /// When the product is too large.
    pub const fn scaled(self, thousandths: u32) -> Result<Quota, QuotaError> {
        let amount = scaled(self.amount, thousandths);
        Quota::of(amount, self.window(), scaled(self.burst, thousandths), self.shape)
    }

    const fn of(amount: u64, window: Duration, burst: u64, shape: Shape) -> Result<Quota, QuotaError> {
        let window_ns = nanos(window);
        if amount == 0 {
            return Err(QuotaError::ZeroAmount);
        }
        if window_ns == 0 {
            return Err(QuotaError::ZeroWindow);
        }
        if burst == 0 {
            return Err(QuotaError::ZeroBurst);
        }
        if amount > MAX_UNITS || burst > MAX_UNITS {
            return Err(QuotaError::TooManyUnits);
        }
        if window_ns > MAX_SPAN || refill_ns(burst, window_ns, amount) > MAX_SPAN as u128 {
            return Err(QuotaError::TooLong);
        }
        if matches!(shape, Shape::Log) && amount > Quota::MAX_LOG {
            return Err(QuotaError::LogTooLong);
        }
        Ok(Quota { amount, window_ns, burst, shape, scale: Scale::new(amount, window_ns) })
    }

    /// The most calls that a [`Shape::Log`] remembers: 2^20.
    pub const MAX_LOG: u64 = 1 << 20;

    /// Units per window.
    pub const fn amount(&self) -> u64 {
        self.amount
    }

    /// The window's length.
    pub const fn window(&self) -> Duration {
        Duration::from_nanos(self.window_ns)
    }

    pub(crate) const fn window_ns(&self) -> u64 {
        self.window_ns
    }

    /// How many units may pass at once: the most that one call can ever cost.
    pub const fn burst(&self) -> u64 {
        self.burst
    }

    /// How the quota is counted.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    pub(crate) const fn scale(&self) -> Scale {
        self.scale
    }

    /// Units per second, for people and plots: rounds.
    pub fn per_second(&self) -> f64 {
        self.amount as f64 / (self.window_ns as f64 / 1e9)
    }
}

const fn scaled(units: u64, thousandths: u32) -> u64 {
    let scaled = units as u128 * thousandths as u128 / 1_000;
    if scaled > MAX_UNITS as u128 {
        u64::MAX
    } else if scaled == 0 {
        1
    } else {
        scaled as u64
    }
}

/// How long a whole burst takes to refill, in nanoseconds, rounded up.
const fn refill_ns(burst: u64, window_ns: u64, amount: u64) -> u128 {
    (burst as u128 * window_ns as u128).div_ceil(amount as u128)
}

impl Scale {
    const fn new(amount: u64, window_ns: u64) -> Scale {
        let common = greatest_common_divisor(amount, window_ns);
        Scale { ticks_per_unit: window_ns / common, ticks_per_ns: amount / common }
    }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Why a quota can't be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuotaError {
    /// An amount of nothing: name at least 1.
    ZeroAmount,
    /// A window of no time.
    ZeroWindow,
    /// A burst of nothing: name at least 1.
    ZeroBurst,
    /// More than 2^62 units.
    TooManyUnits,
    /// A window, or the refilling of the burst, takes over 146 years.
    TooLong,
    /// A burst for a quota that isn't a bucket: a window's burst is its amount.
    BurstOfWindow,
    /// A log of more calls than [`Quota::MAX_LOG`].
    LogTooLong,
}

impl fmt::Display for QuotaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QuotaError::ZeroAmount => "a quota of 0 lets nothing pass: name an amount of at least 1",
            QuotaError::ZeroWindow => "a window of no time: name a window of at least 1 ns",
            QuotaError::ZeroBurst => "a burst of 0 lets nothing pass: name a burst of at least 1",
            QuotaError::TooManyUnits => {
                "the amount or burst is too large: at most 4611686018427387904 (2^62)"
            }
            QuotaError::TooLong => "the window, or the refilling of the burst, takes over 146 years",
            QuotaError::BurstOfWindow => {
                "only a bucket has a burst of its own: leave out the burst or the shape"
            }
            QuotaError::LogTooLong => {
                "a log remembers each call: at most 1048576 (2^20) per window; use `sliding` for more"
            }
        })
    }
}

impl core::error::Error for QuotaError {}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn impossible_quotas_are_refused_when_made() {
        assert_eq!(Quota::new(0, SECOND), Err(QuotaError::ZeroAmount));
        assert_eq!(Quota::new(1, Duration::ZERO), Err(QuotaError::ZeroWindow));
        assert_eq!(Quota::new(u64::MAX, SECOND), Err(QuotaError::TooManyUnits));
        assert_eq!(Quota::new(1, Duration::MAX), Err(QuotaError::TooLong));
        let daily = Quota::new(1, 86_400 * SECOND).unwrap();
        assert_eq!(daily.with_burst(0), Err(QuotaError::ZeroBurst));
        assert_eq!(daily.with_burst(213_505).map(|quota| quota.burst()), Err(QuotaError::TooLong));
        assert_eq!(daily.with_burst(50_000).map(|quota| quota.burst()), Ok(50_000));
        let fixed = daily.with_shape(Shape::Fixed).unwrap();
        assert_eq!(fixed.with_burst(2), Err(QuotaError::BurstOfWindow));
        assert_eq!(daily.times(0), Err(QuotaError::ZeroAmount));
    }

    #[test]
    fn a_scale_makes_each_unit_a_whole_number_of_ticks() {
        assert_eq!(Scale::new(300, 60_000_000_000), Scale { ticks_per_unit: 200_000_000, ticks_per_ns: 1 });
        assert_eq!(Scale::new(7, 1_000_000_000), Scale { ticks_per_unit: 1_000_000_000, ticks_per_ns: 7 });
    }
}
