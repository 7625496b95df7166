//! A sliding log: every call of the last window, remembered. Never here: an estimate.

use alloc::collections::VecDeque;

use crate::decision::Receipt;
use crate::quota::Quota;
use crate::time::Time;
use crate::window::corrected;

/// The calls that may still count, oldest first; the newest may lie in the future, as reservations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Log {
    calls: VecDeque<Call>,
    /// The cost of all of them.
    used: u64,
    /// The instant up to which calls were forgotten: nothing can be told about the time before it.
    horizon: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call {
    at: Time,
    cost: u64,
}

/// The first instant, not before `now`, from which on the calls since and `cost` never exceed the amount.
///
/// Calls in the future count as well: a window that begins after `now` may hold both them and this one.
pub(crate) fn earliest(quota: &Quota, log: &Log, now: Time, cost: u64) -> Time {
    let room = quota.amount() - cost;
    let mut used = log.used;
    let mut at = now.max(log.horizon);
    for call in &log.calls {
        if used <= room {
            break;
        }
        used -= call.cost;
        at = at.max(call.at.later(quota.window()));
    }
    at
}

pub(crate) fn spend(quota: &Quota, log: &mut Log, at: Time, cost: u64) -> Receipt {
    forget(quota, log, at);
    if cost > 0 {
        let place = log.calls.partition_point(|call| call.at <= at);
        log.calls.insert(place, Call { at, cost });
        log.used += cost;
    }
    Receipt { cost, place: u128::from(at.as_nanos()), ..Receipt::default() }
}

fn forget(quota: &Quota, log: &mut Log, now: Time) {
    while let Some(call) = log.calls.front() {
        let gone = call.at.later(quota.window());
        if gone > now {
            break;
        }
        log.horizon = log.horizon.max(gone);
        log.used -= call.cost;
        log.calls.pop_front();
    }
}

pub(crate) fn remaining(quota: &Quota, log: &Log, at: Time) -> u64 {
    if log.horizon > at {
        return 0;
    }
    let gone = log.calls.iter().take_while(|call| call.at.later(quota.window()) <= at);
    let used = gone.fold(log.used, |used, call| used - call.cost);
    quota.amount().saturating_sub(used)
}

/// Brings the call that the receipt is for to `used`; forgets it if that is nothing.
pub(crate) fn settle(log: &mut Log, receipt: Receipt, used: u64) {
    let is_it = |call: &Call| u128::from(call.at.as_nanos()) == receipt.place && call.cost == receipt.cost;
    let Some(place) = log.calls.iter().rposition(is_it) else { return };
    let cost = corrected(receipt.cost, receipt, used);
    log.used = log.used - receipt.cost + cost;
    match cost {
        0 => _ = log.calls.remove(place),
        cost => log.calls[place].cost = cost,
    }
}

pub(crate) fn full_at(quota: &Quota, log: &Log) -> Time {
    log.calls.back().map_or(log.horizon, |call| call.at.later(quota.window()))
}
