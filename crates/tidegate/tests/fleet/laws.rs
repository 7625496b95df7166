//! What holds whatever happens to a fleet, in random worlds. Never here: one rule's own story.

use std::num::NonZeroU32;
use std::time::Duration;

use http::StatusCode;
use proptest::prelude::*;
use tidegate::fleet::{
    Active, Basis, Check, Fleet, Lease, Outcome, Routing, ServerId, ServerView, Settings, State, Unpicked,
    Weight,
};
use tidegate_core::Time;

use crate::support::{checked, id, ms, settings, state};

/// Something that happens. Numbers choose among what is there at the time.
#[derive(Clone, Debug)]
enum Act {
    Wait(u64),
    Check(usize, Check),
    Pick(u64, Option<usize>),
    Saw(usize, Outcome),
    Drop(usize),
    Bound(usize, u32),
    Change(usize),
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let answers = (prop_oneof![Just(200u16), Just(500), Just(503)], prop::option::of(0..20u64));
    let answers = answers.prop_map(|(status, wait)| Outcome::Answered {
        status: StatusCode::from_u16(status).unwrap(),
        retry_after: wait.map(Duration::from_secs),
    });
    prop_oneof![answers, Just(Outcome::Refused), Just(Outcome::Broke), Just(Outcome::TimedOut)]
}

fn checks() -> impl Strategy<Value = Check> {
    prop_oneof![Just(Check::Passed), Just(Check::Failed), Just(Check::Refused)]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        2 => (0..3_000u64).prop_map(Act::Wait),
        3 => (any::<usize>(), checks()).prop_map(|(server, check)| Act::Check(server, check)),
        6 => (any::<u64>(), prop::option::of(any::<usize>())).prop_map(|(draw, not)| Act::Pick(draw, not)),
        6 => (any::<usize>(), outcomes()).prop_map(|(lease, outcome)| Act::Saw(lease, outcome)),
        4 => any::<usize>().prop_map(Act::Drop),
        1 => (any::<usize>(), 0..4u32).prop_map(|(server, most)| Act::Bound(server, most)),
        1 => any::<usize>().prop_map(Act::Change),
    ];
    prop::collection::vec(act, 1..200)
}

/// The settings that worlds change between: other servers, weights, bounds, checks.
fn variants(is_checked: bool) -> Vec<Settings> {
    let of = if is_checked { checked } else { settings };
    let mut tried = of(&[1_000, 500, 2_000]);
    if let Some(rules) = &mut tried.passive {
        (rules.failures, rules.longest_set_aside) = (NonZeroU32::MIN, Some(Duration::from_secs(4)));
    }
    let bounds = (Weight::from_thousandths(1_200), Weight::from_thousandths(2_400));
    vec![
        Settings { floor: bounds.0, ceiling: bounds.1, ..of(&[1_000; 4]) },
        tried,
        Settings { passive: None, ..of(&[250, 1_000]) },
        of(&[1_000; 6]),
    ]
}

/// A fleet, and what the world knows of it.
struct World {
    fleet: Fleet,
    settings: Settings,
    now: Time,
    leases: Vec<Lease>,
    /// The picks that were trials and aren't decided, by their server.
    trials: Vec<ServerId>,
    routing: Routing,
}

impl World {
    fn new(settings: Settings) -> World {
        let fleet = Fleet::new(settings.clone(), Time::ZERO).unwrap();
        let routing = fleet.routing(Time::ZERO);
        World { fleet, settings, now: Time::ZERO, leases: Vec::new(), trials: Vec::new(), routing }
    }

    fn play(&mut self, act: Act, variants: &[Settings]) {
        let before = self.fleet.routing(self.now).servers;
        match act {
            Act::Wait(millis) => self.now = self.now.later(Duration::from_millis(millis)),
            Act::Check(server, check) => {
                let server = self.any_server(server);
                self.fleet.checked(server, self.now, check);
            }
            Act::Pick(draw, not) => self.pick(draw, not),
            Act::Saw(lease, outcome) if !self.leases.is_empty() => {
                let index = lease % self.leases.len();
                self.trials.retain(|trial| *trial != self.leases[index].server());
                self.fleet.saw(&mut self.leases[index], self.now, outcome);
                let after = self.fleet.routing(self.now).servers;
                assert!(before == 0 || after > 0, "a call took the last one out");
            }
            Act::Drop(lease) if !self.leases.is_empty() => {
                let lease = self.leases.swap_remove(lease % self.leases.len());
                self.trials.retain(|trial| *trial != lease.server());
            }
            Act::Bound(server, most) => {
                self.fleet.set_at_once(self.any_server(server), NonZeroU32::new(most));
            }
            Act::Change(variant) => {
                self.settings = variants[variant % variants.len()].clone();
                self.fleet.changed(self.settings.clone(), self.now).unwrap();
            }
            Act::Saw(..) | Act::Drop(_) => {}
        }
        self.hold();
    }

    fn any_server(&self, number: usize) -> ServerId {
        let name = &self.settings.servers[number % self.settings.servers.len()].name;
        id(&self.fleet, name)
    }

