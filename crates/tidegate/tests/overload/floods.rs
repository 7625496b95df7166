//! Far more calls than servers can take. Never here: greedy keys, servers that change.

use tidegate::overload::{Class, Counts, Mode};

use crate::callers::Stream;
use crate::world::World;

/// Ten times what the servers can do, a fifth of what they can do being critical.
fn flooded(seed: u64, apis: usize, workers: usize, mode: Mode) -> World {
    let mut world = World::new(seed, apis, workers, mode);
    let capacity = world.capacity();
    world.offer(Stream { class: Class::Critical, ..Stream::of("critical", 0.2 * capacity) });
    world.offer(Stream::of("normal", 4.8 * capacity));
    world.offer(Stream { class: Class::Sheddable, ..Stream::of("sheddable", 5.0 * capacity) });
    world
}

/// Plays a flood until its servers are known, then twenty seconds more.
fn known_by(seed: u64, seconds: f64, apis: usize, workers: usize) -> World {
    let mut world = flooded(seed, apis, workers, Mode::On);
    world.run(seconds);
    world.forget();
    world.run(20.0);
    world.say(&format!("{apis} servers of {workers} workers, ten times what they can do"));
    world
}

#[track_caller]
fn check(seed: u64, apis: usize, workers: usize) {
    let world = known_by(seed, 10.0, apis, workers);
    assert!(world.goodput() >= 0.9, "{}", world.goodput());
    let [critical, normal, sheddable] = [0, 1, 2].map(|stream| &world.became[stream]);
    assert!(critical.lost() < 0.005, "{}", critical.lost());
    assert!(normal.lost() < sheddable.lost());
    assert!(critical.quantile(0.99) < 0.3, "unloaded it takes up to 150 ms: {}", critical.quantile(0.99));
    assert_eq!(critical.failed + normal.failed + sheddable.failed, 0);
    // It doesn't swing, and probes cost little.
    let seconds = world.moments.chunks(10).map(|second| second.iter().map(|moment| moment.well).sum::<u64>());
    let worst = seconds.min().unwrap() as f64 / world.capacity();
    assert!(worst > 0.75, "the worst second did {worst} of what can be done");
}

#[test]
fn ten_times_the_load_keeps_servers_busy_and_quick_and_critical_calls_going() {
    check(1, 1, 100);
    for seed in 1..=3 {
        check(seed, 1, 20);
    }
    check(2, 3, 30);
}

#[test]
fn servers_of_few_workers_are_learned_too() {
    for (apis, workers) in [(1, 4), (5, 8)] {
        let world = known_by(1, 30.0, apis, workers);
        assert!(world.goodput() >= 0.85, "{}", world.goodput());
        assert!(world.became[0].lost() < 0.08, "{}", world.became[0].lost());
    }
}

#[test]
fn without_it_the_same_load_fells_the_servers() {
    let mut world = flooded(1, 1, 100, Mode::Off);
    world.run(10.0);
    world.say("the same, without overload control");
    assert!(world.goodput() < 0.7);
    let critical = &world.became[0];
    assert!(critical.failed > critical.offered / 2);
    assert_eq!(world.overload.counts(), Counts::default());
}

#[test]
fn in_shadow_all_go_and_what_would_be_refused_is_counted() {
    let mut world = flooded(1, 1, 20, Mode::Shadow);
    world.run(5.0);
    assert!(world.became.iter().all(|became| became.refused == 0));
    let full = world.overload.counts().full;
    assert!(full[Class::Sheddable as usize] > 1000, "{full:?}");
}
