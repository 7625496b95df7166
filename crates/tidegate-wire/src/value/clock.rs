//! By which clock an instant is judged. Never here: how an instant is spelt.

use std::time::Duration;

use tidegate_core::Time;

use super::decimal::{SECOND, span};
use super::stamp::LONGEST_DELAY;
use crate::date;

/// The clock by which an answer's instants are judged: its own `Date` where that is readable, so that a wrong
/// clock on either side does no harm, and else the reader's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    sent: Option<i64>,
    now: Time,
}

impl Clock {
    /// `date` is the value of the answer's `Date`, and `now` the time since the Unix epoch at its arrival.
    pub(crate) fn new(date: Option<&[u8]>, now: Time) -> Clock {
        Clock { sent: date.and_then(|value| date::read_http(value, now)), ..Clock::by(now) }
    }

    /// The reader's clock alone.
    pub(crate) const fn by(now: Time) -> Clock {
        Clock { sent: None, now }
    }

    /// The reader's own time, since the Unix epoch.
    pub(crate) fn now(self) -> Time {
        self.now
    }

    /// How long until `instant`, in nanoseconds since the Unix epoch; zero if it has passed.
    ///
    /// A `Date` by which it would be over ten years is no clock: a server that has just started may say 1970.
    pub(crate) fn until(self, instant: i128) -> Duration {
        let since = |origin: i128| {
            let nanos = instant.saturating_sub(origin).max(0);
            span(nanos.unsigned_abs()).unwrap_or(Duration::MAX)
        };
        let by_reader = || since(self.now.as_nanos().into());
        let Some(sent) = self.sent else { return by_reader() };
        let by_date = since(i128::from(sent) * i128::from(SECOND));
        if by_date.as_secs() > LONGEST_DELAY { by_date.min(by_reader()) } else { by_date }
    }

    /// How long until a date, in seconds since the Unix epoch; zero if it has passed.
    pub(crate) fn until_date(self, seconds: i64) -> Duration {
        self.until(i128::from(seconds) * i128::from(SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_nanos(1_470_172_958_553_000_000);

    #[track_caller]
    fn check(date: Option<&str>, instant: i128, wait: Duration) {
        assert_eq!(Clock::new(date.map(str::as_bytes), NOW).until(instant), wait, "{date:?} {instant}");
    }

    #[test]
    fn an_instant_is_exact_to_the_nanosecond() {
        check(None, 1_470_173_023_123_000_000, Duration::from_millis(64_570));
        check(None, 1_470_172_958_553_000_001, Duration::from_nanos(1));
    }

    #[test]
    fn the_answers_own_date_wins_where_it_is_readable() {
        let hour_ahead = Some("Tue, 02 Aug 2016 22:22:38 GMT");
        check(hour_ahead, 1_470_176_568_000_000_000, Duration::from_secs(10));
        check(Some("yesterday"), 1_470_172_959_553_000_000, Duration::from_secs(1));
    }

    #[test]
    fn what_has_passed_is_zero_and_what_never_comes_saturates() {
        check(None, 1_470_172_958_552_999_999, Duration::ZERO);
        check(None, i128::MIN, Duration::ZERO);
        check(None, i128::MAX, Duration::MAX);
        check(Some("Wed, 31 Dec 1969 23:59:59 GMT"), i128::MAX, Duration::MAX);
    }
}
