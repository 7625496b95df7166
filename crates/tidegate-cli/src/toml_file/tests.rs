//! What tests of all files of ours in TOML ask of them. Never here: a key.

use super::Fault;

/// What a table's keys have in their descriptions behind `Default:`, as it would be written in a file. Of the file's root,
/// one table is `main`, whose place in a schema is another.
pub(crate) fn defaults(schema: &serde_json::Value, table: &str, main: &str) -> Vec<(String, String)> {
    let about = if table == main { &schema["properties"][table] } else { &schema["$defs"][table] };
    let about = if about["properties"].is_object() { about } else { &schema["$defs"][table] };
    let keys = about["properties"].as_object().expect("a table has keys");
    let told = keys.iter().filter_map(|(key, about)| {
        let told = about["description"].as_str()?.split_once("Default: `")?.1;
        Some((key.clone(), told.split_once('`')?.0.to_owned()))
    });
    told.collect()
}

/// Reads a thousand files that are nearly this one. Each that isn't good has faults, and each fault a place in it.
#[track_caller]
pub(crate) fn mangled(whole: &str, head: &'static str, faults: impl Fn(&str) -> Option<Vec<Fault>>) {
    let mut seed = 7u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let pieces = ["\"", "[", "]", "{", "}", "=", "\n", "0", "-1", "é", head, "1e99", ",", "#", "''", "true"];
    let (mut good, mut bad) = (0, 0);
    for _ in 0..1_000 {
        let mut text = whole.to_owned();
        for _ in 0..=draw(3) {
            let at = (0..=draw(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (at + draw(12)..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(at);
            text.replace_range(at..end, pieces[draw(pieces.len())]);
        }
        let Some(faults) = faults(&text) else {
            good += 1;
            continue;
        };
        bad += 1;
        assert!(!faults.is_empty());
        for fault in faults {
            assert!(fault.span.end <= text.len(), "{fault:?}");
            assert!(fault.shown("f", &text).starts_with("f:"), "{fault:?}");
        }
    }
    assert!(good > 50 && bad > 500, "{good} good, {bad} bad");
}
