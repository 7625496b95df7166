//! A sliding counter: this window's calls, and the last one's weighed by overlap. Never here: single calls.
//!
//! The estimate of the calls in the last window's length, at a share `e` of the current aligned window, is
//! `current + previous * (1 - e)`. It is compared in whole products, so nothing is rounded but the told instant.

use crate::decision::Receipt;
use crate::quota::Quota;
use crate::time::Time;
use crate::window::corrected;

/// The counts of two neighbouring windows of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Start of the newer window.
    start: Time,
    previous: u64,
    current: u64,
}

/// The pair as a call at `now` finds it. A state never moves back.
fn moved(quota: &Quota, pair: Pair, now: Time) -> Pair {
    let nanos = now.as_nanos();
    let start = Time::from_nanos(nanos - nanos % quota.window_ns());
    if start <= pair.start {
        return pair;
    }
    let previous = if start == pair.start.later(quota.window()) { pair.current } else { 0 };
    Pair { start, previous, current: 0 }
}

/// The first instant within the pair's newer window at which `current + cost` and the fading previous window
/// fit together, if there is one.
fn fits_from(quota: &Quota, pair: Pair, cost: u64) -> Option<Time> {
    let room = quota.amount().checked_sub(pair.current)?.checked_sub(cost)?;
    if pair.previous <= room {
        return Some(pair.start);
    }
    // previous * (window - elapsed) <= room * window
    let window = u128::from(quota.window_ns());
    let still = u128::from(room) * window / u128::from(pair.previous);
    // `room < previous`, so `still` is less than the window.
    Some(pair.start.later(core::time::Duration::from_nanos((window - still) as u64)))
}

pub(crate) fn earliest(quota: &Quota, pair: Pair, now: Time, cost: u64) -> Time {
    let pair = moved(quota, pair, now);
    let end = pair.start.later(quota.window());
    match fits_from(quota, pair, cost) {
        Some(from) if from < end => from.max(now),
        _ => {
            let next = moved(quota, pair, end);
            // The cost is at most the amount, so the next window always has such an instant.
            fits_from(quota, next, cost).unwrap_or(Time::MAX).max(now)
        }
    }
}

pub(crate) fn spend(quota: &Quota, pair: &mut Pair, at: Time, cost: u64) -> Receipt {
    *pair = moved(quota, *pair, at);
    pair.current += cost;
    Receipt { cost, place: u128::from(pair.start.as_nanos()), ..Receipt::default() }
}

pub(crate) fn remaining(quota: &Quota, pair: Pair, at: Time) -> u64 {
    let pair = moved(quota, pair, at);
    if pair.start > at {
        return 0;
    }
    let window = u128::from(quota.window_ns());
    let elapsed = at.since(pair.start).as_nanos().min(window);
    let faded = (u128::from(pair.previous) * (window - elapsed)).div_ceil(window);
    quota.amount().saturating_sub(pair.current).saturating_sub(faded as u64)
}

/// Brings what a call spent to `used` in the window it was counted in, as long as that window counts.
pub(crate) fn settle(quota: &Quota, pair: &mut Pair, receipt: Receipt, used: u64) {
    let place = receipt.place;
    if place == u128::from(pair.start.as_nanos()) {
        pair.current = corrected(pair.current, receipt, used);
    } else if place + u128::from(quota.window_ns()) == u128::from(pair.start.as_nanos()) {
        pair.previous = corrected(pair.previous, receipt, used);
    }
}

pub(crate) fn full_at(quota: &Quota, pair: Pair) -> Time {
    let window = quota.window();
    match pair {
        Pair { previous: 0, current: 0, start } => start,
        Pair { current: 0, .. } => pair.start.later(window),
        _ => pair.start.later(window).later(window),
    }
}
