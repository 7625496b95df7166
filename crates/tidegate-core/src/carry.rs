//! A state that outlives its quota: what it counts under the next one. Never here: when a quota changes, or why.

use crate::decision::{Ask, Receipt};
use crate::gcra::FullAt;
use crate::quota::{Quota, Shape};
use crate::step::{Count, State, step};
use crate::time::Time;

/// The state of a key under `new`, when its limit changes from `old` to it at `now`.
///
/// The rule: **the share that is left stays the same.** Half a bucket left is half of the new bucket, none left
/// is none, and what is full or unused stays so. In windows of one shape and length, which tell what was used by
/// a count, the count stays instead: 6 of 10 becomes 6 of 1,000.
///
/// - No reset, and no free burst: a change leaves no key with a greater share than it had, and changing back and
///   forth gains nothing. When a fleet grows or shrinks, amount and burst alike, the instant at which a key has
///   everything again stays where it is.
/// - After the change the new bound holds in every interval: what is carried is a state like any other.
/// - If burst and rate both grow, nobody waits longer than under `old`. If both shrink, nobody waits longer than
///   under `new`, had it counted the same calls. If one grows and the other shrinks, no rule can promise that and
///   the bound both: then units are waited for at the new rate, as many as the share says.
///
/// Turns that were promised (see [`Ask::patience`]) are kept, and those who come later wait behind them, as long
/// as both quotas are buckets, or windows of one shape and length.
pub fn carry(old: &Quota, state: &State, new: &Quota, now: Time) -> State {
    if old == new {
        return state.clone();
    }
    if state.full_at(old) <= now {
        return State::default();
    }
    match &state.0 {
        Count::Bucket(full) if is_bucket(old) && is_bucket(new) => bucket(old, *full, new, now),
        _ if old.shape() == new.shape() && old.window() == new.window() => state.clone(),
        _ => share(old, state, new, now),
    }
}

fn is_bucket(quota: &Quota) -> bool {
    quota.shape() == Shape::Bucket
}

/// What is missing from the bucket, in parts of it, and what was promised beyond that, in units: rounded up.
fn bucket(old: &Quota, full: FullAt, new: &Quota, now: Time) -> State {
    let whole = |quota: &Quota| quota.scale().ticks_of(quota.burst());
    let owed = full.0.saturating_sub(old.scale().ticks(now));
    let missing = owed.min(whole(old));
    let share = scaled_up(missing, whole(new), whole(old));
    let promised = scaled_up(owed - missing, new.scale().ticks_of(1), old.scale().ticks_of(1));
    // No later than any call could have put it.
    let last = new.scale().ticks(Time::MAX) + whole(new);
    let carried = new.scale().ticks(now).saturating_add(share).saturating_add(promised);
    State(Count::Bucket(FullAt(carried.min(last))))
}

/// The receipt of a call that was admitted under `old`, for a state that was carried over to `new` by `now`.
///
/// It gives back the share that the call took, less what time has refilled by either quota's measure: when the
/// change was isn't known. In windows that count on, it gives back the same count. Where neither can be told, it
/// is for nothing.
pub fn carry_receipt(old: &Quota, receipt: Receipt, new: &Quota, now: Time) -> Receipt {
    if old == new || (old.shape() == new.shape() && old.window() == new.window() && !is_bucket(old)) {
        return receipt;
    }
    if !is_bucket(old) || !is_bucket(new) {
        return Receipt::default();
    }
    let scale = old.scale();
    let refilled = scale.ticks(now) - scale.ticks(receipt.asked.min(now));
    let units = scale.ticks_of(receipt.cost).saturating_sub(refilled) / scale.ticks_of(1);
    // The units were at most the old burst, so their share is at most the new one.
    let share = units * u128::from(new.burst()) / u128::from(old.burst());
    // Whose turn it was is forgotten.
    Receipt { cost: share as u64, asked: receipt.asked, place: 0 }
}

/// What a call that turned out to cost `used`, and had this receipt, is to be [settled](crate::settle) at with the
/// receipt carried over: what it didn't use keeps its share, and a unit used on top is a unit of either quota.
pub fn carry_used(receipt: Receipt, used: u64, carried: Receipt) -> u64 {
    if used >= receipt.cost {
        return carried.cost.saturating_add(used - receipt.cost);
    }
    let share = (u128::from(carried.cost) * u128::from(used)).div_ceil(u128::from(receipt.cost));
    // `used` is less than the receipt's cost, so it is at most the carried one.
    share as u64
}

/// Where no count can be kept, the share is: what isn't left counts as used now.
fn share(old: &Quota, state: &State, new: &Quota, now: Time) -> State {
    let left = u128::from(state.remaining(old, now)) * u128::from(new.burst()) / u128::from(old.burst());
    // At most the new burst, so it fits.
    let used = new.burst() - (left as u64).min(new.burst());
    let mut carried = State::default();
    step(new, &mut carried, now, Ask::NOW.costing(used));
    carried
}

/// `part * to / of`, rounded up; saturates. Long multiplication where the product takes more than 128 bits:
/// `of` is below 2^126.
fn scaled_up(part: u128, to: u128, of: u128) -> u128 {
    if let Some(product) = part.checked_mul(to) {
        return product.div_ceil(of);
    }
    let (whole, rest) = (part / of, part % of);
    let (mut quotient, mut remainder) = (0u128, 0u128);
    for bit in (0..u128::BITS - to.leading_zeros()).rev() {
        quotient = quotient.saturating_mul(2);
        remainder = remainder * 2 + rest * ((to >> bit) & 1);
        quotient = quotient.saturating_add(remainder / of);
        remainder %= of;
    }
    let begun = u128::from(remainder > 0);
    whole.saturating_mul(to).saturating_add(quotient).saturating_add(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_multiplication_agrees_with_the_short_one() {
        for (part, to, of) in [(7u128, 3, 2), (1 << 30, 1 << 30, 1 << 29), (5, 0, 9), (12_345, 678, 91)] {
            let lifted = scaled_up(part << 60, to << 60, of << 60);
            assert_eq!(lifted, ((part * to) << 60).div_ceil(of), "{part} * {to} / {of}");
        }
        assert_eq!(scaled_up(1 << 120, 1 << 110, 3 << 108), (1u128 << 122).div_ceil(3));
    }

    #[track_caller]
    fn check(old: &str, used: u64, new: &str, left: u64) {
        let (old, new): (Quota, Quota) = (old.parse().unwrap(), new.parse().unwrap());
        let (mut state, now) = (State::default(), Time::from_secs(86_400 * 100 + 7));
        step(&old, &mut state, now, Ask::NOW.costing(used));
        assert_eq!(carry(&old, &state, &new, now).remaining(&new, now), left, "{used} of {old} in {new}");
    }

    #[test]
    fn what_is_left_keeps_its_share() {
        check("10 per minute", 5, "100 per minute", 50);
        check("10 per minute", 10, "100 per minute", 0);
        check("100 per minute", 50, "10 per minute", 5);
        check("100 per minute", 0, "10 per minute", 10);
        check("100 per minute", 99, "10 per minute", 0);
        check("10 per minute", 5, "10 per hour", 5);
        check("10 per minute", 5, "10 per hour, fixed", 5);
        check("10 per hour, log", 9, "20 per day, sliding", 2);
    }

    #[test]
    fn a_window_keeps_its_count() {
        check("10 per day, fixed", 6, "1000 per day, fixed", 994);
        check("10 per day, opened", 6, "4 per day, opened", 0);
        check("10 per day, log", 6, "8 per day, log", 2);
        check("10 per day, sliding", 6, "8 per day, sliding", 2);
    }
}
