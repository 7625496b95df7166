//! Refunds that once let too much pass, each with the story of its bug. Never here: a law.

use std::time::Duration;

use tidegate_core::{Ask, Decision, Quota, Receipt, State, Time, refund, step};

fn one_per_second() -> (Quota, State) {
    ("1 per second".parse().unwrap(), State::default())
}

fn admitted(quota: &Quota, state: &mut State, now: Time, patience: u64) -> Option<(Time, Receipt)> {
    match step(quota, state, now, Ask::NOW.within(Duration::from_secs(patience))) {
        Decision::Admit { at, receipt, .. } => Some((at, receipt)),
        _ => None,
    }
}

/// The dropped call's second has refilled by itself: given back again, two would go in the next one.
#[test]
fn what_time_refilled_is_not_given_back_again() {
    let (quota, mut state) = one_per_second();
    let (_, receipt) = admitted(&quota, &mut state, Time::ZERO, 0).unwrap();
    let second = Time::from_secs(1);
    assert!(admitted(&quota, &mut state, second, 0).is_some());
    refund(&quota, &mut state, second, receipt);
    assert!(admitted(&quota, &mut state, second, 0).is_none());
}

/// Somebody was promised the turn behind the dropped one. Were that given away, both would go together.
#[test]
fn a_promised_turn_is_not_given_to_another() {
    let (quota, mut state) = one_per_second();
    let (_, dropped) = admitted(&quota, &mut state, Time::ZERO, 0).unwrap();
    let (promised, _) = admitted(&quota, &mut state, Time::ZERO, 5).unwrap();
    refund(&quota, &mut state, Time::ZERO, dropped);
    let (next, _) = admitted(&quota, &mut state, Time::ZERO, 5).unwrap();
    assert_eq!((promised, next), (Time::from_secs(1), Time::from_secs(2)));
}

/// The newest of those who wait gives its whole turn back, however far away it is.
#[test]
fn the_last_in_the_queue_gives_all_back() {
    let (quota, mut state) = one_per_second();
    admitted(&quota, &mut state, Time::ZERO, 0).unwrap();
    let before = state.clone();
    let (_, receipt) = admitted(&quota, &mut state, Time::ZERO, 5).unwrap();
    refund(&quota, &mut state, Time::from_nanos(900_000_000), receipt);
    assert_eq!(state, before);
}
