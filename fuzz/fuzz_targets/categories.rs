//! Sentry's limits per category: the longest wait is no shorter than any item tells, and the label is short and
//! safe to print. The input's lines are the field's.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tidegate_fuzz::lines;
use tidegate_wire::categories::{MAX_ITEMS, label, longest, read};

fuzz_target!(|data: &[u8]| {
    let lines = lines(data);
    let limits = read(lines.iter().copied());
    let told = longest(&limits);
    assert!(limits.len() <= MAX_ITEMS);
    assert_eq!(
        told,
        lines.iter().filter_map(|line| longest(&read([*line]))).max(),
        "the longest of all lines"
    );
    for item in lines.iter().flat_map(|line| line.split(|&byte| byte == b',')) {
        if let Some(seconds) = number(item) {
            assert!(told >= Some(Duration::from_secs(seconds)), "shorter than the {seconds} s told");
        }
    }

    let Some(label) = label(&limits) else { return assert!(limits.is_empty()) };
    assert!(label.len() <= data.len() + "per category: ".len() + MAX_ITEMS, "labels are bounded");
    assert!(label.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{label:?} is safe to print");
});

/// The whole number before an item's first colon, read by the standard library. A leading `+`, which it takes,
/// is none.
fn number(item: &[u8]) -> Option<u64> {
    let text = str::from_utf8(item.split(|&byte| byte == b':').next()?).ok()?.trim_matches([' ', '\t']);
    if text.starts_with('+') { None } else { text.parse().ok() }
}
