//! The IETF's `RateLimit` and `RateLimit-Policy` fields, as values. Never here: which of several limits counts.
//!
//! The fields are those of draft-ietf-httpapi-ratelimit-headers-08 to -11: lists of structured field items
//! (RFC 9651), a name with parameters each. The generations before them, -00 to -06 and -07, are different
//! languages under the same names; each gets a reader of its own beside this one.

mod names;
mod read;
mod write;

use std::num::NonZeroU64;

use http::HeaderName;

pub use read::{MAX_ITEMS, Tolerance, read_limits, read_policies};
pub use sfv::BareItem as Value;
pub use write::{Unwritable, write_limits, write_policies};

/// The field that says how much is left.
pub const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The field that says what the quotas are.
pub const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A quota policy, one item of `RateLimit-Policy` (draft -11 section 3).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// What a `RateLimit` item refers to it by.
    pub name: String,
    /// How many units a window allows (`q`).
    pub quota: u64,
    /// The window's length in seconds (`w`).
    pub window_secs: Option<NonZeroU64>,
    /// What is counted (`qu`); requests if nothing is said.
    pub unit: Option<String>,
    /// The partition of the quota that the caller falls into (`pk`).
    pub partition: Option<Vec<u8>>,
    /// Parameters that the draft doesn't define, in their order.
    pub extensions: Vec<(String, Value)>,
}

impl Policy {
    /// Whether the policy counts requests, the only unit that pacing understands.
    ///
    /// The draft's text says `requests` and its registry `request`; both are meant.
    pub fn counts_requests(&self) -> bool {
        self.unit.as_deref().is_none_or(|unit| matches!(unit, "requests" | "request"))
    }
}

/// What is left of a quota, one item of `RateLimit` (draft -11 section 4).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limit {
    /// The name of the policy it is about.
    pub name: String,
    /// How many units are left (`r`); always there in a field that is read strictly.
    pub remaining: Option<u64>,
    /// In how many seconds more than these are left (`t`), counted from the answer's arrival.
    pub reset_secs: Option<u64>,
    /// The partition of the quota that it is about (`pk`).
    pub partition: Option<Vec<u8>>,
    /// Parameters that the draft doesn't define, in their order.
    pub extensions: Vec<(String, Value)>,
}
