//! What a change of quota may do to a key, and what never. Never here: a quota that stays.

use std::time::Duration;

use crate::alone::{bucket_bound, runs, window_bound};
use crate::worlds::{History, Made, Move, any_bucket, any_move, any_quota, any_window};
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_core::{Ask, Decision, Quota, Shape, State, Time, carry, peek, step};

/// Where histories begin: late enough for windows to have a past.
const BEGINNING: Time = Time::from_secs(1_700_000_000);

/// How long an ask would have to wait; for ever if it is never admitted.
fn wait(quota: &Quota, state: &State, now: Time, cost: u64) -> Duration {
    match peek(quota, state, now, Ask::NOW.costing(cost)) {
        Decision::Admit { .. } => Duration::ZERO,
        Decision::Deny { retry_at } => retry_at.since(now),
        Decision::Never => Duration::MAX,
    }
}

/// A history without patience: what is promised before a change is kept, and comes on top of what it allows.
fn unpromised(quota: Quota, moves: &[Move]) -> History {
    let mut history = History::begin(quota, BEGINNING);
    for each in moves {
        history.advance(*each);
        step(&quota, &mut history.state, history.now, each.ask(&quota).within(Duration::ZERO));
    }
    history
}

/// The share that is left, compared as whole products: whether `(left, of)` is at most `(most, whole)`.
fn at_most((left, of): (u64, u64), (most, whole): (u64, u64)) -> bool {
    u128::from(left) * u128::from(whole) <= u128::from(most) * u128::from(of)
}

/// Changes in which burst and rate go the same way, as a fleet's do, or one of them alone.
fn any_growth() -> impl Strategy<Value = (Quota, Quota)> {
    (1..40u64, 1..40u64, 1..9u64, 1..9u64).prop_map(|(amount, burst, rate, room)| {
        let quota = |amount, burst| Quota::new(amount, Duration::from_secs(60)).unwrap().with_burst(burst);
        (quota(amount, burst).unwrap(), quota(amount * rate, burst * room).unwrap())
    })
}

proptest! {
    #[test]
    fn after_a_change_the_new_bound_holds(
        old in any_quota(), new in any_quota(), moves in vec(any_move(), 0..30), after in vec(any_move(), 1..30),
    ) {
        let history = unpromised(old, &moves);
        let now = history.latest;
        let mut later = History { state: carry(&old, &history.state, &new, now), ..History::begin(new, now) };
        for each in after {
            later.advance(each);
            let ask = each.ask(&new);
            if let Some(at) = step(&new, &mut later.state, later.now, ask).admitted_at() {
                later.made.push(Made { at, cost: ask.cost });
            }
        }
        later.made.sort_by_key(|made| made.at);
        for (sum, length) in runs(&later.made) {
            let most = if new.shape() == Shape::Bucket { bucket_bound(&new, length) } else { window_bound(&new, length) };
            prop_assert!(sum <= most, "{sum} in {length:?} of {new}");
        }
    }

    #[test]
    fn no_key_is_left_with_a_greater_share(
        old in any_quota(), new in any_quota(), moves in vec(any_move(), 1..30),
    ) {
        let history = History::play(old, BEGINNING, &moves);
        let now = history.latest;
        prop_assume!(history.state.full_at(&old) > now);
        prop_assume!(old.shape() != new.shape() || old.window() != new.window() || old.shape() == Shape::Bucket);
        let left = history.state.remaining(&old, now);
        let carried = carry(&old, &history.state, &new, now).remaining(&new, now);
        // What remains is whole units, so a part of one may be there beside it.
        prop_assert!(at_most((carried, new.burst()), (left + 1, old.burst())));
    }

    #[test]
    fn there_and_back_gains_nothing(
        old in any_quota(), new in any_quota(), moves in vec(any_move(), 1..30),
    ) {
        let history = History::play(old, BEGINNING, &moves);
        let now = history.latest;
        let there = carry(&old, &history.state, &new, now);
        let back = carry(&new, &there, &old, now);
        prop_assert!(back.remaining(&old, now) <= history.state.remaining(&old, now));
    }

    #[test]
    fn an_unused_key_has_the_whole_new_quota(old in any_quota(), new in any_quota()) {
        let carried = carry(&old, &State::default(), &new, BEGINNING);
        prop_assert_eq!(carried.remaining(&new, BEGINNING), new.burst());
    }

    #[test]
    fn a_window_counts_on((old, times) in (any_window(), 2..5u64), moves in vec(any_move(), 1..30)) {
        let Ok(new) = old.times(times) else { return Ok(()) };
        let history = History::play(old, BEGINNING, &moves);
        let now = history.latest;
        prop_assume!(history.state.full_at(&old) > now);
        prop_assert_eq!(carry(&old, &history.state, &new, now), history.state);
    }

    #[test]
    fn a_growing_quota_makes_nobody_wait_longer((old, new) in any_growth(), moves in vec(any_move(), 1..30)) {
        let history = History::play(old, BEGINNING, &moves);
        let now = history.latest;
        let carried = carry(&old, &history.state, &new, now);
        for cost in 1..=new.burst() {
            prop_assert!(wait(&new, &carried, now, cost) <= wait(&old, &history.state, now, cost));
        }
    }

    #[test]
    fn a_shrinking_quota_makes_nobody_wait_longer_than_had_it_counted(
        (new, old) in any_growth(), moves in vec(any_move(), 1..30),
    ) {
        let history = unpromised(old, &moves);
        let now = history.latest;
        let carried = carry(&old, &history.state, &new, now);
        let used = old.burst() - history.state.remaining(&old, now);
        // The old one forgives sooner, so the new one would count at least this, and be empty at the latest.
        let mut counted = State::default();
        step(&new, &mut counted, now, Ask::NOW.costing(used.min(new.burst())));
        for cost in 1..=new.burst() {
            prop_assert!(wait(&new, &carried, now, cost) <= wait(&new, &counted, now, cost));
        }
    }

    #[test]
    fn a_fleet_that_changes_leaves_the_instant_of_being_full(
        quota in any_bucket(), (from, to) in (1..9u64, 1..9u64), moves in vec(any_move(), 1..30),
    ) {
        let (Ok(old), Ok(new)) = (quota.times(from), quota.times(to)) else { return Ok(()) };
        let history = unpromised(old, &moves);
        let (now, full) = (history.latest, history.state.full_at(&old));
        prop_assume!(full > now);
        let carried = carry(&old, &history.state, &new, now).full_at(&new);
        prop_assert!(carried >= full && carried.since(full) <= Duration::from_nanos(1));
    }
}
