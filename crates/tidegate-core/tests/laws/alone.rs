//! The laws every limit keeps, over the whole range of quotas and histories. Never here: an example.

use std::time::Duration;

use crate::worlds::{History, Made, any_beginning, any_bucket, any_move, any_quota, any_window};
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_core::{Ask, Decision, Quota, Shape, Time, peek, refund, step};

/// Every run of calls, first to last, with its cost and its length.
pub(crate) fn runs(made: &[Made]) -> impl Iterator<Item = (u128, Duration)> + '_ {
    made.iter().enumerate().flat_map(move |(first, from)| {
        made[first..].iter().scan(0u128, move |sum, to| {
            *sum += u128::from(to.cost);
            Some((*sum, to.at.since(from.at)))
        })
    })
}

/// `burst + floor(length / interval)`: rule 1.
pub(crate) fn bucket_bound(quota: &Quota, length: Duration) -> u128 {
    u128::from(quota.burst()) + length.as_nanos() * u128::from(quota.amount()) / quota.window().as_nanos()
}

/// The most that a shape of windows admits in an interval of that length.
pub(crate) fn window_bound(quota: &Quota, length: Duration) -> u128 {
    let amount = u128::from(quota.amount());
    let windows = length.as_nanos() / quota.window().as_nanos();
    match quota.shape() {
        // An interval of a window's length, its start included and its end not.
        Shape::Log => amount * (windows + 1),
        // Its two ends may lie in two windows.
        _ => amount * (windows + 2),
    }
}

fn most_in_one_window_of_the_clock(quota: &Quota, made: &[Made]) -> u128 {
    let index = |made: &Made| made.at.as_nanos() / u64::try_from(quota.window().as_nanos()).unwrap();
    made.chunk_by(|a, b| index(a) == index(b))
        .map(|window| window.iter().map(|made| u128::from(made.cost)).sum())
        .max()
        .unwrap_or(0)
}

