//! Loads that the servers can take: nothing is refused. Never here: an overload.

use tidegate::overload::{Kind, Mode};

use crate::callers::Stream;
use crate::world::World;

fn refused(world: &World) -> u64 {
    world.became.iter().map(|became| became.refused).sum()
}

/// Loads of so much of what can be done, from nothing. They are well within the room that an unknown server begins
/// with: 44 normal calls in flight. For more, see the last test.
#[track_caller]
fn check(seed: u64, apis: usize, workers: usize, load: f64) {
    let mut world = World::new(seed, apis, workers, Mode::On);
    world.offer(Stream::of("steady", load * world.capacity()));
    world.run(60.0);
    assert_eq!(refused(&world), 0);
}

#[test]
fn a_load_within_what_servers_can_do_is_not_refused() {
    for seed in 1..=3 {
        check(seed, 1, 20, 0.7);
        check(seed, 3, 30, 0.7);
        check(seed, 1, 60, 0.4);
        check(seed, 1, 4, 0.5);
    }
}

/// Calls of 10 ms and of a second, which are told apart or not.
#[track_caller]
fn check_mixed(slow: Kind) {
    let mut world = World::new(1, 3, 30, Mode::On);
    world.offer(Stream { takes: 0.01, ..Stream::of("quick", 3.5 * world.capacity()) });
    world.offer(Stream { takes: 1.0, kind: slow, ..Stream::of("slow", 0.035 * world.capacity()) });
    world.run(30.0);
    assert_eq!(refused(&world), 0);
}

#[test]
fn a_mix_of_quick_and_slow_calls_is_no_overload() {
    check_mixed(Kind(1));
    check_mixed(Kind(0));
}

#[test]
fn what_was_borne_by_day_is_borne_again_after_an_idle_night() {
    let mut world = World::new(1, 1, 100, Mode::On);
    let day = world.offer(Stream::of("day", 700.0));
    world.offer(Stream { takes: 0.001, kind: Kind(1), ..Stream::of("pings", 5.0) });
    world.run(10.0);
    let limit = world.limit();
    world.change_rate(day, 0.0);
    world.run(600.0);
    assert_eq!(world.limit(), limit, "no use, no change");
    world.forget();
    world.change_rate(day, 700.0);
    world.run(20.0);
    assert_eq!(refused(&world), 0);
}

#[test]
fn what_a_server_never_bore_is_borne_within_two_seconds() {
    let mut world = World::new(1, 1, 100, Mode::On);
    world.offer(Stream::of("day", 700.0));
    world.run(2.0);
    world.say("a server of 100 workers, of which nothing is known, at seven tenths: the first 2 s");
    assert!(world.became[0].lost() < 0.3, "{}", world.became[0].lost());
    world.forget();
    world.run(20.0);
    world.say("and the next 20 s");
    assert_eq!(refused(&world), 0);
}
