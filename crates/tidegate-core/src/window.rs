//! Quotas counted in windows, as long quotas and many upstreams are. Never here: a bucket, a clock.

pub(crate) mod fixed;
pub(crate) mod log;
pub(crate) mod sliding;

use crate::decision::Receipt;

/// What a window counts when a call in it turns out to have cost `used`: at most 2^62, so that no sum wraps.
pub(crate) fn corrected(counted: u64, receipt: Receipt, used: u64) -> u64 {
    counted.saturating_sub(receipt.cost).saturating_add(used).min(1 << 62)
}
