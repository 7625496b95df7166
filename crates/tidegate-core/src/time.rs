//! An instant, as the caller counts it. Never here: a way to find out what time it is.

use core::time::Duration;

/// An instant: nanoseconds since an epoch of the caller's choice (process start, Unix time, a simulation's zero).
///
/// All arithmetic saturates: nothing wraps, and [`Time::MAX`] means "never".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The epoch itself.
    pub const ZERO: Time = Time(0);
    /// The end of time, 584 years after the epoch.
    pub const MAX: Time = Time(u64::MAX);

    /// The instant `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Time(nanos)
    }

    /// The instant `secs` seconds after the epoch; saturates.
    pub const fn from_secs(secs: u64) -> Self {
        Time(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the epoch, for people and plots: rounds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The instant `span` after this one; saturates at [`Time::MAX`].
    pub const fn later(self, span: Duration) -> Self {
        Time(self.0.saturating_add(nanos(span)))
    }

    /// The instant `span` before this one; saturates at the epoch.
    pub const fn earlier(self, span: Duration) -> Self {
        Time(self.0.saturating_sub(nanos(span)))
    }

    /// How long after `past` this instant is; zero if it isn't after it.
    pub const fn since(self, past: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(past.0))
    }
}

/// A span in whole nanoseconds, saturating at 584 years.
pub(crate) const fn nanos(span: Duration) -> u64 {
    let nanos = span.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Time::MAX.later(Duration::from_nanos(1)), Time::MAX);
        assert_eq!(Time::ZERO.later(Duration::MAX), Time::MAX);
        assert_eq!(Time::ZERO.earlier(Duration::from_nanos(1)), Time::ZERO);
        assert_eq!(Time::from_secs(1).since(Time::from_secs(2)), Duration::ZERO);
        assert_eq!(Time::from_secs(3).since(Time::from_secs(2)), Duration::from_secs(1));
    }
}
