//! What limits of calls in flight promise. Never here: every order of threads, which the model checker plays.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::at_once::{AtOnce, Bound, Place};
use tidegate::store::{Key, Secret};

fn key(number: u64) -> Key {
    static SECRET: std::sync::OnceLock<Secret> = std::sync::OnceLock::new();
    SECRET.get_or_init(|| Secret::new([1, 2])).key(&number.to_le_bytes())
}

fn bound(limit: u32, key_number: u64, most: u32) -> Bound {
    Bound { limit, key: key(key_number), most }
}

#[test]
fn as_many_enter_as_may_and_who_leaves_makes_room() {
    let at_once = AtOnce::new();
    let mut places: Vec<Place> = (0..3).map_while(|_| at_once.enter(bound(1, 7, 3))).collect();
    assert_eq!(places.len(), 3);
    assert!(at_once.enter(bound(1, 7, 3)).is_none());
    assert_eq!(at_once.in_flight(1, key(7)), 3);
    places.pop();
    assert!(at_once.enter(bound(1, 7, 3)).is_some());
    assert_eq!(at_once.in_flight(1, key(7)), 2, "a place that is dropped at once is left at once");
}

#[test]
fn keys_and_limits_are_counted_apart() {
    let at_once = AtOnce::new();
    let places: Vec<Place> = (0..10)
        .flat_map(|limit| (0..100).map(move |key| bound(limit, key, 1)))
        .filter_map(|bound| at_once.enter(bound))
        .collect();
    assert_eq!((places.len(), at_once.len()), (1_000, 1_000));
    assert!((0..10).all(|limit| (0..100).all(|key| at_once.enter(bound(limit, key, 1)).is_none())));
    drop(places);
    assert!(at_once.is_empty());
}

#[test]
fn a_bound_of_nothing_lets_nobody_in_and_remembers_nobody() {
    let at_once = AtOnce::new();
    assert!(at_once.enter(bound(1, 7, 0)).is_none());
    assert_eq!(at_once.len(), 0);
}

#[test]
fn several_bounds_are_entered_together_or_not_at_all() {
    let at_once = AtOnce::new();
    let _inside = at_once.enter(bound(2, 7, 1)).unwrap();
    let bounds = [bound(1, 7, 5), bound(2, 7, 1), bound(3, 7, 5)];
    assert_eq!(at_once.enter_all(&bounds).err(), Some(1));
    assert_eq!(at_once.len(), 1, "the refused call holds nothing");
    let both = at_once.enter_all(&[bounds[0], bounds[2]]).unwrap();
    assert_eq!(at_once.len(), 3);
    drop(both);
    assert_eq!(at_once.len(), 1);
    assert!(at_once.enter_all(&[]).is_ok(), "a call under no bound");
}

#[test]
fn a_bound_that_is_named_twice_takes_two_places() {
    let at_once = AtOnce::new();
    assert_eq!(at_once.enter_all(&[bound(1, 7, 1); 2]).err(), Some(1));
    assert!(at_once.is_empty());
    let two = at_once.enter_all(&[bound(1, 7, 2); 2]).unwrap();
    assert_eq!(at_once.in_flight(1, key(7)), 2);
    drop(two);
    assert!(at_once.is_empty());
}

#[test]
fn in_shadow_mode_all_enter_and_those_over_are_told_apart() {
    let at_once = AtOnce::new();
    let places: Vec<Place> = (0..5).map(|_| at_once.enter_anyway(bound(1, 7, 2))).collect();
    assert_eq!(places.iter().map(Place::over).collect::<Vec<_>>(), [0, 0, 1, 2, 3]);
    assert_eq!(at_once.in_flight(1, key(7)), 5);
    assert!(at_once.enter(bound(1, 7, 5)).is_none(), "they count, when the limit is enforced");
    drop(places);
    assert!(at_once.is_empty());
}

#[test]
fn a_place_outlives_the_clone_it_came_from_and_goes_to_another_thread() {
    let at_once = AtOnce::new();
    let place = at_once.clone().enter(bound(1, 7, 1)).unwrap();
    thread::spawn(move || drop(place)).join().unwrap();
    assert!(at_once.is_empty());
}

#[test]
fn threads_never_exceed_a_bound_and_leave_nothing_behind() {
    const MOST: [u32; 3] = [1, 2, 3];
    let at_once = AtOnce::new();
    let inside: [AtomicU32; 3] = Default::default();
    let entered = AtomicU32::new(0);
    let call = |limits: [usize; 2]| {
        let bounds = limits.map(|limit| bound(limit as u32, 7, MOST[limit]));
        let Ok(place) = at_once.enter_all(&bounds) else { return };
        entered.fetch_add(1, Ordering::Relaxed);
        for limit in limits {
            assert!(inside[limit].fetch_add(1, Ordering::SeqCst) < MOST[limit]);
        }
        for limit in limits {
            inside[limit].fetch_sub(1, Ordering::SeqCst);
        }
        drop(place);
    };
    thread::scope(|scope| {
        for limits in [[0, 1], [1, 0], [1, 2], [2, 1], [0, 2], [2, 0]] {
            scope.spawn(move || (0..5_000).for_each(|_| call(limits)));
        }
    });
    assert!(entered.into_inner() >= 1);
    assert!(at_once.is_empty());
}

proptest! {
    /// Beside a plain list of who is in.
    #[test]
    fn it_counts_as_a_plain_list_does(moves in vec((0u32..3, 0u64..3, 0u32..4, any::<bool>()), 1..200)) {
        let at_once = AtOnce::new();
        let mut list: Vec<((u32, u64), Place)> = Vec::new();
        for (limit, number, most, enters) in moves {
            let of_id = |list: &[((u32, u64), Place)]| {
                list.iter().filter(|(id, _)| *id == (limit, number)).count() as u32
            };
            if enters {
                let before = of_id(&list);
                let place = at_once.enter(bound(limit, number, most));
                prop_assert_eq!(place.is_some(), before < most);
                list.extend(place.map(|place| ((limit, number), place)));
            } else if let Some(at) = list.iter().position(|(id, _)| *id == (limit, number)) {
                drop(list.swap_remove(at));
            }
            prop_assert_eq!(at_once.in_flight(limit, key(number)), of_id(&list));
        }
        let mut ids: Vec<(u32, u64)> = list.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(at_once.len(), ids.len());
    }
}
