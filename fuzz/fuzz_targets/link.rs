//! `Link`: a target is found as it stands in a line, and nobody's lines hide a link of our own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_fuzz::lines;
use tidegate_wire::link::{next, write};

const OURS: &[u8] = b"</ours>; rel=\"next\"";

fuzz_target!(|data: &[u8]| {
    let lines = lines(data);
    let found = next(lines.iter().copied());
    let then_ours = next(lines.iter().copied().chain([OURS]));
    assert_eq!(then_ours, Some(found.unwrap_or("/ours")), "a line of its own is always read");
    assert_eq!(next([OURS].into_iter().chain(lines.iter().copied())), Some("/ours"), "the first one counts");

    let Some(target) = found else { return };
    let stands = |line: &&[u8]| line.windows(target.len().max(1)).any(|part| part == target.as_bytes());
    assert!(target.is_empty() || lines.iter().any(stands), "{target:?} is in no line");
    if let Ok(written) = write(target, "next") {
        assert_eq!(next([written.as_bytes()]), Some(target), "what is written is readable");
    }
});
