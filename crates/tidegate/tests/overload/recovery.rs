//! Servers that become slow, fail, or fall over, and are well again. Never here: servers that stay as they are.

use tidegate::overload::{Class, Mode};

use crate::api::Api;
use crate::callers::Stream;
use crate::world::World;

/// A server used to eight tenths, by calls of all classes; what happens to it; five seconds for noticing; ten more.
fn in_trouble(seed: u64, title: &str, trouble: fn(&mut Api)) -> World {
    let mut world = World::new(seed, 1, 100, Mode::On);
    world.offer(Stream { class: Class::Critical, ..Stream::of("critical", 100.0) });
    world.offer(Stream::of("normal", 500.0));
    world.offer(Stream { class: Class::Sheddable, ..Stream::of("sheddable", 200.0) });
    world.run(10.0);
    world.forget();
    trouble(&mut world.apis[0]);
    world.run(5.0);
    world.say(&format!("{title}: the first 5 s"));
    world.forget();
    world.run(10.0);
    world.say(&format!("{title}: the next 10 s"));
    world
}

/// The server is well again: within so many seconds nearly nothing is refused any more, of no class.
#[track_caller]
fn check_recovery(mut world: World, seconds: f64) {
    let was = Api::new(100);
    let api = &mut world.apis[0];
    (api.workers, api.slower, api.failing) = (was.workers, was.slower, was.failing);
    world.run(seconds);
    world.forget();
    world.run(10.0);
    world.say(&format!("{seconds} s after all is well again"));
    for became in &world.became {
        assert!(became.lost() < 0.02, "{}", became.lost());
    }
}

#[test]
fn a_server_that_is_three_times_as_slow_gets_a_third_and_stays_answering() {
    for seed in 1..=3 {
        let world = in_trouble(seed, "three times as slow", |api| api.slower = 3.0);
        assert!(world.goodput() > 0.85 / 3.0, "{}", world.goodput());
        let [critical, normal, sheddable] = [0, 1, 2].map(|stream| &world.became[stream]);
        assert!(critical.lost() < 0.02, "{}", critical.lost());
        assert!(normal.quantile(0.99) < 0.9, "unloaded it takes up to 450 ms: {}", normal.quantile(0.99));
        assert!(sheddable.lost() > normal.lost());
        check_recovery(world, 4.0);
    }
}

#[test]
fn a_server_that_loses_two_thirds_of_its_workers_is_as_quick_as_before() {
    let mut world = in_trouble(1, "a third of its workers", |api| api.workers = 33);
    world.forget();
    world.run(10.0);
    assert!(world.goodput() > 0.85, "{}", world.goodput());
    assert!(world.became[0].lost() < 0.02, "{}", world.became[0].lost());
    let normal = world.became[1].quantile(0.99);
    assert!(normal < 0.3, "{normal}");
    check_recovery(world, 4.0);
}

#[test]
fn a_server_that_fails_is_hardly_called_and_called_again_when_it_is_well() {
    let world = in_trouble(1, "all calls fail", |api| api.failing = 1.0);
    let [offered, failed] =
        world.became.iter().fold([0, 0], |sum, became| [sum[0] + became.offered, sum[1] + became.failed]);
    assert!(failed < offered / 10, "{failed} of {offered}");
    check_recovery(world, 10.0);
}

#[test]
fn a_server_that_fails_half_of_its_calls_recovers_too() {
    check_recovery(in_trouble(1, "half of the calls fail", |api| api.failing = 0.5), 10.0);
}

#[test]
fn a_few_failures_whatever_the_load_are_no_overload() {
    let world = in_trouble(1, "a tenth of the calls fail", |api| api.failing = 0.1);
    assert!(world.became.iter().all(|became| became.lost() < 0.05));
}
