//! The bucket: one number says when it is full again. Never here: a clock, a window, a wait.
//!
//! The generic cell rate algorithm (ITU-T I.371) keeps a *theoretical arrival time*: the instant at which the
//! bucket is full again. A call of cost `c` may go once no more than `burst - c` units are still to be
//! refilled. Counted in ticks (see `Scale`), every quotient is whole, so nothing is ever rounded but the
//! instant that is told, and that is rounded up.

use core::time::Duration;

use crate::decision::Receipt;
use crate::quota::{Quota, Scale};
use crate::time::Time;

/// When the bucket is full again, in ticks of its quota since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FullAt(pub(crate) u128);

impl Scale {
    pub(crate) fn ticks(self, time: Time) -> u128 {
        u128::from(time.as_nanos()) * u128::from(self.ticks_per_ns)
    }

    pub(crate) fn ticks_of(self, units: u64) -> u128 {
        u128::from(units) * u128::from(self.ticks_per_unit)
    }

    /// The first whole nanosecond that isn't before `ticks`.
    fn time_at_or_after(self, ticks: u128) -> Time {
        let per_ns = u128::from(self.ticks_per_ns);
        let whole = if per_ns == 1 { ticks } else { ticks.div_ceil(per_ns) };
        Time::from_nanos(u64::try_from(whole).unwrap_or(u64::MAX))
    }
}

/// The first instant, not before `now`, at which a call of `cost` (at most the burst) may go.
pub(crate) fn earliest(quota: &Quota, full: FullAt, now: Time, cost: u64) -> Time {
    let scale = quota.scale();
    // What may still be missing from a full bucket when the call goes.
    let may_miss = scale.ticks_of(quota.burst() - cost);
    scale.time_at_or_after(full.0.saturating_sub(may_miss)).max(now)
}

/// Spends `cost` at `at`, which isn't before [`earliest`].
pub(crate) fn spend(quota: &Quota, full: &mut FullAt, at: Time, cost: u64) -> Receipt {
    let scale = quota.scale();
    full.0 = full.0.max(scale.ticks(at)) + scale.ticks_of(cost);
    Receipt { cost, place: full.0, ..Receipt::default() }
}

/// How many units would pass at `at`.
pub(crate) fn remaining(quota: &Quota, full: FullAt, at: Time) -> u64 {
    let scale = quota.scale();
    let missing = full.0.saturating_sub(scale.ticks(at));
    let there = scale.ticks_of(quota.burst()).saturating_sub(missing);
    // At most the burst, so it fits.
    (there / u128::from(scale.ticks_per_unit)) as u64
}

/// How many bursts may be owed, by calls that turned out dearer than what they had reserved.
const MOST_BURSTS_OWED: u128 = 64;

/// For how long at most, unless a single burst takes longer: 30 days.
const LONGEST_OWED: Duration = Duration::from_secs(30 * 86_400);

/// Brings what an admitted call spent to `used`.
pub(crate) fn settle(quota: &Quota, full: &mut FullAt, now: Time, receipt: Receipt, used: u64) {
    match used.checked_sub(receipt.cost) {
        Some(more) => charge(quota, full, now, more),
        None => give_back(quota, full, now, receipt, receipt.cost - used),
    }
}

/// Charges what a call turned out to cost on top, as if it had cost that when it went, or somewhat later.
fn charge(quota: &Quota, full: &mut FullAt, now: Time, more: u64) {
    let scale = quota.scale();
    let burst = scale.ticks_of(quota.burst());
    let longest = scale.ticks(Time::ZERO.later(LONGEST_OWED));
    let most = scale.ticks(now) + burst.max((burst * MOST_BURSTS_OWED).min(longest));
    let owed = full.0 + scale.ticks_of(more);
    full.0 = owed.min(most).max(full.0);
}

/// Gives back `units` of what a call spent, as far as that can be had back without breaking the bound.
///
/// - Its turn is still to come: if it is the newest, all of them. If others were promised turns behind it they keep
///   those, and giving its turn to somebody else would send them together: nothing.
/// - Its turn has come: no more than time hasn't refilled of the whole since it was asked for. Time refills a
///   reservation whether it is used or not, and what is there already must not be given twice. While others wait:
///   nothing, as above.
fn give_back(quota: &Quota, full: &mut FullAt, now: Time, receipt: Receipt, units: u64) {
    let scale = quota.scale();
    let turns_now = scale.ticks(now) + scale.ticks_of(quota.burst());
    let units = scale.ticks_of(units);
    let back = if receipt.place > turns_now {
        if receipt.place == full.0 { units } else { 0 }
    } else if full.0 > turns_now {
        0
    } else {
        let refilled = scale.ticks(now) - scale.ticks(receipt.asked.min(now));
        units.min(scale.ticks_of(receipt.cost).saturating_sub(refilled))
    };
    full.0 = full.0.saturating_sub(back);
}

/// The instant at which the whole quota is there again.
pub(crate) fn full_at(quota: &Quota, full: FullAt) -> Time {
    quota.scale().time_at_or_after(full.0)
}
