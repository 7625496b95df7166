//! What holds of the penalty box in every order that threads can come in. Never here: what one thread sees.

use std::sync::Arc;

use loom::model::Builder;
use loom::thread;
use tidegate_core::Time;
use tidegate_model::penalty::{Door, Mode, PenaltyBox, Rules, Settings};

const START: Time = Time::from_secs(100_000);
const LATER: Time = Time::from_secs(100_010);
const TOLD: Time = Time::from_secs(100_100);

/// The quota by which one bad call is forgiven, and each further one costs a minute.
fn rules(mode: Mode) -> Rules {
    let forgiven = "1 per minute".parse().unwrap();
    Rules::new(Settings { mode, forgiven, ..Settings::default() }).unwrap()
}

/// A box of six places, in which the callers up to `callers` are told to wait and have made a bad call each.
fn box_with(callers: u64) -> PenaltyBox {
    let penalties = PenaltyBox::new(rules(Mode::On), 6);
    for caller in 1..=callers {
        penalties.tell(START, caller, TOLD);
        penalties.tell(LATER, caller, TOLD);
    }
    penalties
}

fn play(
    callers: u64,
    one: fn(&PenaltyBox),
    other: fn(&PenaltyBox),
    check: impl Fn(&PenaltyBox) + Sync + Send + 'static,
) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let penalties = Arc::new(box_with(callers));
        let shared = penalties.clone();
        let thread = thread::spawn(move || one(&shared));
        other(&penalties);
        thread.join().unwrap();
        check(&penalties);
    });
}

fn strikes(penalties: &PenaltyBox, caller: u64) -> u64 {
    penalties.seen(LATER, caller).map_or(0, |seen| seen.strikes)
}

#[test]
fn no_strike_is_lost_at_the_limit_or_at_the_door() {
    let call: fn(&PenaltyBox) = |penalties| {
        if penalties.at_door(LATER, 1) == Door::Open {
            penalties.tell(LATER, 1, TOLD);
        }
    };
    play(1, call, call, |penalties| assert_eq!(strikes(penalties, 1), 3));
}

#[test]
fn a_change_of_rules_loses_no_strike() {
    play(
        1,
        |penalties| penalties.change(LATER, rules(Mode::Shadow)),
        |penalties| {
            penalties.tell(LATER, 1, TOLD);
            penalties.at_door(LATER, 1);
        },
        // The call at the door is one more while it is really shut.
        |penalties| assert!((2..=3).contains(&strikes(penalties, 1))),
    );
}

#[test]
fn newcomers_take_the_last_place_one_by_one_and_put_nobody_with_strikes_out() {
    play(
        5,
        |penalties| {
            penalties.tell(START, 6, TOLD);
        },
        |penalties| {
            penalties.tell(START, 7, TOLD);
            assert!(matches!(penalties.at_door(LATER, 1), Door::Open));
        },
        |penalties| {
            assert!((1..=5).all(|caller| strikes(penalties, caller) == 1));
            let known = [6, 7].map(|caller| penalties.seen(LATER, caller).is_some());
            assert!(known[0] != known[1], "the one who came later took the other's place");
        },
    );
}
