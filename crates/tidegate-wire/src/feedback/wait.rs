//! How long a refusal tells to wait, where it tells it in several places. Never here: what the answer means.

use std::time::Duration;

use super::answer::{Answer, Share};
use super::origin::Told;
use crate::dialect::Sources;

/// What `Retry-After` and the dialect's other places tell: the longest of all.
///
/// With one exception: `Retry-After` is whole seconds, so a place that tells less than a second less tells the
/// same wait, unrounded, and stands in for it.
pub(super) fn told(answer: &Answer<'_>, elsewhere: &Sources) -> Option<Told<Duration>> {
    let others: Vec<Told<Duration>> =
        elsewhere.iter().filter_map(|source| answer.wait(source, &Share::Whole, None)).collect();
    let Some(whole) = answer.retry_after() else { return longest(others) };
    let (finer, mut apart): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|other| is_unrounded(other.value, whole.value));
    apart.push(longest(finer).unwrap_or(whole));
    longest(apart)
}

fn is_unrounded(fine: Duration, whole: Duration) -> bool {
    let is_whole = whole.subsec_nanos() == 0;
    is_whole && !fine.is_zero() && fine <= whole && whole - fine < Duration::from_secs(1)
}

fn longest(told: impl IntoIterator<Item = Told<Duration>>) -> Option<Told<Duration>> {
    told.into_iter().max_by_key(|told| told.value)
}
