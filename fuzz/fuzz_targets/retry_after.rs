//! `Retry-After`: the first line of the input is the answer's `Date`, the others are the field's.
//! Whoever obeys never waits shorter than any line tells.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tidegate_fuzz::{NOW, lines};
use tidegate_wire::retry_after::{read, write};

fuzz_target!(|data: &[u8]| {
    let lines = lines(data);
    let (date, lines) = (Some(lines[0]), &lines[1..]);
    let told = read(lines.iter().copied(), date, NOW).map(|told| told.wait);

    let alone = |line: &&[u8]| read([*line], date, NOW).map(|told| told.wait);
    assert_eq!(told, lines.iter().filter_map(alone).max(), "the longest of what the lines tell");
    for line in lines {
        if let Some(seconds) = number(line) {
            assert!(told >= Some(Duration::from_secs(seconds)), "shorter than the {seconds} s told");
        }
    }

    let Some(wait) = told else { return };
    let written = write(wait);
    let again = read([written.to_string().as_bytes()], None, NOW).expect("what is written is readable");
    assert!(again.wait >= wait.max(Duration::from_secs(1)), "{written} is shorter than {wait:?}");
});

/// A whole number, read by the standard library. A leading `+`, which it takes, is none.
fn number(line: &[u8]) -> Option<u64> {
    let text = str::from_utf8(line).ok()?.trim_matches([' ', '\t']);
    if text.starts_with('+') { None } else { text.parse().ok() }
}
