//! Instants that had long passed when an answer came, since a pasted answer may be old. Never here: a wait.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use tidegate_core::Time;
use tidegate_wire::date;
use tidegate_wire::feedback::{Origin, Reading};

/// What lies further back than that is no matter of clocks.
const LONG: Duration = Duration::from_secs(86_400);

/// An instant that had long passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Past {
    /// Where it stands.
    pub(super) name: HeaderName,
    pub(super) days: u64,
}

/// The instant that a wait or a reset of nothing is from, if it had passed by more than a day.
pub(super) fn long_past(reading: &Reading, headers: &HeaderMap, arrived: Time) -> Option<Past> {
    let from = [(reading.wait, &reading.origins.wait), (reading.reset, &reading.origins.reset)];
    from.into_iter().find_map(|(span, origin)| match (span, origin) {
        (Some(Duration::ZERO), Some(Origin::Field(name))) => of_field(name, headers, arrived),
        _ => None,
    })
}

fn of_field(name: &HeaderName, headers: &HeaderMap, arrived: Time) -> Option<Past> {
    let instants = headers.get_all(name).iter().filter_map(|value| instant(value.as_bytes(), arrived));
    let passed = arrived.since(instants.max()?);
    (passed > LONG).then(|| Past { name: name.clone(), days: passed.as_secs() / 86_400 })
}

/// A date, or a number whose size makes it an instant: ten digits and more, up to nanoseconds.
fn instant(value: &[u8], now: Time) -> Option<Time> {
    if let Some(seconds) = date::read(value, now) {
        return u64::try_from(seconds).ok().map(Time::from_secs);
    }
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number: u64 = std::str::from_utf8(&value[..digits]).ok()?.parse().ok()?;
    match digits {
        10..=11 => number.checked_mul(1_000_000_000),
        12..=14 => number.checked_mul(1_000_000),
        15..=17 => number.checked_mul(1000),
        18..=20 => Some(number),
        _ => None,
    }
    .map(Time::from_nanos)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::StatusCode;
    use tidegate_wire::{dialect, feedback};

    use super::*;

    const NOW: Time = Time::from_secs(1_700_000_000);

    #[track_caller]
    fn check(name: &'static str, value: &'static str, days: Option<u64>) {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        let left = (HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from_static("0"));
        let headers = HeaderMap::from_iter([left, (name.clone(), value)]);
        let status = StatusCode::TOO_MANY_REQUESTS;
        let reading = feedback::read(&dialect::generic(), status, &headers, None, NOW);
        let past = long_past(&reading, &headers, NOW);
        assert_eq!(past, days.map(|days| Past { name, days }));
    }

    #[test]
    fn an_instant_of_long_ago_is_told() {
        check("x-ratelimit-reset", "1690000000", Some(115));
        check("x-ratelimit-reset", "1690000000000", Some(115));
        check("x-ratelimit-reset", "1690000000000000", Some(115));
        check("retry-after", "Sat, 04 Nov 2023 22:13:20 GMT", Some(10));
    }

    #[test]
    fn what_has_just_passed_or_is_a_delay_is_not() {
        check("x-ratelimit-reset", "1699990000", None);
        check("x-ratelimit-reset", "1700000030", None);
        check("x-ratelimit-reset", "0", None);
        check("retry-after", "0", None);
    }
}
