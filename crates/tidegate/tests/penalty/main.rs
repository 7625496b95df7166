//! What the penalty box promises, to those who wait as told and to the others. Never here: its insides.

mod laws;
mod played;

use std::thread;
use std::time::Duration;

use tidegate::penalty::{Door, Mode, PenaltyBox, Rules, Settings};
use tidegate_core::Time;

const SECOND: Duration = Duration::from_secs(1);

/// The caller of most tests.
const CALLER: u64 = 7 << 32;

fn at(millis: u64) -> Time {
    Time::from_secs(100_000).later(Duration::from_millis(millis))
}

fn rules(mode: Mode) -> Rules {
    Rules::new(Settings { mode, ..Settings::default() }).expect("the defaults are fit")
}

fn penalty_box(mode: Mode) -> PenaltyBox {
    PenaltyBox::new(rules(mode), 6_000)
}

/// As a keyed hash would be.
fn hashed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

/// Has a caller refused once, and then so often while it was told to wait 10 s.
fn strike(penalties: &PenaltyBox, caller: u64, times: usize) {
    penalties.tell(at(0), caller, at(10_000));
    for _ in 0..times {
        penalties.tell(at(2_000), caller, at(10_000));
    }
}

fn is_shut(penalties: &PenaltyBox, now: Time, caller: u64) -> bool {
    matches!(penalties.at_door(now, caller), Door::Shut { .. })
}

#[test]
fn whoever_goes_too_far_is_told_to_wait_longer_and_finds_the_door_open_then() {
    let penalties = penalty_box(Mode::On);
    strike(&penalties, CALLER, 20);
    assert_eq!(penalties.at_door(at(2_000), CALLER), Door::Open, "twenty are forgiven");
    assert_eq!(penalties.tell(at(2_000), CALLER, at(4_000)), at(5_000), "the next one costs three seconds");
    assert_eq!(penalties.tell(at(2_000), CALLER, at(9_000)), at(9_000), "the limit's own wait is longer");
    assert_eq!(penalties.tell(at(2_000), CALLER, at(4_000)), at(11_000));
    assert!(is_shut(&penalties, at(10_999), CALLER));
    assert_eq!(
        penalties.at_door(at(11_000), CALLER),
        Door::Open,
        "who came as an earlier call was told is excused"
    );
}

#[test]
fn a_call_at_a_shut_door_is_a_strike_and_is_told_so() {
    let penalties = penalty_box(Mode::On);
    strike(&penalties, CALLER, 23);
    let Door::Shut { until, strikes } = penalties.at_door(at(2_000), CALLER) else { panic!("it is open") };
    assert_eq!((until, strikes), (at(2_000 + 4 * 3_000), 24));
    let Door::Shut { until, strikes } = penalties.at_door(at(2_000), CALLER) else { panic!("it is open") };
    assert_eq!((until, strikes), (at(2_000 + 5 * 3_000), 25));
    assert_eq!(penalties.counts(at(2_000)).refused, 2);
    assert_eq!(penalties.counts(at(2_000)).shut, 1);
}

#[test]
fn in_shadow_mode_the_same_strikes_change_nothing() {
    let penalties = penalty_box(Mode::Shadow);
    strike(&penalties, CALLER, 23);
    assert_eq!(penalties.tell(at(2_000), CALLER, at(3_000)), at(3_000));
    let seen = Door::WouldBeShut { until: at(2_000 + 4 * 3_000), strikes: 24 };
    assert_eq!([(); 2].map(|()| penalties.at_door(at(2_000), CALLER)), [seen; 2]);
    let counts = penalties.counts(at(2_000));
    assert_eq!((counts.shut, counts.refused, counts.would_be_refused), (1, 0, 2));
}

#[test]
fn switched_off_it_notes_nothing() {
    let penalties = penalty_box(Mode::Off);
    strike(&penalties, CALLER, 100);
    assert_eq!(penalties.at_door(at(2_000), CALLER), Door::Open);
    assert_eq!((penalties.seen(at(2_000), CALLER), penalties.worst(at(2_000), 10)), (None, vec![]));
}

