//! All that is understood of an answer, before it is put into words or JSON. Never here: a word for people.

use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tidegate_core::Time;
use tidegate_wire::dialect::Dialect;
use tidegate_wire::feedback::{self, Origin, Origins, Reading};
use tidegate_wire::ratelimit::{self, Field, Fields, RATELIMIT, RATELIMIT_POLICY, TRIO, Tolerance, X_TRIO};
use tidegate_wire::retry_after::{self, RetryAfter};
use tidegate_wire::{date, problem};

use super::pasted::Pasted;

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
    /// Fields that are there, should say something, and can't be read.
    pub(super) unreadable: Vec<HeaderName>,
    /// Fields that speak of limits, and of which nothing was needed.
    pub(super) unused: Vec<HeaderName>,
    /// What keeps the reading from being whole.
    pub(super) lacks: Vec<Lack>,
}

/// Something about the body that keeps a reading from being whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// It is compressed.
    Packed,
    /// It is larger than what is looked at.
    Large,
    /// It isn't there, and would say what the answer means.
    Missing,
}

/// Which clock waits count from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    /// The answer came then.
    Given(Time),
    /// It came when it says itself, or else now.
    Wall(Time),
}

impl Clock {
    fn now(self) -> Time {
        match self {
            Clock::Given(now) | Clock::Wall(now) => now,
        }
    }

    fn arrived(self, headers: &HeaderMap) -> Time {
        let sent = |now| date::read_http(headers.get(DATE)?.as_bytes(), now);
        let of = |seconds| u64::try_from(seconds).ok().map(Time::from_secs);
        match self {
            Clock::Given(now) => now,
            Clock::Wall(now) => sent(now).and_then(of).unwrap_or(now),
        }
    }
}

impl Findings {
    pub(super) fn of(answer: &Pasted, dialect: &Dialect, clock: Clock) -> Findings {
        let Pasted { status, headers, body } = answer;
        let lacks = lacks(answer, dialect);
        let is_readable = !body.is_empty() && !lacks.contains(&Lack::Packed);
        let body = Some(body.as_slice()).filter(|_| is_readable);
        let reading = feedback::read(dialect, *status, headers, body, clock.now());
        let lines = headers.get_all(RETRY_AFTER).into_iter().map(HeaderValue::as_bytes);
        let date = headers.get(DATE).map(HeaderValue::as_bytes);
        let retry_after = retry_after::read(lines, date, clock.now());
        let fields = ratelimit::read(headers, Tolerance::Strict);
        let used = used(&reading.origins);
        let unreadable = malformed(headers, retry_after, &fields, &used);
        let is_unused =
            |name: &HeaderName| speaks_of_limits(name) && !used.contains(&name) && !unreadable.contains(name);
        Findings {
            status: *status,
            retry_after,
            arrived: clock.arrived(headers),
            unused: headers.keys().filter(|name| is_unused(name)).cloned().collect(),
            unreadable,
            lacks,
            fields,
            reading,
        }
    }

    /// The wait that `Retry-After` tells.
    pub(super) fn told(&self) -> Option<Duration> {
        self.retry_after.map(|told| told.wait)
    }
}

fn lacks(answer: &Pasted, dialect: &Dialect) -> Vec<Lack> {
    let Pasted { status, headers, body } = answer;
    // `curl --compressed` unpacks the body and leaves the field.
    let is_packed = headers.contains_key(CONTENT_ENCODING) && std::str::from_utf8(body).is_err();
    let is_empty_by_itself = headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
    let is_missing =
        (is_packed || (body.is_empty() && !is_empty_by_itself)) && dialect.needs_body(*status, headers);
    let is_large = !is_packed && body.len() > problem::MAX_BODY;
    let all = [(is_packed, Lack::Packed), (is_large, Lack::Large), (is_missing, Lack::Missing)];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, lack)| lack).collect()
}

/// The fields that something was read from.
fn used(origins: &Origins) -> Vec<&HeaderName> {
    let Origins { limited, wait, remaining, limit, window, reset, used_ratio, scope, .. } = origins;
    let all = [limited, wait, remaining, limit, window, reset, used_ratio, scope].into_iter().flatten();
    all.filter_map(|origin| if let Origin::Field(name) = origin { Some(name) } else { None }).collect()
}

