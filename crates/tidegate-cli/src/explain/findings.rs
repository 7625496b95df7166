//! All that is understood of an answer, before it is put into words or JSON. Never here: a word for people.

use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use tidegate_core::{Time, Verdict};
use tidegate_wire::dialect::Dialect;
use tidegate_wire::feedback::{self, Reading};
use tidegate_wire::ratelimit::{self, Fields, Tolerance};
use tidegate_wire::retry_after::{self, RetryAfter};
use tidegate_wire::{date, problem};

use super::body::{self, Broken};
use super::listed::{Known, Listed};
use super::past::{self, Past};
use super::pasted::Pasted;

/// By how much a `Date` may be off and still be a clock: ten years.
const LONGEST_OFF: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What an answer says.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) status: StatusCode,
    pub(super) reading: Reading,
    /// What `Retry-After` alone says.
    pub(super) retry_after: Option<RetryAfter>,
    /// What the fields of the drafts say by the letter.
    pub(super) fields: Fields,
    /// When the answer came, as far as it is known, since the Unix epoch. Waits count from then.
    pub(super) arrived: Time,
    /// Whose clock said so.
    pub(super) clock: Clock,
    /// What came of each field that speaks of limits.
    pub(super) listed: Listed,
    /// What keeps the body from being read.
    pub(super) lack: Option<Lack>,
    /// Whether what the answer means may stand in the body that can't be read.
    pub(super) is_unsure: bool,
    /// Whether the body holds a head, which may be another answer's.
    pub(super) holds_head: bool,
    /// An instant that had long passed when the answer came.
    pub(super) past: Option<Past>,
}

/// What keeps a body from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// It is compressed.
    Packed,
    /// It is larger than what is looked at.
    Large,
    /// It calls itself JSON and isn't.
    Broken(Broken),
    /// It isn't there, and would say what the answer means.
    Missing,
}

/// Which clock waits count from, where the answer's own `Date` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// The answer came then.
    Given(Time),
    /// It came now.
    Wall(Time),
    /// It came when it says itself.
    Date(Time),
}

impl Clock {
    fn now(self) -> Time {
        match self {
            Clock::Given(now) | Clock::Wall(now) | Clock::Date(now) => now,
        }
    }

    /// The answer's own clock, if it has one that can be right.
    fn or_date(self, headers: &HeaderMap) -> Clock {
        let now = self.now();
        let sent = headers.get(DATE).and_then(|date| date::read_http(date.as_bytes(), now));
        let sent = sent.and_then(|seconds| u64::try_from(seconds).ok()).map(Time::from_secs);
        let is_clock = |sent: &Time| sent.since(now).max(now.since(*sent)) <= LONGEST_OFF;
        sent.filter(is_clock).map_or(self, Clock::Date)
    }
}

impl Findings {
    pub(super) fn of(answer: &Pasted, dialect: &Dialect, clock: Clock) -> Findings {
        let Pasted { status, headers, body: text } = answer;
        let lack = lack(answer);
        let is_readable = !text.is_empty() && lack != Some(Lack::Packed);
        let body = Some(text.as_slice()).filter(|_| is_readable);
        let now = clock.now();
        let reading = feedback::read(dialect, *status, headers, body, now);
        // A refusal that tells its wait leaves little to its body.
        let is_told = reading.limited && reading.wait.is_some();
        let is_needed = dialect.needs_body(*status, headers) && !is_told;
        let lack = lack.filter(|lack| is_needed || *lack != Lack::Missing);
        let lines = headers.get_all(RETRY_AFTER).into_iter().map(HeaderValue::as_bytes);
        let retry_after = retry_after::read(lines, headers.get(DATE).map(HeaderValue::as_bytes), now);
        let fields = ratelimit::read(headers, Tolerance::Strict);
        let named = feedback::named(dialect, *status, headers, body, now);
        let origins = &reading.origins;
        let clock = clock.or_date(headers);
        Findings {
            status: *status,
            arrived: clock.now(),
            clock,
            listed: Listed::of(&Known { headers, named: &named, origins, retry_after, fields: &fields }),
            is_unsure: is_needed && lack.is_some(),
            holds_head: is_readable && body::holds_head(headers, text),
            past: past::long_past(&reading, headers, clock.now()),
            retry_after,
            lack,
            fields,
            reading,
        }
    }

