//! A word decides as the state it stands for, whatever is asked and whenever. Never here: another shape.

use std::time::Duration;

use crate::worlds::{Move, any_bucket, any_move};
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_core::{Ask, Decision, Quota, State, Time, Word, WordQuota, peek, refund, step};

/// Buckets that fit: as people have them, with up to 64 ticks in a nanosecond, and the longest there are.
fn any_fitting() -> impl Strategy<Value = Quota> {
    let windows = proptest::sample::select(vec![1u64, 1_000, 7_001, 1_000_000_000, 60_000_000_000]);
    let many_ticks = (1..=64u64, windows, 1..1000u64).prop_map(|(amount, window_ns, burst)| {
        Quota::new(amount, Duration::from_nanos(window_ns)).unwrap().with_burst(burst).unwrap()
    });
    let long = (1..50u64).prop_map(|days| Quota::new(days, Duration::from_secs(86_400 * 48)).unwrap());
    prop_oneof![3 => many_ticks, 1 => long, 2 => any_bucket()]
        .prop_filter("only some buckets fit", Quota::fits_word)
}

/// Instants from the clock's first to beyond the last that words hold.
fn any_instant() -> impl Strategy<Value = Time> {
    let nine_years = 9 * 365 * 86_400;
    let late = (nine_years - 400 * 86_400..nine_years + 200 * 86_400u64).prop_map(Time::from_secs);
    prop_oneof![
        3 => (0..nine_years).prop_map(Time::from_secs),
        1 => Just(Time::ZERO), 1 => late, 1 => any::<u64>().prop_map(Time::from_nanos)
    ]
}

/// Costs of every kind: those of a move, nothing, about a burst, and more than ever fits.
fn any_cost(quota: Quota, each: Move) -> impl Strategy<Value = Ask> {
    let (ask, burst) = (each.ask(&quota), quota.burst());
    let cost = prop_oneof![4 => Just(ask.cost), 1 => Just(0), 1 => burst - 1..=burst + 1, 1 => any::<u64>()];
    let patience = prop_oneof![3 => Just(ask.patience), 1 => Just(Duration::MAX), 3 => Just(Duration::ZERO)];
    (cost, patience).prop_map(|(cost, patience)| Ask { cost, patience })
}

fn any_asks() -> impl Strategy<Value = (Quota, Vec<(Move, Ask)>)> {
    let asked = |quota: Quota| {
        let each = any_move().prop_flat_map(move |each| (Just(each), any_cost(quota, each)));
        (Just(quota), vec(each, 1..60))
    };
    any_fitting().prop_flat_map(asked)
}

proptest! {
    #[test]
    fn a_word_decides_as_its_state((quota, asks) in any_asks(), beginning in any_instant()) {
        let words = WordQuota::new(quota).unwrap();
        let (mut word, mut state) = (Word::UNUSED, State::default());
        let (mut now, mut latest) = (beginning, beginning);
        for (each, ask) in asks {
            now = each.clock(&quota, now);
            latest = latest.max(now);
            let before = state.clone();
            let expected = step(&quota, &mut state, now, ask);
            let seen = words.peek(word, now, ask);
            let decision = words.step(&mut word, now, ask);
            if words.word(&state).is_none() {
                // Beyond the last instant of words: refused, and nothing spent.
                prop_assert_eq!(decision, Decision::Deny { retry_at: Time::MAX });
                prop_assert_eq!(seen, decision);
                state = before;
                continue;
            }
            prop_assert_eq!(decision, expected);
            prop_assert_eq!(seen, peek(&quota, &before, now, ask));
            prop_assert_eq!(words.word(&state), Some(word));
            prop_assert_eq!(word.full_at(), state.full_at(&quota));
            if let (Decision::Admit { receipt, .. }, Some(0)) = (decision, each.dropped_after) {
                refund(&quota, &mut state, latest, receipt);
                words.refund(&mut word, latest, receipt);
                prop_assert_eq!(words.word(&state), Some(word));
            }
        }
    }

    #[test]
    fn a_word_that_has_passed_is_as_good_as_none(
        (quota, asks) in any_asks(), beginning in any_instant(), after in any_move(),
    ) {
        let words = WordQuota::new(quota).unwrap();
        let (mut word, mut now) = (Word::UNUSED, beginning);
        for (each, ask) in asks {
            now = each.clock(&quota, now);
            words.step(&mut word, now, ask);
        }
        now = now.max(word.full_at());
        prop_assert!(word.has_passed(now));
        let ask = after.ask(&quota);
        let mut none = Word::UNUSED;
        prop_assert_eq!(words.step(&mut word, now, ask), words.step(&mut none, now, ask));
    }
}
