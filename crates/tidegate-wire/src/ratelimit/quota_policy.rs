//! Quota policies of the drafts before -08, which have no names: `100;w=60`.

use http::HeaderValue;
use sfv::{Item, KeyRef, Parameters, key_ref};

use super::Value;
use super::read::{count, extensions, items, take};
use super::write::{self, Unwritable};

/// What the window's length is called; unlike the names of later drafts, it won't change any more.
pub(super) const WINDOW: &KeyRef = key_ref("w");

/// A quota policy without a name, one item of `RateLimit-Policy` in drafts -04 to -07 (-07 section 2.1), or of
/// the tail of `RateLimit-Limit` in those before (-01 section 2.3).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuotaPolicy {
    /// How many units a window allows.
    pub quota: u64,
    /// The window's length in seconds (`w`); 0 is allowed, and means nothing.
    pub window_secs: u64,
    /// Parameters that the drafts call comments, in their order.
    pub extensions: Vec<(String, Value)>,
}

/// Reads the lines of a `RateLimit-Policy` field of drafts -04 to -07; `None` if it is absent, empty, malformed,
/// or has more than [`MAX_ITEMS`](super::MAX_ITEMS) items.
pub fn read_quota_policies<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<QuotaPolicy>> {
    items(lines)?.into_iter().map(of_item).collect()
}

/// Writes a `RateLimit-Policy` field of drafts -04 to -07. Numbers of more than 15 digits become the form's
/// largest.
///
/// # Errors
///
/// [`Unwritable`] if the list is empty or an extension can't be said.
pub fn write_quota_policies(policies: &[QuotaPolicy]) -> Result<HeaderValue, Unwritable> {
    write::field(policies.iter().map(to_item))
}

pub(super) fn of_item(item: Item) -> Option<QuotaPolicy> {
    let mut params = item.params;
    Some(QuotaPolicy {
        quota: count(item.bare_item)?,
        window_secs: take(&mut params, WINDOW, count)??,
        extensions: extensions(params),
    })
}

pub(super) fn to_item(policy: &QuotaPolicy) -> Result<Item, Unwritable> {
    let mut params = Parameters::new();
    write::put(&mut params, WINDOW, Some(write::count(policy.window_secs)));
    write::extend(&mut params, &policy.extensions, &[WINDOW])?;
    Ok(Item::with_params(write::count(policy.quota), params))
}

/// Whether two policies are of the same quota, which draft -07 (section 3.5) forbids.
pub(super) fn are_ambiguous(policies: &[QuotaPolicy]) -> bool {
    let twice = |(at, policy): (usize, &QuotaPolicy)| {
        policies[..at].iter().any(|earlier| earlier.quota == policy.quota)
    };
    policies.iter().enumerate().any(twice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_policy_is_a_number_with_a_window() {
        let read = |line: &'static [u8]| read_quota_policies([line]).map(|policies| policies.len());
        assert_eq!(read(b"10;w=1, 50;w=60;burst=1000;comment=\"fixed window\""), Some(2));
        assert_eq!(read(b"0;w=0"), Some(1));
        for line in ["", "100", "-1;w=1", "1.5;w=1", "1;w=x", "1;w=-1", "\"a\";q=1;w=1", "1;w=1, 2"] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn quota_policies_read_back_as_they_were_written(
            policies in prop::collection::vec((0..1_000_000_000_000_000u64, 0..1_000_000_000_000_000u64), 1..9),
            key in "[a-vx-z*][a-z0-9_.*-]{0,5}", value: i32,
        ) {
            let policy = |(quota, window_secs)| {
                QuotaPolicy { quota, window_secs, extensions: vec![(key.clone(), Value::from(value))] }
            };
            let policies: Vec<_> = policies.into_iter().map(policy).collect();
            let line = write_quota_policies(&policies).expect("made of writable parts");
            prop_assert_eq!(read_quota_policies([line.as_bytes()]), Some(policies));
        }
    }
}
