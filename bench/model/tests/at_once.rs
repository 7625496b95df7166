//! What holds of calls in flight in every order that threads can come in. Never here: what one thread sees.

use std::sync::Arc;

use loom::model::Builder;
use loom::thread;
use tidegate_model::at_once::{AtOnce, Bound};
use tidegate_model::store::{Key, Secret};

/// Hashed outside the model: a secret lives as long as the process.
fn key() -> Key {
    static KEY: std::sync::OnceLock<Key> = std::sync::OnceLock::new();
    *KEY.get_or_init(|| Secret::new([1, 2]).key(b"a caller"))
}

fn bound(limit: u32, most: u32) -> Bound {
    Bound { limit, key: key(), most }
}

/// Plays threads that each enter their limits, of one call at once, and stay: how many of them got in.
fn play(threads: &'static [&'static [u32]], interruptions: usize, check: fn(usize)) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(move || {
        let at_once = Arc::new(AtOnce::new());
        let enter = |at_once: &AtOnce, limits: &[u32]| {
            let bounds: Vec<Bound> = limits.iter().map(|limit| bound(*limit, 1)).collect();
            at_once.enter_all(&bounds).ok()
        };
        let handles: Vec<_> = threads[1..]
            .iter()
            .map(|limits| {
                let at_once = at_once.clone();
                thread::spawn(move || enter(&at_once, limits))
            })
            .collect();
        let own = enter(&at_once, threads[0]);
        let others: Vec<_> = handles.into_iter().map(|each| each.join().unwrap()).collect();
        check(own.iter().count() + others.iter().flatten().count());
        drop((own, others));
        assert!(at_once.is_empty());
    });
}

#[test]
fn of_two_calls_with_the_same_bounds_in_opposite_order_exactly_one_enters() {
    play(&[&[0, 1], &[1, 0]], 3, |entered| assert_eq!(entered, 1));
}

#[test]
fn of_three_calls_any_two_of_which_share_a_bound_exactly_one_enters() {
    play(&[&[0, 1], &[1, 2], &[2, 0]], 2, |entered| assert_eq!(entered, 1));
}

#[test]
fn who_leaves_makes_room_for_one() {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let at_once = Arc::new(AtOnce::new());
        let place = at_once.enter(bound(0, 1)).unwrap();
        let other = at_once.clone();
        let asks = thread::spawn(move || (other.enter(bound(0, 1)), other.enter(bound(0, 1))));
        drop(place);
        let (first, second) = asks.join().unwrap();
        assert!(first.is_none() || second.is_none());
        assert_eq!(at_once.in_flight(0, key()), u32::from(first.is_some() || second.is_some()));
    });
}