    fn pick(&mut self, draw: u64, not: Option<usize>) {
        let not: Vec<ServerId> = not.map(|server| self.any_server(server)).into_iter().collect();
        let view = self.fleet.view(self.now);
        let may = |server: &&ServerView| !not.contains(&server.id);
        let has_room = |server: &ServerView| server.at_once.is_none_or(|most| server.in_flight < most.get());
        let in_routing: Vec<&ServerView> =
            view.iter().filter(|server| server.state == State::InRouting).collect();
        match self.fleet.pick(self.now, draw, &not) {
            Ok(lease) => {
                let picked = view.iter().find(|server| server.id == lease.server()).unwrap();
                assert!(has_room(picked) && may(&picked) && picked.state != State::Draining);
                if !in_routing.is_empty() {
                    assert!(matches!(picked.state, State::InRouting | State::Trial), "{picked:?}");
                }
                if !in_routing.is_empty() && picked.state == State::Trial {
                    assert!(!self.trials.contains(&picked.id), "two at a time on trial");
                    self.trials.push(picked.id);
                }
                self.leases.push(lease);
            }
            Err(why) => {
                let left: Vec<_> = in_routing.into_iter().filter(may).collect();
                assert!(!left.iter().any(|server| has_room(server)), "{why}: {view:?}");
                assert!(left.is_empty() || why == Unpicked::Full);
            }
        }
    }

    /// What holds after every act.
    fn hold(&mut self) {
        let routing = self.fleet.routing(self.now);
        let view = self.fleet.view(self.now);
        let in_routing = || view.iter().filter(|server| server.state == State::InRouting);
        assert_eq!(routing.servers as usize, in_routing().count());
        let lightest = self.settings.servers.iter().map(|server| server.weight).min().unwrap();
        let ceiling = self.settings.ceiling.map_or(u32::MAX, Weight::as_thousandths);
        let floor = self.settings.floor.unwrap_or(lightest).as_thousandths().min(ceiling);
        let weight = routing.weight.as_thousandths();
        assert!((floor..=ceiling).contains(&weight), "{routing:?}");
        if !matches!(routing.basis, Basis::LastKnown | Basis::Nothing) {
            let sum: u32 = in_routing().map(|server| server.weight.as_thousandths()).sum();
            assert_eq!(weight, sum.clamp(floor, ceiling), "{routing:?}");
        }
        let is_new = Routing { generation: 0, ..routing } != Routing { generation: 0, ..self.routing };
        assert!(!is_new || routing.generation > self.routing.generation, "a change without a number");
        assert_eq!(self.fleet.generation(self.now), routing.generation);
        self.routing = routing;
        let in_flight: u32 = view.iter().map(|server| server.in_flight).sum();
        assert_eq!(in_flight as usize, self.leases.len());
    }
}

proptest! {
    #[test]
    fn no_call_goes_astray_and_the_factor_keeps_its_bounds(
        acts in acts(),
        checks in prop_oneof![Just(vec![true]), Just(vec![false]), Just(vec![true, false])],
    ) {
        let variants: Vec<Settings> = checks.iter().flat_map(|is_checked| variants(*is_checked)).collect();
        let mut world = World::new(variants[0].clone());
        for act in acts {
            world.play(act, &variants);
        }
        world.leases.clear();
        let left = world.fleet.view(world.now);
        assert!(left.iter().all(|server| server.in_flight == 0 && server.state != State::Draining));
    }

    #[test]
    fn a_server_turns_only_on_a_whole_row_of_checks(
        checks in prop::collection::vec(any::<bool>(), 1..100),
        rise in 1..5u32,
        fall in 1..5u32,
    ) {
        let some = |number| NonZeroU32::new(number).unwrap();
        let active = Some(Active { rise: some(rise), fall: some(fall) });
        let fleet = Fleet::new(Settings { active, ..settings(&[1_000, 1_000]) }, Time::ZERO).unwrap();
        let mut is_in = None;
        for (turn, passed) in checks.iter().enumerate() {
            let check = if *passed { Check::Passed } else { Check::Failed };
            fleet.checked(id(&fleet, "a"), ms(turn as u64), check);
            // Counted anew each time: the checks of one kind that end the list so far.
            let row = checks[..=turn].iter().rev().take_while(|other| *other == passed).count() as u32;
            let enough = if *passed { rise } else { fall };
            is_in = Some(if row >= enough { *passed } else { is_in.unwrap_or(*passed) });
            let state = state(&fleet, "a", ms(turn as u64));
            prop_assert_eq!(state, if is_in == Some(true) { State::InRouting } else { State::Out });
        }
    }

    #[test]
    fn a_server_that_flaps_faster_than_its_rows_stays_where_it_was(
        rows in prop::collection::vec((1..3usize, 1..2usize), 1..50),
    ) {
        // At most two failures and one pass in a row, where three take out and two bring in.
        let fleet = Fleet::new(checked(&[1_000, 1_000]), Time::ZERO).unwrap();
        let [a, b] = ["a", "b"].map(|name| id(&fleet, name));
        fleet.checked(a, ms(0), Check::Passed);
        fleet.checked(b, ms(0), Check::Failed);
        let generation = fleet.generation(ms(0));
        for (failures, passes) in rows {
            for check in [vec![Check::Failed; failures], vec![Check::Passed; passes]].concat() {
                fleet.checked(a, ms(0), check);
                fleet.checked(b, ms(0), check);
            }
        }
        prop_assert_eq!((fleet.routing(ms(0)).servers, fleet.generation(ms(0))), (1, generation));
    }
}
