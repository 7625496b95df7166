//! Runs every case of every table in `vectors/`. A table passes only if all of its cases do.

mod feedback;
mod link;
mod problem;
mod ratelimit;
mod retry_after;
mod tracking;

use serde_json::Value;
use tidegate_core::Time;

/// Runs all cases of a table, and then fails with the name of each that went wrong and why.
#[track_caller]
fn run(table: &str, at_least: usize, check: impl Fn(&Value) -> Result<(), String>) {
    let cases: Vec<Value> = serde_json::from_str(table).expect("a table is a JSON array");
    assert!(cases.len() >= at_least, "only {} of {at_least} cases are left", cases.len());
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| check(case).err().map(|reason| format!("{}: {reason}", text(&case["name"]))))
        .collect();
    assert!(failed.is_empty(), "{} of {} cases fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// The strings of an array, as the lines of a field.
fn lines(value: &Value) -> Vec<&[u8]> {
    value.as_array().expect("an array of lines").iter().map(|line| text(line).as_bytes()).collect()
}

fn now(case: &Value) -> Time {
    let seconds = case["now"].as_f64().expect("seconds since the epoch");
    // Rows have at most milliseconds, which an f64 of today's epoch holds.
    Time::from_nanos((seconds * 1000.0).round() as u64 * 1_000_000)
}

/// Whether two numbers of seconds are the same nanosecond.
fn same_seconds(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= f64::max(1e-9, expected.abs() * f64::EPSILON)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?}, expected {expected:?}")) }
}
