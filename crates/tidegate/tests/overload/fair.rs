//! Who is refused, when not all can go: those who have most, and the dear calls. Never here: how much goes in all.

use tidegate::overload::{Kind, Mode};

use crate::callers::Stream;
use crate::world::World;

/// What is seen in twenty seconds, after ten for learning.
fn played(
    seed: u64,
    title: &str,
    apis: usize,
    workers: usize,
    streams: impl FnOnce(f64) -> Vec<Stream>,
) -> World {
    let mut world = World::new(seed, apis, workers, Mode::On);
    for stream in streams(world.capacity()) {
        world.offer(stream);
    }
    world.run(10.0);
    world.forget();
    world.run(20.0);
    world.say(&format!("{apis} servers of {workers} workers, {title}"));
    world
}

/// A caller who wants nine times as much as all others together, who want so much of what can be done.
#[track_caller]
fn check_greedy(seed: u64, apis: usize, workers: usize, others: f64) {
    let world = played(seed, "one of whose callers wants nine tenths of all", apis, workers, |capacity| {
        let greedy = Stream { keys: 1, ..Stream::of("greedy", 9.0 * others * capacity) };
        vec![greedy, Stream::of("others", others * capacity)]
    });
    let [greedy, others] = [0, 1].map(|stream| world.became[stream].lost());
    assert!(others < 0.01, "the others lost {others}");
    assert!(greedy > 0.5, "the greedy one lost {greedy}");
    assert!(world.goodput() > 0.9, "{}", world.goodput());
}

#[test]
fn a_greedy_caller_takes_nothing_from_the_others() {
    check_greedy(1, 1, 100, 0.3);
    for seed in 1..=3 {
        check_greedy(seed, 1, 20, 0.3);
        check_greedy(seed, 3, 30, 0.3);
        check_greedy(seed, 1, 50, 0.5);
    }
}

#[test]
fn greedy_callers_get_the_same_however_greedy() {
    let world = played(1, "two greedy callers and a modest one", 1, 50, |capacity| {
        let one = |name, share| Stream { keys: 1, ..Stream::of(name, share * capacity) };
        vec![one("greediest", 5.0), one("greedy", 1.0), one("modest", 0.2)]
    });
    let [greediest, greedy, modest] = [0, 1, 2].map(|stream| &world.became[stream]);
    let ratio = greediest.well() as f64 / greedy.well() as f64;
    assert!((0.9..1.2).contains(&ratio), "{ratio}");
    assert!(modest.lost() < 0.05, "{}", modest.lost());
}

#[test]
fn dear_calls_are_refused_before_cheap_ones() {
    let world = played(1, "half of whose calls are dear", 1, 50, |capacity| {
        let dear = Stream { cost: 16, kind: Kind(1), ..Stream::of("dear", 0.8 * capacity) };
        vec![Stream::of("cheap", 0.8 * capacity), dear]
    });
    let [cheap, dear] = [0, 1].map(|stream| world.became[stream].lost());
    assert!(cheap < 0.05, "{cheap}");
    assert!(dear > 0.6, "{dear}");
}
