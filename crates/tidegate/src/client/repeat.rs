//! Rule 4: what may be sent again after its connection broke. Never here: a refused request, which always may.

use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, Method};

use crate::observe::Again;

/// How far a request came whose connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It never left: there was no connection, or none that took it.
    NeverSent,
    /// It never left, and another try would end no better: a certificate that isn't believed stays so.
    Nowhere,
    /// It left, or may have: nobody knows whether it was done.
    MayBeDone,
    /// As before, and another try would end no better: enough time was given, or the answer was no HTTP.
    ForGood,
}

/// Whether sending the request twice does what sending it once does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twice {
    /// Its method is idempotent (RFC 9110 section 9.2.2), or the upstream knows it again by its key.
    Harmless,
    /// It might be done twice.
    Doubled,
}

/// What to do with a request whose connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Send it again, for this reason.
    Repeat(Again),
    /// It may have been done, and must not be sent again: say so.
    Unknown,
    /// Hand the error back.
    GiveBack,
}

/// The pause before the first try after a broken connection; it doubles from try to try.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Twice {
    /// Judges a request by its method and header.
    pub(crate) fn of(parts: &Parts) -> Twice {
        let idempotent =
            [&Method::GET, &Method::HEAD, &Method::OPTIONS, &Method::TRACE, &Method::PUT, &Method::DELETE];
        if idempotent.contains(&&parts.method) || has_key(&parts.headers) {
            Twice::Harmless
        } else {
            Twice::Doubled
        }
    }
}

/// Whether the request carries an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). An empty one is
/// none.
fn has_key(headers: &HeaderMap) -> bool {
    headers.get("idempotency-key").is_some_and(|key| !key.is_empty())
}

/// Judges a request whose connection broke. `may_go_again` says whether its body can be sent again and a try is
/// left.
pub(crate) fn after(broken: Broken, twice: Twice, may_go_again: bool) -> After {
    match (broken, twice, may_go_again) {
        (Broken::NeverSent, _, true) => After::Repeat(Again::NeverSent),
        (Broken::MayBeDone, Twice::Harmless, true) => After::Repeat(Again::Harmless),
        (Broken::MayBeDone | Broken::ForGood, Twice::Doubled, _) => After::Unknown,
        (Broken::Nowhere, _, _)
        | (Broken::NeverSent | Broken::MayBeDone, _, false)
        | (Broken::ForGood, Twice::Harmless, _) => After::GiveBack,
    }
}

/// The pause after the `broken`th broken connection, counted from 1.
pub(crate) fn pause(broken: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << broken.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_twice(method: &str, key: Option<&str>, twice: Twice) {
        let mut request = http::Request::builder().method(method);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(Twice::of(&parts), twice, "{method} {key:?}");
    }

    #[test]
    fn idempotent_methods_and_keys_are_harmless() {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
            check_twice(method, None, Twice::Harmless);
        }
        for method in ["POST", "PATCH", "CONNECT", "SETTLE", "get"] {
            check_twice(method, None, Twice::Doubled);
            check_twice(method, Some(""), Twice::Doubled);
            check_twice(method, Some("\"8e03978e\""), Twice::Harmless);
        }
    }

    #[test]
    fn only_what_does_no_harm_goes_again() {
        use {After::*, Broken::*, Twice::*};
        let rows = [
            (NeverSent, Doubled, true, Repeat(Again::NeverSent)),
            (NeverSent, Harmless, true, Repeat(Again::NeverSent)),
            (NeverSent, Doubled, false, GiveBack),
            (NeverSent, Harmless, false, GiveBack),
            (MayBeDone, Harmless, true, Repeat(Again::Harmless)),
            (MayBeDone, Harmless, false, GiveBack),
            (MayBeDone, Doubled, true, Unknown),
            (MayBeDone, Doubled, false, Unknown),
            (ForGood, Harmless, true, GiveBack),
            (Nowhere, Doubled, true, GiveBack),
            (Nowhere, Harmless, true, GiveBack),
            (ForGood, Doubled, true, Unknown),
        ];
        for (broken, twice, may_go_again, expected) in rows {
            assert_eq!(after(broken, twice, may_go_again), expected, "{broken:?} {twice:?} {may_go_again}");
        }
    }

    #[test]
    fn pauses_grow_and_end_growing() {
        assert_eq!([1, 2, 3].map(pause), [1, 2, 4].map(|times| FIRST_PAUSE * times));
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
