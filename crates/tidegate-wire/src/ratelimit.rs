//! The IETF's `RateLimit` fields of all drafts, as values. Never here: what to do about them.
//!
//! The drafts are three languages under shared names; [`read`] finds out which each field of an answer speaks:
//!
//! | drafts | what is left | what the quotas are |
//! | --- | --- | --- |
//! | -08 to -11 | `RateLimit: "default";r=50;t=30`: [`Limit`]s | `RateLimit-Policy: "default";q=100;w=60`: [`Policy`]s |
//! | -07 | `RateLimit: limit=100, remaining=50, reset=5`: [`Combined`] | `RateLimit-Policy: 100;w=60`: [`QuotaPolicy`]s |
//! | -04 to -06 | `RateLimit-Limit: 100`, `-Remaining: 50`, `-Reset: 5`: [`Trio`] | the same |
//! | -00 to -03 | the same, and often with an `X-` before | `RateLimit-Limit: 100, 100;w=60`: in the [`Trio`] |

mod combined;
mod fields;
mod json;
mod names;
mod partition_text;
mod quota_policy;
mod read;
mod reset;
mod tightest;
mod trio;
mod write;

use std::num::NonZeroU64;

use http::HeaderName;

pub use combined::{Combined, read_combined, write_combined};
pub use fields::{Field, Fields, read};
pub use quota_policy::{QuotaPolicy, read_quota_policies, write_quota_policies};
pub use read::{MAX_ITEMS, Tolerance, read_limits, read_policies};
pub use reset::Reset;
pub use sfv::BareItem as Value;
pub(crate) use tightest::{policy_of, tightest};
pub use trio::{TRIO, Trio, TrioNames, X_TRIO, read_trio, write_trio};
pub(crate) use write::LARGEST;
pub use write::{Unwritable, write_limits, write_policies};

/// The field that says how much is left.
pub const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The field that says what the quotas are.
pub const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A quota policy with a name, one item of `RateLimit-Policy` (draft -11 section 3).
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

impl Limit {
    /// When more than these are left. A number of more than ten years is a stamp, whatever the draft says.
    pub fn reset(&self) -> Option<Reset> {
        self.reset_secs.map(Reset::of_number)
    }
}
