//! `vectors/retry_after.json`.

use serde_json::Value;
use tidegate_wire::retry_after;

use super::{lines, now, run, same, same_seconds};

#[test]
fn every_retry_after_is_read_as_the_table_says() {
    run(include_str!("../../../../vectors/retry_after.json"), 113, check);
}

fn check(case: &Value) -> Result<(), String> {
    let date = case["date"].as_str().map(str::as_bytes);
    let told = retry_after::read(lines(&case["header_values"]), date, now(case));
    let expect = &case["expect"];
    let (Some(told), Some(seconds)) = (told, expect["seconds"].as_f64()) else {
        return same("validity", told.is_none(), expect["invalid"] == true);
    };
    same("saturated", told.saturated, expect["saturated"] == true)?;
    let found = told.wait.as_secs_f64();
    if same_seconds(found, seconds) { Ok(()) } else { Err(format!("{found} s, expected {seconds} s")) }
}