#[test]
fn settings_change_without_forgetting() {
    let penalties = penalty_box(Mode::Shadow);
    strike(&penalties, CALLER, 100);
    penalties.change(at(2_000), rules(Mode::On));
    assert!(is_shut(&penalties, at(2_000), CALLER));
    penalties.change(at(2_000), rules(Mode::Off));
    assert_eq!(penalties.at_door(at(2_000), CALLER), Door::Open);
    let short = Settings { mode: Mode::On, longest: 30 * SECOND, ..Settings::default() };
    penalties.change(at(2_000), Rules::new(short).unwrap());
    let Door::Shut { until, .. } = penalties.at_door(at(2_000), CALLER) else { panic!("it is open") };
    assert_eq!(until, at(2_000 + 30_000));
}

#[test]
fn the_worst_are_seen_and_forgiven() {
    let penalties = penalty_box(Mode::On);
    for number in 1..=50 {
        strike(&penalties, hashed(number), number as usize);
    }
    let worst = penalties.worst(at(2_000), 3);
    assert_eq!(
        worst.iter().map(|seen| (seen.caller, seen.strikes)).collect::<Vec<_>>(),
        [(hashed(50), 50), (hashed(49), 49), (hashed(48), 48)]
    );
    assert_eq!(worst[0].shut_until, Some(at(2_000 + 30 * 3_000)));
    assert_eq!(worst[0].told_until, Some(at(10_000)));
    assert_eq!(penalties.worst(at(2_000), 100).len(), 50);
    assert_eq!(penalties.counts(at(2_000)).shut, 30);
    penalties.forgive(hashed(50));
    assert_eq!(penalties.at_door(at(2_000), hashed(50)), Door::Open);
    assert_eq!(penalties.worst(at(2_000), 1)[0].caller, hashed(49));
}

#[test]
fn callers_by_the_million_open_no_shut_door_and_take_no_memory() {
    let penalties = PenaltyBox::new(rules(Mode::On), 6_000);
    let bytes = penalties.bytes();
    let bad: Vec<u64> = (1..=300).map(hashed).collect();
    for caller in &bad {
        strike(&penalties, *caller, 30);
    }
    let shut = |now| bad.iter().map(|caller| penalties.seen(now, *caller).unwrap().shut_until).collect();
    let before: Vec<Option<Time>> = shut(at(3_000));
    assert!(before.iter().all(Option::is_some));
    for number in 1_000..1_000_000 {
        penalties.tell(at(3_000), hashed(number), at(60_000));
    }
    let after: Vec<Option<Time>> = shut(at(3_000));
    assert_eq!((after, penalties.bytes()), (before, bytes));
}

#[test]
fn a_flood_that_makes_bad_calls_too_can_only_keep_newcomers_out() {
    let penalties = PenaltyBox::new(rules(Mode::On), 600);
    strike(&penalties, CALLER, 30);
    for number in 0..20_000 {
        strike(&penalties, hashed(number), 2);
    }
    assert!(is_shut(&penalties, at(2_000), CALLER));
    assert!(penalties.counts(at(2_000)).unnoted > 0);
    strike(&penalties, 9 << 40, 30);
    assert_eq!(penalties.at_door(at(2_000), 9 << 40), Door::Open, "there is no place for it");
    // The flood's strikes are forgiven soon, and there is room again.
    penalties.tell(at(12_000), 9 << 40, at(60_000));
    for _ in 0..30 {
        penalties.tell(at(14_000), 9 << 40, at(60_000));
    }
    assert!(is_shut(&penalties, at(14_000), 9 << 40));
}

#[test]
fn a_flood_of_refused_callers_hides_nobody_who_calls_more_often_than_it_fills_the_box() {
    let penalties = PenaltyBox::new(rules(Mode::On), 6_000);
    for turn in 0..40_000 {
        let now = at(turn);
        penalties.tell(now, hashed(turn), now.later(3_600 * SECOND));
        if turn % 500 == 0 {
            penalties.tell(now, CALLER, now.later(60 * SECOND));
        }
    }
    assert!(is_shut(&penalties, at(40_000), CALLER));
}

#[test]
fn threads_lose_no_strike() {
    let penalties = penalty_box(Mode::On);
    let callers: Vec<u64> = (1..=20).map(hashed).collect();
    callers.iter().for_each(|caller| strike(&penalties, *caller, 0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for call in 0..1_000 {
                    penalties.tell(at(2_000), callers[call % callers.len()], at(10_000));
                }
            });
        }
        // As before, so that nothing is lost by it either.
        scope.spawn(|| (0..100).for_each(|_| penalties.change(at(2_000), rules(Mode::On))));
    });
    let strikes = penalties.worst(at(2_000), 100).iter().map(|seen| seen.strikes).collect::<Vec<_>>();
    assert_eq!(strikes, [200; 20]);
}
