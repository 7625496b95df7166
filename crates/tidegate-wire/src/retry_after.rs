//! The `Retry-After` field (RFC 9110 section 10.2.3). Never here: a cap, a floor or jitter, which are policy.

use std::time::Duration;

use tidegate_core::Time;

use crate::date;
use crate::octets::trim;
use crate::value::{Clock, Decimal, SECOND};

/// The wait that stands for a number of seconds too large for a `u64`: 2^31 seconds, as RFC 9111
/// section 1.2.2 has it for its delta-seconds.
pub const OVERFLOW: Duration = Duration::from_secs(1 << 31);

/// A wait that an answer told, counted from the answer's arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// How long to wait. Zero is possible: a date that has passed, or a plain `0`.
    pub wait: Duration,
    /// Whether the number told was too large to hold, and `wait` is [`OVERFLOW`] in its place.
    pub saturated: bool,
}

impl RetryAfter {
    const SATURATED: RetryAfter = RetryAfter { wait: OVERFLOW, saturated: true };

    const fn exactly(wait: Duration) -> Self {
        RetryAfter { wait, saturated: false }
    }
}

/// Reads the lines of a `Retry-After` field: the longest wait that any of them tells.
///
/// A line is whole seconds; seconds with a fraction, as Shopify sends; an HTTP-date; an RFC 3339 timestamp, as
/// Zoom sends; or a date as JavaScript prints it, as lemlist sends. A bare number is never a timestamp, however
/// large. A date counts from the answer's own `Date` (`response_date`, the field's value) so that a wrong clock
/// on either side does no harm, or from `now`, the time since the Unix epoch, where there is no readable one. A
/// line is never split at a comma, because dates contain one. `None` means that nothing readable was told.
pub fn read<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    response_date: Option<&[u8]>,
    now: Time,
) -> Option<RetryAfter> {
    let clock = Clock::new(response_date, now);
    lines.into_iter().filter_map(|line| read_line(trim(line), clock)).max_by_key(|told| told.wait)
}

fn read_line(value: &[u8], clock: Clock) -> Option<RetryAfter> {
    match Decimal::read(value) {
        Some(number) => Some(number.span(SECOND).map_or(RetryAfter::SATURATED, RetryAfter::exactly)),
        None => Some(RetryAfter::exactly(clock.until_date(date::read(value, clock.now())?))),
    }
}

/// The number of seconds to write for a wait: whole, rounded up, and at least 1, so that whoever obeys is
/// never early. Saturates at `u64::MAX`.
pub const fn write(wait: Duration) -> u64 {
    let seconds = if wait.subsec_nanos() > 0 { wait.as_secs().saturating_add(1) } else { wait.as_secs() };
    if seconds == 0 { 1 } else { seconds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Time = Time::from_secs(1_700_000_000);

    fn told(line: &str) -> Option<Duration> {
        read([line.as_bytes()], None, NOW).map(|told| told.wait)
    }

    #[test]
    fn waits_are_written_rounded_up_and_never_zero() {
        assert_eq!(write(Duration::ZERO), 1);
        assert_eq!(write(Duration::from_nanos(1)), 1);
        assert_eq!(write(Duration::from_secs(2)), 2);
        assert_eq!(write(Duration::new(2, 1)), 3);
        assert_eq!(write(Duration::MAX), u64::MAX);
    }

    #[test]
    fn a_fraction_keeps_its_nanoseconds_and_rounds_up_beyond() {
        assert_eq!(told("64.57"), Some(Duration::from_millis(64_570)));
        assert_eq!(told("0.0000000001"), Some(Duration::from_nanos(1)));
        assert_eq!(told("1.9999999999"), Some(Duration::from_secs(2)));
        assert_eq!(told("1.5.0"), None);
    }

    #[test]
    fn a_fraction_beyond_all_seconds_saturates() {
        for line in ["18446744073709551615.9999999999", "18446744073709551616.0"] {
            assert_eq!(read([line.as_bytes()], None, NOW), Some(RetryAfter::SATURATED), "{line}");
        }
    }

    #[test]
    fn a_part_of_a_second_that_has_passed_is_not_waited_again() {
        let now = NOW.later(Duration::from_millis(250));
        let read = read([b"Tue, 14 Nov 2023 22:13:21 GMT".as_slice()], None, now);
        assert_eq!(read.map(|told| told.wait), Some(Duration::from_millis(750)));
    }

    #[test]
    fn dates_from_before_the_epoch_are_counted_like_any_other() {
        let line = [b"Wed, 31 Dec 1969 23:59:59 GMT".as_slice()];
        let sent = Some(b"Wed, 31 Dec 1969 23:59:00 GMT".as_slice());
        assert_eq!(read(line, sent, NOW).map(|told| told.wait), Some(Duration::from_secs(59)));
        assert_eq!(read(line, None, NOW).map(|told| told.wait), Some(Duration::ZERO));
    }

    proptest! {
        #[test]
        fn who_reads_what_was_written_never_waits_shorter(seconds: u64, nanos in 0..1_000_000_000u32, now: u64) {
            let wait = Duration::new(seconds, nanos).min(Duration::from_secs(u64::MAX));
            let line = write(wait).to_string();
            let read = read([line.as_bytes()], None, Time::from_nanos(now)).expect("what we write is readable");
            prop_assert!(read.wait >= wait);
            prop_assert!(read.wait >= Duration::from_secs(1));
            prop_assert!(read.wait.saturating_sub(wait) <= Duration::from_secs(1));
        }

        #[test]
        fn any_bytes_are_a_wait_or_nothing(lines: Vec<Vec<u8>>, date: Option<Vec<u8>>, now: u64) {
            let _ = read(lines.iter().map(Vec::as_slice), date.as_deref(), Time::from_nanos(now));
        }

        #[test]
        fn another_line_never_shortens_the_wait(lines in prop::collection::vec("[0-9]{1,21}(\\.[0-9]{1,12})?", 1..4)) {
            let all = read(lines.iter().map(String::as_bytes), None, NOW).expect("numbers are waits");
            for line in &lines {
                prop_assert!(Some(all.wait) >= told(line));
            }
        }
    }
}
