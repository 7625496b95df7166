//! Several limits on one call: all pass, or none is charged. Never here: which limits a call falls under.

use core::time::Duration;

use crate::decision::{Ask, Decision, Receipt};
use crate::quota::Quota;
use crate::step::{State, refund, when};
use crate::time::Time;

/// One of the limits that a call falls under, and what the call costs there.
#[derive(Debug)]
pub struct Charge<'a> {
    /// The limit's quota.
    pub quota: &'a Quota,
    /// The state of the call's key under this limit.
    pub state: &'a mut State,
    /// What the call costs under this limit.
    pub cost: u64,
    /// What was spent: set when the call is admitted.
    pub receipt: Receipt,
}

impl<'a> Charge<'a> {
    /// A charge that is still to be made.
    pub fn new(quota: &'a Quota, state: &'a mut State, cost: u64) -> Self {
        Charge { quota, state, cost, receipt: Receipt::default() }
    }
}

/// The decision of several limits, and the one of them that it hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Together {
    /// The decision for the call. Its `remaining` is the smallest of all; each charge has its own receipt.
    pub decision: Decision,
    /// The index of the limit with the least left, or of the one that refuses longest.
    pub tightest: usize,
}

/// Decides one call that falls under several limits: it goes when all let it go, and is charged to all then.
///
/// Under no limit at all, it goes now.
pub fn step_together(charges: &mut [Charge<'_>], now: Time, patience: Duration) -> Together {
    let verdict = peek_together(charges, now, patience);
    if let Decision::Admit { at, .. } = verdict.decision {
        for charge in charges {
            // Spent at the common instant, not at each limit's own: that is when the call is made.
            let spent = charge.state.0.spend(charge.quota, at, charge.cost);
            charge.receipt = Receipt { asked: now, ..spent };
        }
    }
    verdict
}

/// What [`step_together`] would answer, spending nothing.
pub fn peek_together(charges: &[Charge<'_>], now: Time, patience: Duration) -> Together {
    let (mut at, mut tightest) = (now, 0);
    for (index, charge) in charges.iter().enumerate() {
        let ask = Ask { cost: charge.cost, patience: Duration::MAX };
        let own = match when(charge.quota, charge.state, now, ask) {
            Ok(own) => own,
            // With all patience, only what never comes again is refused.
            Err(refusal) => return Together { decision: refusal, tightest: index },
        };
        if own > at {
            (at, tightest) = (own, index);
        }
    }
    if at.since(now) > patience {
        return Together { decision: Decision::Deny { retry_at: at }, tightest };
    }
    least_left(charges, at)
}

fn least_left(charges: &[Charge<'_>], at: Time) -> Together {
    let left = |charge: &Charge<'_>| charge.state.remaining(charge.quota, at).saturating_sub(charge.cost);
    let least = charges.iter().map(left).enumerate().min_by_key(|&(_, left)| left);
    let (tightest, remaining) = least.unwrap_or((0, u64::MAX));
    Together { decision: Decision::Admit { at, remaining, receipt: Receipt::default() }, tightest }
}

/// Takes back what an admitted call spent under all its limits; see [`refund`].
pub fn refund_together(charges: &mut [Charge<'_>], now: Time) {
    for charge in charges {
        refund(charge.quota, charge.state, now, core::mem::take(&mut charge.receipt));
    }
}
