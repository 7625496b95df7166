//! Several limits at once: all or nothing, for every set of quotas. Never here: one limit alone.

use std::time::Duration;

use crate::worlds::{History, Move, any_beginning, any_move, any_quota};
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_core::{
    Ask, Charge, Decision, Quota, State, Time, peek_together, refund_together, step, step_together,
};

/// A set of limits, and one history for each, played on its own.
fn any_set() -> impl Strategy<Value = Vec<(Quota, Vec<Move>)>> {
    vec((any_quota(), vec(any_move(), 0..15)), 1..4)
}

fn play(set: &[(Quota, Vec<Move>)], beginning: Time) -> Vec<History> {
    set.iter().map(|(quota, moves)| History::play(*quota, beginning, moves)).collect()
}

fn charges<'a>(histories: &'a mut [History], asks: &[Ask]) -> Vec<Charge<'a>> {
    let pairs = histories.iter_mut().zip(asks);
    pairs.map(|(history, ask)| Charge::new(&history.quota, &mut history.state, ask.cost)).collect()
}

proptest! {
    #[test]
    fn all_pass_or_none_is_charged(set in any_set(), beginning in any_beginning(), last in any_move()) {
        let mut histories = play(&set, beginning);
        let before: Vec<State> = histories.iter().map(|history| history.state.clone()).collect();
        let now = histories.iter().map(|history| history.latest).max().unwrap();
        let asks: Vec<Ask> = set.iter().map(|(quota, _)| last.ask(quota)).collect();
        let patience = asks[0].patience;
        let mut all = charges(&mut histories, &asks);
        let seen = peek_together(&all, now, patience);
        let verdict = step_together(&mut all, now, patience);
        prop_assert_eq!(seen, verdict);
        match verdict.decision {
            Decision::Admit { at, .. } => {
                prop_assert!(at.since(now) <= patience);
                // Each limit alone would have let the call go at that instant.
                for ((quota, _), (state, ask)) in set.iter().zip(before.iter().zip(&asks)) {
                    let alone = step(quota, &mut state.clone(), at, ask.within(Duration::ZERO));
                    prop_assert_eq!(alone.admitted_at(), Some(at));
                }
            }
            _ => {
                let after: Vec<State> = histories.iter().map(|history| history.state.clone()).collect();
                prop_assert_eq!(after, before);
            }
        }
    }

    #[test]
    fn whoever_comes_as_told_passes_all_of_them(
        set in any_set(), beginning in any_beginning(), last in any_move(),
    ) {
        let mut histories = play(&set, beginning);
        let now = histories.iter().map(|history| history.latest).max().unwrap();
        let asks: Vec<Ask> = set.iter().map(|(quota, _)| last.ask(quota)).collect();
        let mut all = charges(&mut histories, &asks);
        if let Decision::Deny { retry_at } = step_together(&mut all, now, Duration::ZERO).decision {
            prop_assume!(retry_at < Time::MAX);
            let sooner = retry_at.earlier(Duration::from_nanos(1));
            let early = peek_together(&all, sooner, Duration::ZERO).decision;
            prop_assert_eq!(early, Decision::Deny { retry_at });
            let then = step_together(&mut all, retry_at, Duration::ZERO).decision;
            prop_assert_eq!(then.admitted_at(), Some(retry_at));
        }
    }
}

#[test]
fn a_call_that_waits_for_one_limit_spends_of_the_other_when_it_goes() {
    let (slow, fast): (Quota, Quota) = ("1 per 10 s".parse().unwrap(), "1 per s".parse().unwrap());
    let (mut slow_state, mut fast_state) = (State::default(), State::default());
    step(&slow, &mut slow_state, Time::ZERO, Ask::NOW);
    let mut both = [Charge::new(&slow, &mut slow_state, 1), Charge::new(&fast, &mut fast_state, 1)];
    let verdict = step_together(&mut both, Time::ZERO, Duration::from_secs(60));
    assert_eq!((verdict.decision.admitted_at(), verdict.tightest), (Some(Time::from_secs(10)), 0));
    // Had it been charged at once, a second call could go at 10 s as well.
    let late = step(&fast, &mut fast_state, Time::from_secs(10), Ask::NOW);
    assert_eq!(late, Decision::Deny { retry_at: Time::from_secs(11) });
}

#[test]
fn a_dropped_call_is_given_back_everywhere() {
    let (minute, day): (Quota, Quota) = ("1 per minute".parse().unwrap(), "1 per day".parse().unwrap());
    let (mut minute_state, mut day_state) = (State::default(), State::default());
    let mut both = [Charge::new(&minute, &mut minute_state, 1), Charge::new(&day, &mut day_state, 1)];
    let now = Time::from_secs(5);
    assert!(step_together(&mut both, now, Duration::ZERO).decision.admitted_at().is_some());
    refund_together(&mut both, now);
    assert!(step_together(&mut both, now, Duration::ZERO).decision.admitted_at().is_some());
}
