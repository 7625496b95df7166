//! `vectors/feedback.json` and `vectors/dialects.json`: whole answers, read by the dialects.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tidegate_core::Verdict;
use tidegate_wire::dialect;
use tidegate_wire::feedback::{Reading, read};

use super::{now, run, same, same_seconds, text};

#[test]
fn every_answer_is_read_as_the_table_says() {
    run(include_str!("../../../../vectors/feedback.json"), 122, check);
}

#[test]
fn every_providers_answer_is_read_as_the_table_says() {
    run(include_str!("../../../../vectors/dialects.json"), 362, check);
}

fn check(case: &Value) -> Result<(), String> {
    let provider = text(&case["provider"]);
    let dialect = dialect::named(provider).ok_or_else(|| format!("no row is called {provider:?}"))?;
    let status = u16::try_from(case["status"].as_u64().expect("a status")).expect("a status");
    let status = StatusCode::from_u16(status).expect("a status");
    let body = case.get("body").map(|body| match body {
        Value::String(text) => text.clone().into_bytes(),
        body => serde_json::to_vec(body).expect("JSON"),
    });
    let reading = read(&dialect, status, &headers(&case["headers"]), body.as_deref(), now(case));
    compare(&reading, &case["expect"])
}

fn compare(reading: &Reading, expect: &Value) -> Result<(), String> {
    let feedback = reading.feedback;
    let (verdict, told) = match feedback.verdict {
        Verdict::Passed => ("passed", reading.wait),
        Verdict::Limited { wait } => ("limited", wait),
        Verdict::Unavailable { wait } => ("unavailable", wait),
    };
    same("the verdict's wait", told, reading.wait)?;
    if !reading.limited || verdict != "limited" {
        same("limited by its verdict", verdict == "limited", false)?;
    }
    if let Some(expected) = expect.get("limited") {
        same("limited", reading.limited, expected == true)?;
    }
    same("terminal", reading.terminal, expect.get("terminal").is_some_and(|terminal| terminal == true))?;
    if let Some(expected) = expect.get("verdict") {
        same("verdict", verdict, text(expected))?;
    }
    seconds("wait_seconds", reading.wait, Some(expect.get("wait_seconds").unwrap_or(&Value::Null)))?;
    seconds("window_seconds", reading.window, expect.get("window_seconds"))?;
    seconds("reset_seconds", reading.reset, expect.get("reset_seconds"))?;
    for (key, found) in [("remaining", reading.remaining), ("limit", reading.limit)] {
        if let Some(expected) = expect.get(key) {
            same(key, found, expected.as_u64())?;
        }
    }
    if let Some(expected) = expect.get("used_ratio") {
        same("used_ratio", reading.used_ratio, expected.as_f64())?;
    }
    if let Some(expected) = expect.get("scope") {
        same("scope", reading.scope.as_deref(), expected.as_str())?;
    }
    origins(reading, expect)
}

fn origins(reading: &Reading, expect: &Value) -> Result<(), String> {
    let found = reading.origins.clone();
    let found = [
        ("limited", found.limited, reading.limited),
        ("wait", found.wait, reading.wait.is_some()),
        ("remaining", found.remaining, reading.remaining.is_some()),
        ("limit", found.limit, reading.limit.is_some()),
        ("window", found.window, reading.window.is_some()),
        ("reset", found.reset, reading.reset.is_some()),
        ("used_ratio", found.used_ratio, reading.used_ratio.is_some()),
        ("scope", found.scope, reading.scope.is_some()),
    ];
    for (key, origin, is_read) in found {
        same(&format!("whether {key} has an origin"), origin.is_some(), is_read)?;
        if let Some(expected) = expect["origins"].get(key) {
            let origin = origin.map(|origin| origin.to_string());
            same(&format!("the origin of {key}"), origin.as_deref(), expected.as_str())?;
        }
    }
    Ok(())
}

fn seconds(what: &str, found: Option<Duration>, expected: Option<&Value>) -> Result<(), String> {
    let Some(expected) = expected else { return Ok(()) };
    let found = found.map(|span| span.as_secs_f64());
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) if same_seconds(found, expected) => Ok(()),
        (found, expected) => same(what, found, expected),
    }
}

fn headers(table: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in table.as_object().expect("names and values") {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a field name");
        for line in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            headers.append(&name, HeaderValue::from_str(text(line)).expect("a field value"));
        }
    }
    headers
}