proptest! {
    #[test]
    fn no_interval_admits_more_than_the_bound(
        quota in any_bucket(), beginning in any_beginning(), moves in vec(any_move(), 1..40),
    ) {
        let history = History::play(quota, beginning, &moves);
        for (sum, length) in runs(&history.made) {
            prop_assert!(sum <= bucket_bound(&quota, length), "{sum} in {length:?} of {quota}");
        }
    }

    #[test]
    fn no_interval_of_a_window_admits_more_than_its_bound(
        quota in any_window(), beginning in any_beginning(), moves in vec(any_move(), 1..40),
    ) {
        let history = History::play(quota, beginning, &moves);
        for (sum, length) in runs(&history.made) {
            prop_assert!(sum <= window_bound(&quota, length), "{sum} in {length:?} of {quota}");
        }
        if matches!(quota.shape(), Shape::Fixed | Shape::Sliding) {
            let most = most_in_one_window_of_the_clock(&quota, &history.made);
            prop_assert!(most <= u128::from(quota.amount()), "{most} in one window of {quota}");
        }
    }

    #[test]
    fn whoever_comes_as_told_is_admitted_and_no_sooner(
        quota in any_quota(), beginning in any_beginning(),
        moves in vec(any_move(), 0..30), last in any_move(),
    ) {
        let mut history = History::play(quota, beginning, &moves);
        history.advance(last);
        let ask = last.ask(&quota).within(Duration::ZERO);
        if let Decision::Deny { retry_at } = step(&quota, &mut history.state, history.now, ask) {
            prop_assume!(retry_at < Time::MAX);
            prop_assert!(retry_at > history.now);
            let sooner = retry_at.earlier(Duration::from_nanos(1));
            prop_assert_eq!(peek(&quota, &history.state, sooner, ask), Decision::Deny { retry_at });
            let then = step(&quota, &mut history.state, retry_at, ask).admitted_at();
            prop_assert_eq!(then, Some(retry_at));
        }
    }

    #[test]
    fn a_refusal_and_a_peek_spend_nothing(
        quota in any_quota(), beginning in any_beginning(),
        moves in vec(any_move(), 0..30), last in any_move(),
    ) {
        let mut history = History::play(quota, beginning, &moves);
        history.advance(last);
        let ask = last.ask(&quota);
        let before = history.state.clone();
        let seen = peek(&quota, &history.state, history.now, ask);
        prop_assert_eq!(&history.state, &before);
        let done = step(&quota, &mut history.state, history.now, ask);
        match (seen, done) {
            (Decision::Admit { at, remaining, .. }, Decision::Admit { at: then, remaining: left, .. }) => {
                prop_assert_eq!((at, remaining), (then, left));
            }
            (seen, done) => {
                prop_assert_eq!(seen, done);
                prop_assert_eq!(&history.state, &before);
            }
        }
    }

    #[test]
    fn nobody_waits_longer_than_the_patience(
        quota in any_quota(), beginning in any_beginning(),
        moves in vec(any_move(), 0..30), last in any_move(),
    ) {
        let mut history = History::play(quota, beginning, &moves);
        history.advance(last);
        let ask = last.ask(&quota);
        let mut patient = history.state.clone();
        match step(&quota, &mut patient, history.now, ask) {
            Decision::Admit { at, .. } => {
                prop_assert!(at >= history.now && at.since(history.now) <= ask.patience);
            }
            Decision::Deny { retry_at } => {
                prop_assert!(retry_at.since(history.now) > ask.patience || retry_at == Time::MAX);
            }
            Decision::Never => prop_assert!(ask.cost > quota.burst()),
        }
        let server = ask.within(Duration::ZERO);
        if let Some(at) = step(&quota, &mut history.state, history.now, server).admitted_at() {
            prop_assert_eq!(at, history.now);
        }
    }

    #[test]
    fn what_remains_is_what_would_pass(
        quota in any_quota(), beginning in any_beginning(),
        moves in vec(any_move(), 0..30), last in any_move(),
    ) {
        let mut history = History::play(quota, beginning, &moves);
        history.now = history.latest;
        let ask = last.ask(&quota).within(Duration::ZERO);
        if let Decision::Admit { at, remaining, .. } = step(&quota, &mut history.state, history.now, ask) {
            let all = Ask::NOW.costing(remaining);
            prop_assert_eq!(peek(&quota, &history.state, at, all).admitted_at(), Some(at));
            let more = Ask::NOW.costing(remaining + 1);
            prop_assert_eq!(peek(&quota, &history.state, at, more).admitted_at(), None);
        }
    }

    #[test]
    fn a_refund_at_once_restores(
        quota in any_quota(), beginning in any_beginning(),
        moves in vec(any_move(), 0..20), last in any_move(), after in vec(any_move(), 1..10),
    ) {
        let mut history = History::play(quota, beginning, &moves);
        history.now = history.latest;
        let mut refunded = history.clone();
        let ask = last.ask(&quota).within(Duration::ZERO);
        if let Decision::Admit { receipt, .. } = step(&quota, &mut refunded.state, refunded.now, ask) {
            refund(&quota, &mut refunded.state, refunded.now, receipt);
        }
        for each in after {
            history.now = each.clock(&quota, history.now).max(history.now);
            let ask = each.ask(&quota);
            prop_assert_eq!(
                step(&quota, &mut refunded.state, history.now, ask),
                step(&quota, &mut history.state, history.now, ask)
            );
        }
    }

    #[test]
    fn a_state_whose_time_has_passed_equals_an_unused_one(
        quota in any_quota(), beginning in any_beginning(),
        moves in vec(any_move(), 1..30), after in vec(any_move(), 1..10),
    ) {
        let mut history = History::play(quota, beginning, &moves);
        history.now = history.state.full_at(&quota).max(history.latest);
        prop_assume!(history.now < Time::MAX);
        let mut unused = tidegate_core::State::default();
        for each in after {
            history.now = each.clock(&quota, history.now).max(history.now);
            let ask = each.ask(&quota);
            let (old, new) = (
                step(&quota, &mut history.state, history.now, ask),
                step(&quota, &mut unused, history.now, ask),
            );
            prop_assert_eq!(old, new);
        }
    }

    #[test]
    fn a_quota_reads_as_it_is_written(quota in any_quota()) {
        prop_assert_eq!(quota.to_string().parse(), Ok(quota));
    }

    #[test]
    fn any_text_is_a_quota_or_an_error_with_its_place(text in "[0-9a-z ,/_]{0,30}|\\PC{0,30}") {
        if let Err(error) = text.parse::<Quota>() {
            prop_assert!(text.is_char_boundary(error.offset()), "{}", error);
        }
    }
}
