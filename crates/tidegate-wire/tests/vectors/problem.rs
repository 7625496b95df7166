//! `vectors/problem.json`.

use serde_json::{Value, json};
use tidegate_wire::problem::{self, Kind};

use super::{run, same};

#[test]
fn every_problem_body_is_read_as_the_table_says() {
    run(include_str!("../../../../vectors/problem.json"), 13, check);
}

fn check(case: &Value) -> Result<(), String> {
    let body = match case["text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => serde_json::to_vec(&case["body"]).expect("JSON"),
    };
    let expect = &case["expect"];
    let Some(problem) = problem::read(&body) else {
        return same("validity", true, expect["invalid"] == true);
    };
    same("validity", false, expect["invalid"] == true)?;
    let kind = match &problem.kind {
        Kind::QuotaExceeded => "quota-exceeded",
        Kind::TemporaryReducedCapacity => "temporary-reduced-capacity",
        Kind::AbnormalUsageDetected => "abnormal-usage-detected",
        Kind::Other(uri) => uri,
    };
    let found = json!({
        "kind": kind, "title": problem.title, "status": problem.status, "detail": problem.detail,
        "instance": problem.instance, "violated_policies": problem.violated_policies,
    });
    for (key, expected) in expect.as_object().expect("members") {
        same(key, &found[key], expected)?;
    }
    Ok(())
}
