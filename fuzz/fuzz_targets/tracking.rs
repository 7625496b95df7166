//! Tracking IDs: what is kept is short, harmless and unchanged, and what is made may be kept.
#![no_main]

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use tidegate_wire::tracking::{MAX_LENGTH, TrackingId, is_well_formed};

fuzz_target!(|data: &[u8]| {
    let kept = TrackingId::read(data);
    assert_eq!(kept.is_some(), is_well_formed(data));
    if let Some(id) = kept {
        assert_eq!(id.as_str().as_bytes(), data, "kept as it came");
        assert!(data.len() <= MAX_LENGTH && data.is_ascii());
        assert!(!data.iter().any(|&byte| byte.is_ascii_control() || b" \"'\\<>;,%$`".contains(&byte)));
        assert_eq!(HeaderValue::from(&id).as_bytes(), data);
    }

    let Some(draw) = data.first_chunk() else { return };
    let made = TrackingId::from_draw(u128::from_be_bytes(*draw));
    assert_eq!(made.as_str().parse(), Ok(made.clone()), "what is made is well formed");
    let other = TrackingId::from_draw(u128::from_be_bytes(*draw) ^ 1 << (data.len() % 128));
    assert_ne!(made, other, "every bit of the draw shows");
});
