//! `RateLimit` and `RateLimit-Policy`: a strict reading is a lenient one too, and what is read is written and
//! read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_fuzz::lines;
use tidegate_wire::ratelimit::{
    MAX_ITEMS, Tolerance, read_limits, read_policies, write_limits, write_policies,
};

fuzz_target!(|data: &[u8]| {
    let lines = lines(data);
    // Lines are joined by a comma and a blank, even inside a string.
    let joined = data.len() + lines.len();

    let limits = read_limits(lines.iter().copied(), Tolerance::Lenient);
    let strict = read_limits(lines.iter().copied(), Tolerance::Strict);
    assert!(strict.is_none() || strict == limits);
    if let Some(limits) = limits {
        assert!(
            limits.iter().map(|limit| limit.name.len()).sum::<usize>() <= joined && limits.len() <= MAX_ITEMS
        );
        let written = write_limits(&limits).expect("what is readable is writable");
        assert_eq!(read_limits([written.as_bytes()], Tolerance::Lenient), Some(limits));
    }

    let policies = read_policies(lines.iter().copied(), Tolerance::Lenient);
    let strict = read_policies(lines.iter().copied(), Tolerance::Strict);
    assert!(strict.is_none() || strict == policies);
    if let Some(policies) = policies {
        assert!(
            policies.iter().map(|policy| policy.name.len()).sum::<usize>() <= joined
                && policies.len() <= MAX_ITEMS
        );
        let written = write_policies(&policies).expect("what is readable is writable");
        assert_eq!(read_policies([written.as_bytes()], Tolerance::Lenient), Some(policies));
    }
});
