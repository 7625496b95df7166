//! A fleet's whole life in virtual time, under load: started, killed, revived, grown, shrunk, hung, lost. Never here: a clock.

use std::collections::HashMap;
use std::num::NonZeroU32;

use tidegate::fleet::{Active, Basis, Check, Fleet, Lease, Outcome, Server, ServerId, Settings, State};
use tidegate_core::Time;

use crate::support::{Draws, OK, UNAVAILABLE, ms, settings, state, thousandths};

/// What a server does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Well,
    /// Nobody listens.
    Dead,
    /// Checks pass, and calls have no answer in time.
    Hanging,
    /// Everything is answered with 503.
    Unwell,
}

/// The servers as they are, a gateway that calls and checks them, and what it saw.
struct World {
    fleet: Fleet,
    modes: HashMap<&'static str, Mode>,
    now: u64,
    draws: Draws,
    running: Vec<(u64, Lease, Outcome)>,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    calls: u32,
    /// Calls that no server was left for.
    lost: u32,
    /// Calls that a server failed.
    failed: u32,
    per_server: HashMap<String, u32>,
}

/// One check of every server in so many milliseconds, one call in so many.
const CHECK_EVERY: u64 = 500;
const CALL_EVERY: u64 = 5;

fn listed(names: &[&str]) -> Settings {
    let two = NonZeroU32::new(2).unwrap();
    let servers = names.iter().map(|name| Server::new(*name)).collect();
    Settings { servers, active: Some(Active { rise: two, fall: two }), ..settings(&[]) }
}

