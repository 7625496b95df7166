//! Refusals and passes that say who shares a limit, told one by one. Never here: the rules.

use super::*;

fn home(path: &str) -> Key {
    let (parts, ()) = http::Request::new(()).into_parts();
    Key::new(&parts, path)
}

fn at(seconds: u64) -> Time {
    Time::from_secs(1_000 + seconds)
}

#[derive(Default)]
struct World(Signs);

impl World {
    /// A call that is answered a second after it was sent, at `seconds`, and told to wait for ten.
    fn refuse(&mut self, path: &str, seconds: u64) -> bool {
        let told = Told { since: at(seconds), until: at(seconds + 10) };
        self.0.refused(&home(path), at(seconds - 1), told, None)
    }

    fn pass(&mut self, path: &str, seconds: u64, limit: Option<u64>) -> bool {
        self.0.passed(&home(path), at(seconds - 1), at(seconds), limit)
    }

    fn of(&self, path: &str) -> String {
        self.0.of(&home(path)).name.resource().to_owned()
    }
}

/// `/b` was refused in two waits of `/a`.
fn shared() -> World {
    let mut world = World::default();
    assert!(!world.refuse("/a", 100));
    assert!(!world.refuse("/b", 102));
    assert!(!world.refuse("/a", 200));
    assert!(world.refuse("/b", 202));
    assert_eq!((world.of("/a"), world.of("/b")), ("/a".into(), "/a".into()));
    world
}

#[test]
fn two_signs_at_two_waits_make_templates_share_a_bucket() {
    let world = shared();
    assert_eq!(world.of("/c"), "/c");
}

#[test]
fn ten_refusals_in_one_wait_are_one_sign() {
    let mut world = World::default();
    world.refuse("/a", 100);
    assert!((102..109).all(|seconds| !world.refuse("/b", seconds)));
    assert_eq!(world.of("/b"), "/b");
}

#[test]
fn what_was_sent_before_the_wait_is_no_sign() {
    let mut world = World::default();
    for seconds in [100, 200, 300] {
        world.refuse("/a", seconds);
        assert!(!world.refuse("/b", seconds), "it was under way");
        world.pass("/c", seconds, None);
    }
    for seconds in [400, 500] {
        world.refuse("/a", seconds);
        world.refuse("/c", seconds + 2);
    }
    assert_eq!((world.of("/b"), world.of("/c")), ("/b".into(), "/a".into()));
}

#[test]
fn one_that_passes_inside_the_wait_keeps_them_apart_for_an_hour() {
    let mut world = World::default();
    world.refuse("/a", 100);
    world.refuse("/b", 102);
    world.refuse("/a", 200);
    world.pass("/b", 202, None);
    for seconds in [204, 300, 400] {
        world.refuse("/a", seconds);
        world.refuse("/b", seconds + 2);
    }
    assert_eq!(world.of("/b"), "/b");
    for seconds in [4_000, 4_100] {
        world.refuse("/a", seconds);
        world.refuse("/b", seconds + 2);
    }
    assert_eq!(world.of("/b"), "/a");
}

#[test]
fn the_last_second_of_a_wait_is_no_sign_of_either_kind() {
    let mut world = World::default();
    for seconds in [100, 200, 300] {
        world.refuse("/a", seconds);
        let (sent, until) = (at(seconds + 9), at(seconds + 10));
        assert!(!world.0.refused(&home("/b"), sent, Told { since: sent, until }, None));
    }
    for seconds in [400, 500] {
        world.refuse("/a", seconds);
        world.refuse("/b", seconds + 5);
        world.0.passed(&home("/b"), at(seconds + 9), at(seconds + 9), None);
    }
    assert_eq!(world.of("/b"), "/a", "nothing spoke against it");
}

#[test]
fn another_limit_announced_parts_them_at_once() {
    let mut world = shared();
    assert!(!world.pass("/a", 300, Some(100)));
    assert!(!world.pass("/b", 301, Some(100)));
    assert!(world.pass("/b", 302, Some(500)));
    assert_eq!(world.of("/b"), "/b");
    for seconds in [400, 500] {
        world.refuse("/a", seconds);
        assert!(!world.refuse("/b", seconds + 2), "it is known that they are apart");
    }
}

#[test]
fn after_an_hour_it_is_tried_anew() {
    let mut world = shared();
    assert!(!world.pass("/a", 3_801, None));
    assert!(world.pass("/a", 3_802, None));
    assert_eq!(world.of("/b"), "/b");
    world.refuse("/b", 3_900);
    assert!(!world.refuse("/a", 3_902));
    world.refuse("/b", 4_000);
    assert!(world.refuse("/a", 4_002));
    assert_eq!(world.of("/a"), "/b");
}

#[test]
fn a_third_joins_all_that_share() {
    let mut world = shared();
    world.refuse("/b", 300);
    world.refuse("/c", 302);
    world.refuse("/a", 400);
    assert!(world.refuse("/c", 402));
    assert_eq!((world.of("/b"), world.of("/c")), ("/a".into(), "/a".into()));
}

#[test]
fn a_thousand_templates_stay_within_bounds() {
    let mut world = World::default();
    for round in 0..4 {
        for number in 0..1_000 {
            world.refuse(&format!("/{number}"), 100 + round * 5_000 + number / 200);
        }
    }
    let family = world.0.0.values().next().unwrap();
    assert!(family.told.len() <= MOST_MEMBERS && family.pairs.len() <= MOST_PAIRS);
    assert!(family.members.len() <= MOST_MEMBERS);
}
