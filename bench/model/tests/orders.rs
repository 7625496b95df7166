//! What holds in every order that two or three threads can come in. Never here: what one thread sees.
//!
//! In a model a table has one home, a reach of one line, and so room for ten keys.

use std::sync::Arc;

use loom::model::Builder;
use loom::thread;
use tidegate_core::Time;
use tidegate_model::store::{Claim, Key, Limit, Room, Secret, Table};

const START: Time = Time::from_secs(100_000);

struct World {
    table: Table,
    limits: Vec<Limit>,
    keys: Vec<Key>,
}

impl World {
    fn new(quotas: &[&str]) -> Arc<World> {
        let limits = (0..).zip(quotas).map(|(number, quota)| Limit::new(number, quota.parse().unwrap()));
        let limits = limits.collect();
        Arc::new(World { table: Table::new(Room { words: 1, states: 1 }), limits, keys: keys() })
    }

    fn ask(&self, limit: usize, key: usize, now: Time) -> usize {
        let decision = self.table.decide_one(now, &self.limits[limit], self.keys[key], 1);
        usize::from(decision.admitted_at().is_some())
    }

    fn claims(&self, limits: [usize; 2]) -> [Claim<'_>; 2] {
        limits.map(|limit| Claim::new(&self.limits[limit], self.keys[0], 1))
    }

    fn ask_both(&self, limits: [usize; 2]) -> usize {
        let mut claims = self.claims(limits);
        usize::from(self.table.decide(START, &mut claims).decision.admitted_at().is_some())
    }
}

/// Hashed outside the model: a secret lives as long as the process.
fn keys() -> Vec<Key> {
    static KEYS: std::sync::OnceLock<Vec<Key>> = std::sync::OnceLock::new();
    let draw = || {
        let secret = Secret::new([1, 2]);
        (0..16u64).map(|number| secret.key(&number.to_le_bytes())).collect()
    };
    KEYS.get_or_init(draw).clone()
}

/// Plays the threads in every order with at most this many interruptions, and checks the sum of what passed.
fn play<T>(
    interruptions: usize,
    world: impl Fn() -> Arc<World> + Sync + Send + 'static,
    threads: T,
    check: impl Fn(&World, usize) + Sync + Send + 'static,
) where
    T: Fn() -> Vec<fn(&World) -> usize> + Sync + Send + 'static,
{
    let mut builder = Builder::new();
    builder.preemption_bound = Some(interruptions);
    // Filling a table takes many steps before the threads begin.
    builder.max_branches = 100_000;
    builder.check(move || {
        let world = world();
        let mut others = threads();
        let own = others.pop().expect("some thread is this one");
        let handles: Vec<_> = others
            .into_iter()
            .map(|other| {
                let world = world.clone();
                thread::spawn(move || other(&world))
            })
            .collect();
        let passed = own(&world) + handles.into_iter().map(|each| each.join().unwrap()).sum::<usize>();
        check(&world, passed);
    });
}

#[test]
fn a_new_key_asked_for_twice_has_one_burst() {
    for quota in ["1 per hour", "1 per hour, fixed"] {
        let ask = |world: &World| world.ask(0, 0, START);
        play(
            3,
            move || World::new(&[quota]),
            move || vec![ask, ask],
            |world, passed| {
                assert_eq!(passed, 1);
                assert_eq!(world.ask(0, 0, START), 0);
                assert_eq!(world.table.crowded(), 0);
            },
        );
    }
}

#[test]
fn three_threads_on_one_key_pass_as_often_as_it_may() {
    let ask = |world: &World| world.ask(0, 0, START);
    play(1, || World::new(&["2 per hour"]), move || vec![ask, ask, ask], |_, passed| assert_eq!(passed, 2));
}

#[test]
fn keys_of_one_line_have_a_burst_each() {
    play(
        3,
        || World::new(&["1 per hour"]),
        || vec![|world| world.ask(0, 0, START), |world| world.ask(0, 1, START)],
        |world, passed| {
            assert_eq!(passed, 2);
            assert_eq!(world.ask(0, 0, START) + world.ask(0, 1, START), 0);
        },
    );
}