/// The fields of the standards that are malformed, and of which the provider's own rules made nothing either.
fn malformed(
    headers: &HeaderMap,
    retry_after: Option<RetryAfter>,
    fields: &Fields,
    used: &[&HeaderName],
) -> Vec<HeaderName> {
    let trio = |field: &Field<_>, names: ratelimit::TrioNames| {
        let all = [names.limit, names.remaining, names.reset].map(HeaderName::from_static);
        all.into_iter().filter(|_| field.is_ignored()).collect::<Vec<_>>()
    };
    let mut names = Vec::new();
    names.extend(retry_after.is_none().then_some(RETRY_AFTER));
    names.extend((fields.limits.is_ignored() || fields.combined.is_ignored()).then_some(RATELIMIT));
    let has_no_policies = fields.policies.is_ignored() || fields.quota_policies.is_ignored();
    names.extend(has_no_policies.then_some(RATELIMIT_POLICY));
    names.extend(trio(&fields.trio, TRIO));
    names.extend(trio(&fields.x_trio, X_TRIO));
    names.retain(|name| headers.contains_key(name) && !used.contains(&name));
    names
}

fn speaks_of_limits(name: &HeaderName) -> bool {
    let words = ["ratelimit", "rate-limit", "retry-after", "quota", "throttl"];
    words.iter().any(|word| name.as_str().contains(word))
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
    fn check_fields(head: &str, unreadable: &[&str], unused: &[&str]) {
        let found = findings(head.as_bytes(), "generic", Clock::Given(NOW));
        assert_eq!(found.unreadable, unreadable, "{head}");
        assert_eq!(found.unused, unused, "{head}");
    }

    #[test]
    fn what_cannot_be_read_and_what_isnt_needed_are_named() {
        check_fields("HTTP/2 429\nretry-after: 5\nx-my-quota: 5\nserver: a", &[], &["x-my-quota"]);
        check_fields("HTTP/2 429\nretry-after: soon", &["retry-after"], &[]);
        check_fields(
            "HTTP/2 200\nratelimit: ?\nratelimit-policy: \"a;q",
            &["ratelimit", "ratelimit-policy"],
            &[],
        );
        check_fields("HTTP/2 200\nratelimit-limit: lots", &["ratelimit-limit"], &[]);
        check_fields("HTTP/2 200\nserver: a", &[], &[]);
    }

    #[track_caller]
    fn check_lacks(pasted: &[u8], provider: &str, lacks: &[Lack]) {
        assert_eq!(findings(pasted, provider, Clock::Given(NOW)).lacks, lacks);
    }

    #[test]
    fn what_a_body_lacks_is_known() {
        check_lacks(b"HTTP/2 429\ncontent-encoding: gzip\n\n\x1f\x8b\x08", "webex", &[Lack::Packed]);
        check_lacks(b"HTTP/2 429\ncontent-encoding: gzip\n\n{}", "webex", &[]);
        check_lacks(b"HTTP/2 200\n\n", "slack", &[Lack::Missing]);
        check_lacks(b"HTTP/2 200\ncontent-length: 0\n\n", "slack", &[]);
        check_lacks(b"HTTP/2 200\ncontent-encoding: br\n\n\xff", "slack", &[Lack::Packed, Lack::Missing]);
        check_lacks(
            &[b"HTTP/2 200\n\n".as_slice(), &vec![b' '; 65 * 1024]].concat(),
            "webex",
            &[Lack::Large],
        );
    }

    #[test]
    fn waits_count_from_when_the_answer_came() {
        let head = b"HTTP/2 429\ndate: Tue, 14 Nov 2023 22:00:00 GMT\nretry-after: 5";
        assert_eq!(findings(head, "webex", Clock::Given(NOW)).arrived, NOW);
        assert_eq!(findings(head, "webex", Clock::Wall(NOW)).arrived, NOW.earlier(Duration::from_secs(800)));
        assert_eq!(findings(b"HTTP/2 429\ndate: today", "webex", Clock::Wall(NOW)).arrived, NOW);
    }
}
