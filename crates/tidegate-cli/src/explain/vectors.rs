//! Runs the tables in `vectors/` through all of the door but the process. Never here: a reading they don't ask for.

use std::fmt::Write as _;

use serde_json::Value;
use tidegate_core::Time;
use tidegate_wire::dialect::Table;

use super::args::Args;
use super::explained;
use super::provider::Provider;
use crate::dialects::DialectArgs;

/// Runs a table: of every case, written as curl would print it, the object under `key` must have all that is
/// expected.
#[track_caller]
fn run(table: &str, key: &str, at_least: usize) {
    let cases: Vec<Value> = serde_json::from_str(table).unwrap();
    assert!(cases.len() >= at_least, "only {} of {at_least} cases are left", cases.len());
    let failed: Vec<String> = cases.iter().filter_map(|case| fault(case, key)).collect();
    assert!(failed.is_empty(), "{} of {} cases fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn every_retry_after_comes_out_as_the_table_says() {
    run(include_str!("../../../../vectors/retry_after.json"), "retry_after", 69);
}

#[test]
fn every_ratelimit_field_comes_out_as_the_table_says() {
    run(include_str!("../../../../vectors/ratelimit_fields.json"), "ratelimit", 70);
}

#[test]
fn every_dialect_comes_out_as_the_table_says() {
    run(include_str!("../../../../vectors/dialects.json"), "feedback", 78);
}

fn fault(case: &Value, key: &str) -> Option<String> {
    let args = args(case);
    let provider = Provider::chosen(Table::built_in(), &args).unwrap();
    let (said, _) = explained(&provider, printed(case).as_bytes(), &args).unwrap();
    assert!(said.ends_with('\n') && said.lines().count() == 1, "one line: {said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    let found = said[key].as_object().cloned().unwrap_or_default();
    let expected = case["expect"].as_object().unwrap();
    let differs = |(name, expected): (&String, &Value)| {
        let found = found.get(name);
        (!found.is_some_and(|found| is_same(found, expected)))
            .then(|| format!("{name} is {found:?}, expected {expected}"))
    };
    let mut faults: Vec<String> = expected.iter().filter_map(differs).collect();
    // Of a whole answer a case may leave out what it isn't about, but no wait; of a field it leaves out nothing.
    let beyond = found.iter().filter(|(name, _)| !expected.contains_key(*name));
    let beyond = beyond.filter(|(name, _)| key != "feedback" || *name == "wait_seconds");
    faults.extend(beyond.map(|(name, found)| format!("{name} is {found}, none is expected")));
    (!faults.is_empty()).then(|| format!("{}: {}", case["name"], faults.join("; ")))
}

/// Whether they are equal, as JSON has it: 2 is 2.0.
fn is_same(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => found == expected,
        _ => found == expected,
    }
}

fn args(case: &Value) -> Args {
    let now = case["now"].as_f64().unwrap_or(1_700_000_000.0);
    Args {
        dialect: DialectArgs {
            provider: case["provider"].as_str().map(str::to_owned),
            ..DialectArgs::default()
        },
        now: Some(Time::from_secs(now as u64)),
        json: true,
        ..Args::default()
    }
}

/// The case as `curl -si` would print it.
fn printed(case: &Value) -> String {
    let mut printed = format!("HTTP/1.1 {} \r\n", case["status"].as_u64().unwrap_or(429));
    let mut add = |name: &str, value: &Value| {
        let _ = write!(printed, "{name}: {}\r\n", value.as_str().unwrap());
    };
    for value in case["header_values"].as_array().into_iter().flatten() {
        add("Retry-After", value);
    }
    if let Some(date) = case.get("date") {
        add("Date", date);
    }
    for (name, values) in case["headers"].as_object().into_iter().flatten() {
        let lines = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        lines.iter().for_each(|value| add(name, value));
    }
    let body = match case.get("body") {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(json) => json.to_string(),
    };
    printed + "\r\n" + &body
}
