//! Tracking IDs: the name that one call has in every log it passes. Never here: chance, which is given.

use std::fmt;
use std::str::FromStr;

use http::{HeaderName, HeaderValue};

/// The field that carries a tracking ID, as Webex names it.
pub const TRACKINGID: HeaderName = HeaderName::from_static("trackingid");

/// The longest tracking ID that is kept, in bytes.
pub const MAX_LENGTH: usize = 128;

/// The digits of the IDs that are made here.
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// A well-formed tracking ID: 1 to [`MAX_LENGTH`] ASCII letters, digits and `-`, `_`, `.`, `:`.
///
/// Nothing in it can break a log line, a JSON string, a shell word or a header, so it may be kept and shown as
/// it came. Webex's look like `ROUTER_65B1E2F0-0A1B-01BB-0001-000000000001`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackingId(String);

impl TrackingId {
    /// The ID for 128 random bits, in the shape of Webex's: an origin, and the bits in hexadecimal groups.
    pub fn from_draw(draw: u128) -> TrackingId {
        // By hand, since every call gets one: formatting takes ten times as long.
        let mut id = *b"TIDEGATE_00000000-0000-0000-0000-000000000000";
        let places = [9, 11, 13, 15, 18, 20, 23, 25, 28, 30, 33, 35, 37, 39, 41, 43];
        for (byte, at) in draw.to_be_bytes().into_iter().zip(places) {
            id[at] = DIGITS[usize::from(byte >> 4)];
            id[at + 1] = DIGITS[usize::from(byte & 15)];
        }
        TrackingId(std::str::from_utf8(&id).unwrap_or_default().to_owned())
    }

    /// The ID in a field's value; `None` if it isn't well formed, and then it is neither kept nor logged.
    pub fn read(value: &[u8]) -> Option<TrackingId> {
        is_well_formed(value).then(|| TrackingId(value.iter().copied().map(char::from).collect()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the value is a tracking ID that may be kept and logged.
pub fn is_well_formed(value: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=MAX_LENGTH).contains(&value.len()) && value.iter().all(allowed)
}

impl fmt::Display for TrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text isn't a tracking ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTrackingId;

impl fmt::Display for NoTrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a tracking ID is 1 to {MAX_LENGTH} letters, digits, `-`, `_`, `.` and `:`")
    }
}

impl std::error::Error for NoTrackingId {}

impl FromStr for TrackingId {
    type Err = NoTrackingId;

    fn from_str(text: &str) -> Result<Self, NoTrackingId> {
        TrackingId::read(text.as_bytes()).ok_or(NoTrackingId)
    }
}

impl From<&TrackingId> for HeaderValue {
    fn from(id: &TrackingId) -> HeaderValue {
        HeaderValue::from_str(&id.0).expect("letters, digits and four marks are a field value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_is_made_of_all_bits_of_the_draw() {
        let id = TrackingId::from_draw(0x65B1_E2F0_0A1B_01BB_0001_0000_0000_0001);
        assert_eq!(id.as_str(), "TIDEGATE_65B1E2F0-0A1B-01BB-0001-000000000001");
        let largest = TrackingId::from_draw(u128::MAX);
        assert_eq!(largest.as_str(), "TIDEGATE_FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF");
    }

    #[test]
    fn what_could_harm_a_log_is_not_well_formed() {
        assert!(is_well_formed(b"ROUTER_65B1E2F0-0A1B-01BB-0001-000000000001"));
        assert!(is_well_formed(&[b'a'; MAX_LENGTH]));
        assert!(!is_well_formed(&[b'a'; MAX_LENGTH + 1]));
        for value in ["", " a", "a b", "a\nb", "a\"b", "a\u{1b}[2J", "a;b", "<a>", "ä"] {
            assert!(!is_well_formed(value.as_bytes()), "{value:?}");
            assert_eq!(value.parse::<TrackingId>(), Err(NoTrackingId));
        }
    }

    proptest! {
        #[test]
        fn a_made_id_is_well_formed_and_reads_back(draw: u128) {
            let id = TrackingId::from_draw(draw);
            prop_assert_eq!(TrackingId::read(HeaderValue::from(&id).as_bytes()), Some(id.clone()));
            let hex = id.as_str().trim_start_matches("TIDEGATE_").replace('-', "");
            prop_assert_eq!(u128::from_str_radix(&hex, 16), Ok(draw));
        }
    }
}