#[test]
fn claims_in_opposite_order_pass_whole_and_never_block() {
    for quotas in [["1 per hour", "2 per hour"], ["1 per hour", "2 per hour, fixed"]] {
        play(
            2,
            move || World::new(&quotas),
            || vec![|world| world.ask_both([0, 1]), |world| world.ask_both([1, 0])],
            |world, passed| {
                assert_eq!(passed, 1);
                // The refused call spent nothing of the second limit.
                assert_eq!(world.ask(1, 0, START) + world.ask(1, 0, START), 1);
            },
        );
    }
}

#[test]
fn three_calls_with_two_claims_each_end() {
    play(
        1,
        || World::new(&["1 per hour", "1 per hour", "1 per hour"]),
        || {
            vec![|world| world.ask_both([0, 1]), |world| world.ask_both([1, 2]), |world| {
                world.ask_both([2, 0])
            }]
        },
        |_, passed| assert_eq!(passed, 1, "any two of them share a limit"),
    );
}

#[test]
fn a_refund_races_a_decision_and_lets_one_more_pass_at_most() {
    let dropped: fn(&World) -> usize = |world| {
        let mut claims = [Claim::new(&world.limits[0], world.keys[0], 1)];
        if world.table.decide(START, &mut claims).decision.admitted_at().is_some() {
            world.table.refund(START, &mut claims);
        }
        0
    };
    play(
        2,
        || World::new(&["1 per hour"]),
        move || vec![dropped, |world| world.ask(0, 0, START) + world.ask(0, 0, START)],
        |world, passed| {
            assert!(passed <= 1);
            // What was given back is there for whoever comes next, if nobody had it.
            assert_eq!(world.ask(0, 0, START), 1 - passed);
        },
    );
}

/// Ten keys fill the table. When their time has passed, a newcomer takes the place of one, while that one comes back
/// by a clock that is behind: it passed once at the start, and may pass again at 10 s, not before.
#[test]
fn a_place_that_is_taken_over_gives_no_second_burst() {
    let full = || {
        let world = World::new(&["1 per 10 s"]);
        assert_eq!((0..10).map(|key| world.ask(0, key, START)).sum::<usize>(), 10);
        world
    };
    let newcomer: fn(&World) -> usize = |world| world.ask(0, 10, Time::from_secs(100_010));
    let returns: fn(&World) -> usize = |world| {
        let early = Time::from_secs(100_009);
        let decision = world.table.decide_one(early, &world.limits[0], world.keys[0], 1);
        if let Some(at) = decision.admitted_at() {
            assert!(at >= Time::from_secs(100_010), "{at:?}");
        }
        0
    };
    play(2, full, move || vec![newcomer, returns], |_, passed| assert_eq!(passed, 1));
}

#[test]
fn where_no_place_is_left_newcomers_share_one_burst() {
    let full = || {
        let world = World::new(&["1 per hour"]);
        assert_eq!((0..10).map(|key| world.ask(0, key, START)).sum::<usize>(), 10);
        world
    };
    play(
        2,
        full,
        || vec![|world| world.ask(0, 10, START), |world| world.ask(0, 11, START)],
        |world, passed| {
            assert_eq!(passed, 1);
            assert_eq!(world.table.crowded(), 2);
            assert_eq!((0..10).map(|key| world.ask(0, key, START)).sum::<usize>(), 0, "nobody was put out");
        },
    );
}

#[test]
fn a_reset_and_a_decision_leave_a_whole_state() {
    let reset: fn(&World) -> usize = |world| {
        world.table.reset(&world.limits[0], world.keys[0]);
        0
    };
    play(
        2,
        || {
            let world = World::new(&["1 per hour"]);
            world.ask(0, 0, START);
            world
        },
        move || vec![reset, |world| world.ask(0, 0, START)],
        |world, passed| assert_eq!(passed + world.ask(0, 0, START), 1),
    );
}

#[test]
fn a_quota_that_changes_under_a_decision_leaves_no_second_burst() {
    let new: fn(&World) -> usize = |world| {
        let changed = world.limits[0].changed("1 per hour, fixed".parse().unwrap(), START).unwrap();
        usize::from(world.table.decide_one(START, &changed, world.keys[0], 1).admitted_at().is_some())
    };
    play(
        2,
        || {
            let world = World::new(&["1 per hour"]);
            assert_eq!(world.ask(0, 0, START), 1);
            world
        },
        move || vec![new, |world| world.ask(0, 0, START)],
        |_, passed| assert_eq!(passed, 0),
    );
}
