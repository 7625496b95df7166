//! One window at a time, from the clock's epoch or from the first call. Never here: a memory of past windows.

use crate::decision::Receipt;
use crate::quota::{Quota, Shape};
use crate::time::Time;
use crate::window::corrected;

/// The window that is being filled: it may lie in the future, when all before it is given away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    start: Time,
    used: u64,
}

/// The window that a call at `now` falls into, given the newest one that was used.
///
/// A state never moves back: a call from before the newest window is counted in that one.
fn current(quota: &Quota, newest: Window, now: Time) -> Window {
    if newest.used > 0 && now < newest.start.later(quota.window()) {
        return newest;
    }
    let start = match quota.shape() {
        Shape::Fixed => Time::from_nanos(now.as_nanos() - now.as_nanos() % quota.window_ns()),
        _ => now,
    };
    // Not before the newest window: those before it are given away, also when its own calls were refunded.
    Window { start: start.max(newest.start), used: 0 }
}

pub(crate) fn earliest(quota: &Quota, newest: Window, now: Time, cost: u64) -> Time {
    let window = current(quota, newest, now);
    if window.used <= quota.amount() - cost {
        window.start.max(now)
    } else {
        window.start.later(quota.window())
    }
}

pub(crate) fn spend(quota: &Quota, newest: &mut Window, at: Time, cost: u64) -> Receipt {
    let mut window = current(quota, *newest, at);
    window.used += cost;
    *newest = window;
    Receipt { cost, place: u128::from(window.start.as_nanos()), ..Receipt::default() }
}

pub(crate) fn remaining(quota: &Quota, newest: Window, at: Time) -> u64 {
    let window = current(quota, newest, at);
    if window.start > at { 0 } else { quota.amount().saturating_sub(window.used) }
}

/// Brings what a call spent to `used` in its own window, if that is still the newest. What is owed ends with it.
pub(crate) fn settle(newest: &mut Window, receipt: Receipt, used: u64) {
    if u128::from(newest.start.as_nanos()) == receipt.place {
        newest.used = corrected(newest.used, receipt, used);
    }
}

pub(crate) fn full_at(quota: &Quota, newest: Window) -> Time {
    if newest.used == 0 { newest.start } else { newest.start.later(quota.window()) }
}
