//! Laws of reading whole answers: any header is read, and no refusal waits shorter than told.

use std::time::Duration;

use http::header::{AGE, DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use tidegate_core::{Time, Verdict};
use tidegate_wire::dialect::{Dialect, TABLE};
use tidegate_wire::feedback::read;
use tidegate_wire::ratelimit::{RATELIMIT, RATELIMIT_POLICY};

const NOW: Time = Time::from_secs(1_700_000_000);

fn any_dialect() -> impl Strategy<Value = &'static Dialect> {
    prop::sample::select(TABLE.iter().collect::<Vec<_>>())
}

fn any_status() -> impl Strategy<Value = StatusCode> {
    let code = prop_oneof![Just(429u16), Just(503), Just(423), Just(301), Just(200), 100..1000u16];
    code.prop_map(|code| StatusCode::from_u16(code).expect("100 to 999 are statuses"))
}

/// Any value that a connection lets through, bytes beyond ASCII among them, or one that nearly means something.
fn any_value() -> impl Strategy<Value = HeaderValue> {
    let bytes = prop_oneof![
        prop::collection::vec(
            any::<u8>().prop_map(|byte| if byte < 32 || byte == 127 { b'0' } else { byte }),
            0..40
        ),
        "[0-9.]{1,22}".prop_map(String::into_bytes),
        "\"[ab]\";[rqtwu]=[0-9]{1,3};[rt]=[0-9]{1,3}(, \"b\";r=0;t=[0-9]{1,15})?"
            .prop_map(String::into_bytes),
    ];
    bytes.prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("no control characters are left"))
}

fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop::sample::select(vec![RETRY_AFTER, DATE, AGE, RATELIMIT, RATELIMIT_POLICY]);
    prop::collection::vec((name, any_value()), 0..6).prop_map(|fields: Vec<(HeaderName, HeaderValue)>| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        headers
    })
}

proptest! {
    #[test]
    fn no_refusal_waits_shorter_than_any_line_tells(
        dialect in any_dialect(), status in any_status(), mut headers in any_headers(), seconds: u32,
    ) {
        let before = read(dialect, status, &headers, None, NOW);
        headers.append(RETRY_AFTER, HeaderValue::from(seconds));
        let after = read(dialect, status, &headers, None, NOW);
        if after.feedback.is_refusal() {
            prop_assert!(after.wait >= Some(Duration::from_secs(seconds.into()).max(dialect.floor)));
            if before.origins.wait == Some("retry-after") {
                prop_assert!(after.wait >= before.wait);
            }
        }
    }

    #[test]
    fn the_status_alone_says_whether_a_call_was_limited(
        dialect in any_dialect(), status in any_status(), headers in any_headers(),
    ) {
        let reading = read(dialect, status, &headers, None, NOW);
        let limited = matches!(reading.feedback.verdict, Verdict::Limited { .. });
        prop_assert_eq!(limited, status == StatusCode::TOO_MANY_REQUESTS);
        if status.is_success() {
            prop_assert_eq!(reading.feedback.verdict, Verdict::Passed);
            prop_assert!(reading.origins.wait != Some("retry-after"));
        }
    }
}
