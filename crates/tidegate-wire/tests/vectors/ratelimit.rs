//! `vectors/ratelimit_fields_c.json`: drafts -08 to -11 of the `RateLimit` fields.

use std::num::NonZeroU64;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use tidegate_core::Time;
use tidegate_wire::ratelimit::{
    self, Limit, Policy, RATELIMIT, RATELIMIT_POLICY, Tolerance, read_limits, read_policies,
};
use tidegate_wire::retry_after;

use super::{lines, run, same, text};

#[test]
fn every_field_is_read_as_the_table_says() {
    run(include_str!("../../../../vectors/ratelimit_fields_c.json"), 42, check);
}

fn check(case: &Value) -> Result<(), String> {
    let headers = headers(&case["headers"]);
    let expect = &case["expect"];
    check_fields(&headers, expect, Tolerance::Strict)?;
    let lenient = case.get("lenient").unwrap_or(expect);
    check_fields(&headers, lenient, Tolerance::Lenient).map_err(|reason| format!("lenient: {reason}"))?;
    if let Some(seconds) = expect["wait_seconds"].as_u64() {
        let told = retry_after::read(field(&headers, http::header::RETRY_AFTER), None, Time::ZERO);
        same("wait_seconds", told.map(|told| told.wait.as_secs()), Some(seconds))?;
    }
    Ok(())
}

/// Compares what is read with what is expected, in the table's own form.
fn check_fields(headers: &HeaderMap, expect: &Value, tolerance: Tolerance) -> Result<(), String> {
    let policies = read_policies(field(headers, RATELIMIT_POLICY), tolerance);
    let policies = policies.map(|policies| policies.iter().map(policy).collect());
    same("policies", policies, expected(expect, "policies"))?;
    let limits = read_limits(field(headers, RATELIMIT), tolerance);
    let limits = limits.map(|limits| limits.iter().map(limit).collect());
    same("limits", limits, expected(expect, "limits"))
}

/// The expected items, with `pk` as the bytes that it stands for.
fn expected(expect: &Value, key: &str) -> Option<Vec<Value>> {
    let mut items = expect.get(key)?.as_array()?.clone();
    for item in &mut items {
        if let Some(pk) = item.get_mut("pk") {
            *pk = json!(base64(text(pk)));
        }
    }
    Some(items)
}

fn policy(policy: &Policy) -> Value {
    object([
        ("name", Some(json!(policy.name))),
        ("q", Some(json!(policy.quota))),
        ("w", policy.window_secs.map(|secs| json!(NonZeroU64::get(secs)))),
        ("qu", policy.unit.as_ref().map(|unit| json!(unit))),
        ("pk", policy.partition.as_ref().map(|bytes| json!(bytes))),
        ("ext", extensions(&policy.extensions)),
    ])
}

fn limit(limit: &Limit) -> Value {
    object([
        ("name", Some(json!(limit.name))),
        ("r", limit.remaining.map(|count| json!(count))),
        ("t", limit.reset_secs.map(|secs| json!(secs))),
        ("pk", limit.partition.as_ref().map(|bytes| json!(bytes))),
        ("ext", extensions(&limit.extensions)),
    ])
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect::<Map<_, _>>()
        .into()
}

fn extensions(extensions: &[(String, ratelimit::Value)]) -> Option<Value> {
    let integer = |value: &ratelimit::Value| value.as_integer().map(i64::from);
    let members = extensions.iter().map(|(key, value)| (key.clone(), json!(integer(value))));
    (!extensions.is_empty()).then(|| members.collect::<Map<_, _>>().into())
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

fn field(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
}

/// Decodes base64 with its own few lines, so that the table isn't judged by the decoder under test.
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for char in text.trim_end_matches('=').bytes() {
        let six = ALPHABET.iter().position(|&known| known == char).expect("a base64 character");
        (bits, count) = (bits << 6 | six as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

#[test]
fn the_decoder_of_these_tests_keeps_no_pad_bits() {
    assert_eq!(base64("cHsdsRa894=="), [0x70, 0x7b, 0x1d, 0xb1, 0x16, 0xbc, 0xf7]);
}
