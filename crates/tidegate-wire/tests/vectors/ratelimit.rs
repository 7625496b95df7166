//! `vectors/ratelimit_fields.json`: the `RateLimit` fields of all drafts.

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tidegate_core::Time;
use tidegate_wire::ratelimit::{self, Tolerance};
use tidegate_wire::retry_after;

use super::{lines, run, same};

#[test]
fn every_field_is_read_as_the_table_says() {
    run(include_str!("../../../../vectors/ratelimit_fields.json"), 128, check);
}

fn check(case: &Value) -> Result<(), String> {
    let headers = headers(&case["headers"]);
    let date = headers.get(DATE).map(HeaderValue::as_bytes);
    let told = headers.get_all(RETRY_AFTER).into_iter().map(HeaderValue::as_bytes);
    let wait = retry_after::read(told, date, Time::ZERO).map(|told| told.wait);

    let read = |tolerance| ratelimit::read(&headers, tolerance).to_json(wait);
    let strict = &case["expect"];
    same("strict", &read(Tolerance::Strict), strict)?;
    same("lenient", &read(Tolerance::Lenient), case.get("lenient").unwrap_or(strict))
}

fn headers(table: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, values) in table.as_object().expect("names and lines") {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a field name");
        for line in lines(values) {
            headers.append(&name, HeaderValue::from_bytes(line).expect("a field value"));
        }
    }
    headers
}
