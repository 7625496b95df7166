//! Problem bodies: what is read is written and read back the same, and is no larger than the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_wire::problem::{MAX_BODY, read, write};

fuzz_target!(|data: &[u8]| {
    let Some(problem) = read(data) else { return };
    let texts = [&problem.title, &problem.detail, &problem.instance].into_iter().flatten();
    let kept: usize = texts.chain(&problem.violated_policies).map(String::len).sum();
    assert!(kept <= data.len() && data.len() <= MAX_BODY);
    let written = write(&problem);
    if written.len() <= MAX_BODY {
        assert_eq!(read(&written), Some(problem), "what is written is readable");
    }
});
