//! Costs that are known only afterwards: as if they had been known before. Never here: refunds of whole calls.

use std::time::Duration;

use crate::worlds::{any_bucket, any_window};
use proptest::prelude::*;
use tidegate_core::{Ask, Decision, Quota, Receipt, Shape, State, Time, WordQuota, settle, step};

const START: Time = Time::from_secs(1_700_000_000);

fn spent(quota: &Quota, state: &mut State, now: Time, cost: u64) -> Option<Receipt> {
    match step(quota, state, now, Ask::NOW.costing(cost)) {
        Decision::Admit { receipt, .. } => Some(receipt),
        _ => None,
    }
}

fn part(whole: u64, share: u16) -> u64 {
    (u128::from(whole) * u128::from(share) / u128::from(u16::MAX)) as u64
}

fn after(quota: &Quota, share: u16) -> Time {
    let span = quota.window().as_nanos().min(1 << 60) * 3 * u128::from(share) / u128::from(u16::MAX);
    START.later(Duration::from_nanos(span as u64))
}

proptest! {
    /// One call alone, whenever it is settled: from then on there is what there would be, had it cost that.
    #[test]
    fn a_settled_call_is_as_if_it_had_cost_that(
        quota in prop_oneof![any_bucket(), any_window()],
        reserved: u16, used: u16, settled: u16, seen: u16,
    ) {
        let (reserved, used) = (part(quota.burst(), reserved).max(1), part(quota.burst(), used));
        let settled_at = after(&quota, settled);
        let seen_at = settled_at.later(after(&quota, seen).since(START));
        let (mut state, mut as_if) = (State::default(), State::default());
        let receipt = spent(&quota, &mut state, START, reserved).unwrap();
        settle(&quota, &mut state, settled_at, receipt, used);
        spent(&quota, &mut as_if, START, used).unwrap();
        prop_assert_eq!(state.remaining(&quota, seen_at), as_if.remaining(&quota, seen_at));
    }

    /// Many calls that cost less than they reserve: what they really used, an exact limiter would let pass, too.
    #[test]
    fn what_is_given_back_never_lets_too_much_pass(
        quota in prop_oneof![any_bucket(), any_window()],
        calls in prop::collection::vec((any::<u16>(), any::<u16>(), any::<u16>(), any::<bool>()), 1..40),
    ) {
        let (mut state, mut exact, mut now) = (State::default(), State::default(), START);
        let mut open: Vec<(Receipt, u64)> = Vec::new();
        for (pause, cost, used, is_settled_at_once) in calls {
            now = now.later(after(&quota, pause / 8).since(START));
            let cost = part(quota.burst(), cost).max(1);
            // A window that a call opened stays open, though the call turns out to have cost nothing.
            let least = u64::from(quota.shape() == Shape::Opened);
            let used = part(cost, used).max(least);
            if let Some(receipt) = spent(&quota, &mut state, now, cost) {
                prop_assert!(spent(&quota, &mut exact, now, used).is_some());
                open.push((receipt, used));
            }
            if is_settled_at_once {
                for (receipt, used) in open.drain(..) {
                    settle(&quota, &mut state, now, receipt, used);
                }
            }
        }
    }

    /// However much is owed, it is paid off within 64 bursts or 30 days, or the one burst that takes longer.
    #[test]
    fn no_figure_shuts_a_caller_out_for_good(quota in any_bucket(), wild: Vec<u64>) {
        let mut state = State::default();
        for used in wild {
            settle(&quota, &mut state, START, Receipt::default(), used);
        }
        let mut full = State::default();
        spent(&quota, &mut full, START, quota.burst());
        let burst = full.full_at(&quota).since(START);
        let most = burst.max(burst.saturating_mul(64).min(Duration::from_secs(30 * 86_400)));
        prop_assert!(state.full_at(&quota).since(START) <= most + Duration::from_nanos(64));
        if let Some(words) = WordQuota::new(quota) {
            prop_assert!(words.word(&state).is_some() || START > Time::from_secs(9 * 365 * 86_400));
        }
    }
}

#[test]
fn what_was_used_on_top_is_waited_for() {
    let quota: Quota = "1 per second, burst 10".parse().unwrap();
    let mut state = State::default();
    let receipts: Vec<_> = (0..10).map(|_| spent(&quota, &mut state, START, 1).unwrap()).collect();
    for receipt in receipts {
        settle(&quota, &mut state, START, receipt, 5);
    }
    // 50 units at 1 per second, of which 10 may be missing; the next one is the 51st.
    let refused = step(&quota, &mut state, START, Ask::NOW);
    assert_eq!(refused, Decision::Deny { retry_at: START.later(Duration::from_secs(41)) });
}
