//! Laws of reading whole answers: any answer is read, by every row, and no refusal waits shorter than told.

use std::time::Duration;

use http::header::{AGE, DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use tidegate_core::{Time, Verdict};
use tidegate_wire::dialect::{Dialect, Table, generic};
use tidegate_wire::feedback::{Origin, read};
use tidegate_wire::ratelimit::{RATELIMIT, RATELIMIT_POLICY};
use tidegate_wire::retry_after;

const NOW: Time = Time::from_secs(1_700_000_000);
const TEN_YEARS: Duration = Duration::from_secs(315_360_000);

fn any_dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(Table::built_in().rows().cloned().collect::<Vec<_>>())
}

fn any_status() -> impl Strategy<Value = StatusCode> {
    let known = prop::sample::select(vec![200u16, 301, 400, 403, 423, 429, 477, 503, 529]);
    let code = prop_oneof![known, 100..1000u16];
    code.prop_map(|code| StatusCode::from_u16(code).expect("100 to 999 are statuses"))
}

/// Any value that a connection lets through, bytes beyond ASCII among them, or one that nearly means something.
fn any_value() -> impl Strategy<Value = HeaderValue> {
    let any_byte = any::<u8>().prop_map(|byte| if byte < 32 || byte == 127 { b'0' } else { byte });
    let bytes = prop_oneof![
        prop::collection::vec(any_byte, 0..40),
        "-?[0-9.]{1,22}".prop_map(String::into_bytes),
        "[0-9]{1,3}(ms|s|m|h)[0-9]{0,2}s?".prop_map(String::into_bytes),
        "(total=)?[0-9]{1,4}([;/,] ?[a-z]{1,9}=?[0-9]{1,4}){0,3}".prop_map(String::into_bytes),
        "\"[ab]\";[rqtwu]=[0-9]{1,3};[rt]=[0-9]{1,3}(, \"b\";r=0;t=[0-9]{1,15})?"
            .prop_map(String::into_bytes),
    ];
    bytes.prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("no control characters are left"))
}

/// Fields that rows of the table look at.
fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let known = [
        "retry-after-ms",
        "x-ms-retry-after-ms",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-reset-after",
        "x-rate-limit-reset",
        "x-rate-limit-remaining",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
        "x-sentry-rate-limits",
        "zendesk-ratelimit-users",
        "sforce-limit-info",
        "x-shopify-shop-api-call-limit",
        "x-should-retry",
        "content-type",
    ];
    let known = known.into_iter().map(HeaderName::from_static);
    let names: Vec<_> = known.chain([RETRY_AFTER, DATE, AGE, RATELIMIT, RATELIMIT_POLICY]).collect();
    prop::collection::vec((prop::sample::select(names), any_value()), 0..8).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        headers
    })
}

fn any_body() -> impl Strategy<Value = Option<Vec<u8>>> {
    let known = [
        r#"{"error":{"code":"insufficient_quota"}}"#,
        r#"{"error":{"code":"maxlag"}}"#,
        r#"{"ok":false,"error":"ratelimited"}"#,
        r#"{"retry_after":1.5,"global":true}"#,
        r#"{"errors":[{"extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":50,"throttleStatus":{"maximumAvailable":1000,"currentlyAvailable":4,"restoreRate":7}}}}"#,
        r#"{"message":"You have exceeded a secondary rate limit."}"#,
    ];
    let known = prop::sample::select(known.map(|body| body.as_bytes().to_vec()).to_vec());
    prop::option::of(prop_oneof![known, prop::collection::vec(any::<u8>(), 0..60)])
}

