//! A little more waiting, so that those who were told the same instant don't all come at it. Never here: the draw.

use core::time::Duration;

/// An extra wait, at most a sixteenth of `wait` and at most a quarter of a second, chosen by `draw`.
///
/// It is to be *added*: a wait that was told is never shortened. `draw` is 64 evenly drawn random bits.
pub fn jitter(wait: Duration, draw: u64) -> Duration {
    let most = (wait / 16).min(Duration::from_millis(250));
    let nanos = most.as_nanos() * u128::from(draw) / u128::from(u64::MAX);
    // At most a quarter of a second, so it fits.
    Duration::from_nanos(nanos as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_its_bounds() {
        let second = Duration::from_secs(1);
        assert_eq!(jitter(second, 0), Duration::ZERO);
        assert_eq!(jitter(second, u64::MAX), second / 16);
        assert_eq!(jitter(3600 * second, u64::MAX), second / 4);
        assert_eq!(jitter(Duration::MAX, u64::MAX), second / 4);
    }
}
