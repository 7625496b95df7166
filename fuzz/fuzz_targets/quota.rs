//! Quotas as people write them: what is read is written and read back the same, and an error says where.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_core::Quota;

fuzz_target!(|text: &str| {
    match text.parse::<Quota>() {
        Ok(quota) => {
            assert!(quota.amount() > 0 && quota.burst() > 0 && !quota.window().is_zero());
            assert_eq!(quota.to_string().parse(), Ok(quota), "what is written is readable");
        }
        Err(error) => {
            assert!(
                text.is_char_boundary(error.offset()),
                "{} is inside a character, or beyond",
                error.offset()
            );
            assert!(!error.to_string().is_empty());
        }
    }
});