proptest! {
    #[test]
    fn no_refusal_waits_shorter_than_any_line_tells(
        dialect in any_dialect(), status in any_status(), mut headers in any_headers(), body in any_body(),
        seconds: u32,
    ) {
        headers.append(RETRY_AFTER, HeaderValue::from(seconds));
        let reading = read(&dialect, status, &headers, body.as_deref(), NOW);
        if reading.feedback.is_refusal() {
            let wait = reading.wait.expect("a wait was told");
            // Another field may tell the same wait unrounded; rounded up, it is what was told.
            prop_assert!(retry_after::write(wait) >= u64::from(seconds), "{wait:?} of {seconds} s");
            prop_assert!(wait >= dialect.floor);
        }
    }

    #[test]
    fn a_longer_told_wait_is_never_a_shorter_one(
        dialect in any_dialect(), status in any_status(), headers in any_headers(), body in any_body(),
        seconds: u32, more in 0..1000u32,
    ) {
        let told = |seconds: u64| {
            let mut headers = headers.clone();
            headers.append(RETRY_AFTER, HeaderValue::from(seconds));
            read(&dialect, status, &headers, body.as_deref(), NOW).wait
        };
        let seconds = u64::from(seconds);
        prop_assert!(told(seconds) <= told(seconds + u64::from(more)));
    }

    #[test]
    fn what_a_reading_says_agrees_with_itself(
        dialect in any_dialect(), status in any_status(), headers in any_headers(), body in any_body(),
    ) {
        let reading = read(&dialect, status, &headers, body.as_deref(), NOW);
        let limited = matches!(reading.feedback.verdict, Verdict::Limited { .. });
        prop_assert!(reading.limited || !limited);
        prop_assert_eq!(reading.limited, reading.origins.limited.is_some());
        if reading.terminal {
            prop_assert!(reading.limited && !reading.feedback.is_refusal() && reading.wait.is_none());
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            prop_assert!(reading.limited || reading.feedback.is_refusal(), "a 429 is never let pass");
        }
        let told = |verdict| match verdict {
            Verdict::Limited { wait } | Verdict::Unavailable { wait } => wait,
            Verdict::Passed => reading.wait,
        };
        prop_assert_eq!(told(reading.feedback.verdict), reading.wait);
        prop_assert!(reading.scope.is_none_or(|scope| scope.chars().count() <= 128));
    }

    #[test]
    fn without_a_row_only_the_status_refuses(
        status in any_status(), mut headers in any_headers(), body in any_body(),
    ) {
        headers.remove("x-ratelimit-remaining");
        headers.remove("x-rate-limit-remaining");
        headers.remove("ratelimit-remaining");
        headers.remove("x-should-retry");
        let body = body.filter(|body| !body.windows(18).any(|text| text == b"insufficient_quota"));
        let reading = read(&generic(), status, &headers, body.as_deref(), NOW);
        let limited = matches!(reading.feedback.verdict, Verdict::Limited { .. });
        prop_assert_eq!(limited, status == StatusCode::TOO_MANY_REQUESTS);
        if status.is_success() {
            prop_assert_eq!(reading.feedback.verdict, Verdict::Passed);
            prop_assert!(reading.origins.wait != Some(Origin::Field(RETRY_AFTER)));
        }
    }

    #[test]
    fn a_stamp_is_never_taken_for_seconds(
        seconds in 1_400_000_000u64..2_000_000_000, unit in prop::sample::select(vec![1u64, 1000, 1_000_000, 1_000_000_000]),
        name in prop::sample::select(vec!["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"]),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from(seconds * unit));
        let wait = read(&generic(), StatusCode::TOO_MANY_REQUESTS, &headers, None, NOW).wait;
        prop_assert_eq!(wait, Some(Duration::from_secs(seconds.saturating_sub(1_700_000_000))));
        prop_assert!(wait < Some(TEN_YEARS));
    }

    #[test]
    fn what_needs_no_body_is_decided_without_one(
        dialect in any_dialect(), status in any_status(), headers in any_headers(), body in any_body(),
    ) {
        let decided = |body: Option<&[u8]>| {
            let reading = read(&dialect, status, &headers, body, NOW);
            (reading.limited, reading.terminal, reading.feedback.is_refusal())
        };
        if !dialect.needs_body(status, &headers) {
            prop_assert_eq!(decided(None), decided(body.as_deref()));
        }
    }
}