    /// The wait that `Retry-After` tells.
    pub(super) fn told(&self) -> Option<Duration> {
        self.retry_after.map(|told| told.wait)
    }

    /// Whether nothing says that this call was refused, or that the next one is.
    pub(super) fn is_passed(&self) -> bool {
        self.reading.feedback.verdict == Verdict::Passed && !self.reading.limited && !self.reading.terminal
    }
}

fn lack(answer: &Pasted) -> Option<Lack> {
    let Pasted { status, headers, body } = answer;
    // `curl --compressed` unpacks the body and leaves the field.
    let is_packed = || headers.contains_key(CONTENT_ENCODING) && !is_text(body);
    match body.as_slice() {
        [] => {
            let has_none = matches!(status.as_u16(), 100..=199 | 204 | 304)
                || headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
            (!has_none).then_some(Lack::Missing)
        }
        _ if is_packed() => Some(Lack::Packed),
        _ if body.len() > problem::MAX_BODY => Some(Lack::Large),
        _ => body::broken(headers, body).map(Lack::Broken),
    }
}

/// Whether these are words. Copying turns what are none into U+FFFD.
fn is_text(body: &[u8]) -> bool {
    let is_odd = |char: char| char == '\u{fffd}' || (char.is_control() && !char.is_whitespace());
    std::str::from_utf8(body).is_ok_and(|text| !text.contains(is_odd))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::dialect;

    const NOW: Time = Time::from_secs(1_700_000_000);

    fn findings(pasted: &[u8], provider: &str, clock: Clock) -> Findings {
        let dialect = dialect::named(provider).unwrap();
        Findings::of(&Pasted::read(pasted).unwrap(), &dialect, clock)
    }

    #[track_caller]
    fn check_lack(pasted: &[u8], provider: &str, lack: Option<Lack>, is_unsure: bool) {
        let found = findings(pasted, provider, Clock::Given(NOW));
        assert_eq!((found.lack, found.is_unsure), (lack, is_unsure));
    }

    #[test]
    fn what_a_body_lacks_is_known() {
        let gzip = b"HTTP/2 429\ncontent-encoding: gzip\n\n\x1f\x8b\x08";
        check_lack(gzip, "webex", Some(Lack::Packed), false);
        check_lack(
            "HTTP/2 429\ncontent-encoding: br\n\n\u{fffd}k".as_bytes(),
            "slack",
            Some(Lack::Packed),
            true,
        );
        check_lack(b"HTTP/2 429\ncontent-encoding: gzip\n\n{\n}", "webex", None, false);
        check_lack(b"HTTP/2 200\n\n", "slack", Some(Lack::Missing), true);
        check_lack(b"HTTP/2 200\n\n", "webex", None, false);
        check_lack(b"HTTP/2 200\ncontent-length: 0\n\n", "slack", None, false);
        check_lack(b"HTTP/2 204\n\n", "slack", None, false);
        let large = [b"HTTP/2 200\n\n".as_slice(), &vec![b' '; 65 * 1024]].concat();
        check_lack(&large, "webex", Some(Lack::Large), false);
        check_lack(&large, "slack", Some(Lack::Large), true);
        check_lack(b"HTTP/2 200\n\n{\"ok\": true}200", "slack", Some(Lack::Broken(Broken::Followed)), true);
        check_lack(b"HTTP/2 200\n\n{\"ok\": ", "webex", Some(Lack::Broken(Broken::CutOff)), false);
        check_lack(b"HTTP/2 200\n\n{\"ok\": true}", "slack", None, false);
    }

    #[test]
    fn waits_count_from_when_the_answer_came() {
        let head = b"HTTP/2 429\ndate: Tue, 14 Nov 2023 22:00:00 GMT\nretry-after: 5";
        let sent = NOW.earlier(Duration::from_secs(800));
        assert_eq!(findings(head, "webex", Clock::Given(NOW)).clock, Clock::Date(sent));
        assert_eq!(findings(head, "webex", Clock::Wall(NOW)).arrived, sent);
        for date in ["today", "Thu, 01 Jan 1970 00:00:01 GMT"] {
            let head = format!("HTTP/2 429\ndate: {date}");
            assert_eq!(findings(head.as_bytes(), "webex", Clock::Wall(NOW)).arrived, NOW);
        }
    }
}