impl World {
    fn new(names: &[&'static str]) -> World {
        World {
            fleet: Fleet::new(listed(names), Time::ZERO).unwrap(),
            modes: names.iter().map(|name| (*name, Mode::Well)).collect(),
            now: 0,
            draws: Draws(1),
            running: Vec::new(),
            seen: Seen::default(),
        }
    }

    /// Plays on until `end`, and hands out what was seen meanwhile.
    fn until(&mut self, end: u64) -> Seen {
        while self.now < end {
            self.now += 1;
            self.end_calls();
            if self.now.is_multiple_of(CHECK_EVERY) {
                self.check();
            }
            if self.now.is_multiple_of(CALL_EVERY) {
                self.call(&mut Vec::new());
            }
        }
        std::mem::take(&mut self.seen)
    }

    /// The first millisecond up to `end` at which limits count on so many thousandths.
    #[track_caller]
    fn until_counted(&mut self, wanted: u32, end: u64) -> u64 {
        while thousandths(&self.fleet, ms(self.now)) != wanted {
            assert!(self.now < end, "still {} at {end} ms", thousandths(&self.fleet, ms(self.now)));
            let seen = self.until(self.now + 1);
            assert_eq!(seen.lost, 0);
        }
        self.now
    }

    fn check(&mut self) {
        for (name, mode) in &self.modes {
            let check = match mode {
                Mode::Well | Mode::Hanging => Check::Passed,
                Mode::Unwell => Check::Failed,
                Mode::Dead => Check::Refused,
            };
            if let Some(server) = self.fleet.server(name) {
                self.fleet.checked(server, ms(self.now), check);
            }
        }
    }

    /// A call, made again elsewhere when it never reached a server.
    fn call(&mut self, not: &mut Vec<ServerId>) {
        let now = ms(self.now);
        self.seen.calls += u32::from(not.is_empty());
        let Ok(mut lease) = self.fleet.pick(now, self.draws.next(), not) else {
            self.seen.lost += 1;
            return;
        };
        *self.seen.per_server.entry(lease.name().to_owned()).or_default() += 1;
        let (lasts, outcome) = match self.modes[lease.name()] {
            Mode::Well => (20, OK),
            Mode::Hanging => (200, Outcome::TimedOut),
            Mode::Unwell => (1, UNAVAILABLE),
            Mode::Dead => {
                self.fleet.saw(&mut lease, now, Outcome::Refused);
                not.push(lease.server());
                return self.call(not);
            }
        };
        self.running.push((self.now + lasts, lease, outcome));
    }

    fn end_calls(&mut self) {
        let (ended, running) =
            std::mem::take(&mut self.running).into_iter().partition(|call| call.0 <= self.now);
        self.running = running;
        let ended: Vec<(u64, Lease, Outcome)> = ended;
        for (_, mut lease, outcome) in ended {
            self.seen.failed += u32::from(outcome != OK);
            self.fleet.saw(&mut lease, ms(self.now), outcome);
        }
    }

    fn state(&self, name: &str) -> State {
        state(&self.fleet, name, ms(self.now))
    }
}

#[test]
fn a_start_is_known_with_the_first_checks() {
    let mut world = World::new(&["a", "b", "c"]);
    assert_eq!(world.until(CHECK_EVERY - 1).lost, 0, "tried while nothing is known");
    assert_eq!(thousandths(&world.fleet, ms(world.now)), 1_000);
    assert_eq!(world.until_counted(3_000, 2_000), CHECK_EVERY);
}

#[test]
fn a_killed_server_loses_no_call_and_comes_back_within_two_seconds() {
    let mut world = World::new(&["a", "b", "c"]);
    world.until(10_000);
    world.modes.insert("b", Mode::Dead);
    let out = world.until_counted(2_000, 12_000);
    assert!(out < 10_500, "calls told before checks did: {out}");
    let seen = world.until(20_000);
    assert_eq!((seen.lost, seen.failed, seen.per_server.get("b")), (0, 0, None));
    assert_eq!(world.state("b"), State::Out);
    world.modes.insert("b", Mode::Well);
    assert!(world.until_counted(3_000, 22_000) <= 21_000);
    let seen = world.until(31_000);
    let share = f64::from(seen.per_server["b"]) / f64::from(seen.calls);
    assert!((0.28..0.39).contains(&share), "{share}");
}

#[test]
fn reloads_change_the_count_within_two_seconds_and_drain() {
    let mut world = World::new(&["a", "b", "c"]);
    world.until(5_000);
    for name in ["d", "e", "f"] {
        world.modes.insert(name, Mode::Well);
    }
    world.fleet.changed(listed(&["a", "b", "c", "d", "e", "f"]), ms(world.now)).unwrap();
    assert_eq!(thousandths(&world.fleet, ms(world.now)), 3_000, "unknown ones don't count yet");
    world.until_counted(6_000, 7_000);
    world.until(10_000);
    world.fleet.changed(listed(&["a", "f"]), ms(world.now)).unwrap();
    assert_eq!(thousandths(&world.fleet, ms(world.now)), 2_000, "at once");
    let is_draining =
        |world: &World| world.fleet.view(ms(world.now)).iter().any(|server| server.state == State::Draining);
    assert!(is_draining(&world));
    let seen = world.until(10_100);
    assert!(!is_draining(&world));
    assert_eq!((seen.lost, seen.failed), (0, 0), "calls on their way were finished");
    assert!(seen.per_server.keys().all(|name| name == "a" || name == "f"));
}

#[test]
fn a_server_that_passes_checks_and_hangs_is_tried_less_and_less_often() {
    let mut world = World::new(&["a", "b", "c"]);
    world.until(10_000);
    world.modes.insert("b", Mode::Hanging);
    let first = world.until(20_000);
    let later = world.until(80_000);
    let per_minute = |seen: &Seen, seconds: u32| seen.failed * 60 / seconds;
    assert!(per_minute(&first, 10) > 2 * per_minute(&later, 60), "{} {}", first.failed, later.failed);
    // Back-offs of 1, 2, 4, .. 60 s in a minute and a half: a few flights of failures, of 18,000 calls.
    assert!(first.failed + later.failed < 300, "{} + {}", first.failed, later.failed);
    assert_eq!((first.lost, later.lost), (0, 0));
    world.modes.insert("b", Mode::Well);
    world.until_counted(3_000, 150_000);
    assert_eq!(world.until(152_000).failed, 0);
}

#[test]
fn when_everything_is_unwell_calls_still_go_and_the_first_good_moment_is_found() {
    let mut world = World::new(&["a", "b", "c"]);
    world.until(10_000);
    for mode in world.modes.values_mut() {
        *mode = Mode::Unwell;
    }
    let seen = world.until(20_000);
    assert_eq!((seen.lost, world.fleet.routing(ms(world.now)).servers), (0, 0));
    assert!(seen.per_server.len() == 3 && thousandths(&world.fleet, ms(world.now)) == 1_000);
    world.modes.insert("c", Mode::Well);
    let back = world.until(21_100);
    assert_eq!((back.lost, world.state("c")), (0, State::InRouting));
    let seen = world.until(25_000);
    assert_eq!((seen.failed, seen.per_server["c"]), (0, seen.calls));
    assert_eq!(world.fleet.routing(ms(world.now)).basis, Basis::Checks);
}

#[test]
fn when_everything_is_dead_calls_are_told_so_at_once_and_service_returns_by_itself() {
    let mut world = World::new(&["a", "b"]);
    world.until(10_000);
    for mode in world.modes.values_mut() {
        *mode = Mode::Dead;
    }
    let seen = world.until(20_000);
    assert_eq!(seen.lost, seen.calls);
    assert!(seen.per_server.values().sum::<u32>() < 700, "few are tried in vain: {:?}", seen.per_server);
    for mode in world.modes.values_mut() {
        *mode = Mode::Well;
    }
    world.until(21_000);
    assert_eq!(world.until(30_000).lost, 0);
    assert_eq!(thousandths(&world.fleet, ms(world.now)), 2_000);
}
