//! A user's file of rows: any text is a table or a fault, and what was taken can read an answer.
#![no_main]

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use tidegate_fuzz::NOW;
use tidegate_wire::dialect::Table;
use tidegate_wire::feedback::read;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(table) = Table::built_in().extended(text) else { return };
    let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("5"))]);
    let body = br#"{"error":{"code":"a","message":"b"},"errors":[{"x":1}]}"#;
    for row in table.rows().take(4) {
        for status in [StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS] {
            let reading = read(row, status, &headers, Some(body), NOW);
            assert!(!reading.feedback.is_refusal() || reading.wait.is_some());
        }
        assert_eq!(table.named(&row.name).map(|found| found.name.clone()), Some(row.name.clone()));
    }
});
