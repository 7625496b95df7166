//! A fleet that everybody uses at once. Never here: what can be shown with one thread.

use std::num::NonZeroU32;

use tidegate::fleet::{Check, Fleet, Outcome, Server, Settings, State};
use tidegate_core::Time;

use crate::support::{Draws, OK, checked, id, ms};

const ROUNDS: u64 = 5_000;

/// Six servers, or four of them, each with a bound.
fn bounded(servers: usize) -> Settings {
    let mut settings = checked(&[1_000; 6][..servers]);
    for server in &mut settings.servers {
        *server = Server { at_once: NonZeroU32::new(3), ..server.clone() };
    }
    settings
}

/// Calls, with an eye on the bound.
fn call(fleet: &Fleet, seed: u64) {
    let (mut draws, mut held) = (Draws(seed), Vec::new());
    for round in 0..ROUNDS {
        if let Ok(mut lease) = fleet.pick(ms(round), draws.next(), &[]) {
            let outcome = if draws.below(4) == 0 { Outcome::Broke } else { OK };
            fleet.saw(&mut lease, ms(round), outcome);
            held.push(lease);
        }
        if draws.below(3) == 0 {
            held.clear();
        }
    }
}

#[test]
fn calls_checks_and_reloads_at_once_leave_nothing_behind() {
    let fleet = Fleet::new(bounded(6), Time::ZERO).unwrap();
    std::thread::scope(|scope| {
        for seed in 1..4 {
            let fleet = &fleet;
            scope.spawn(move || call(fleet, seed));
        }
        scope.spawn(|| {
            for round in 0..ROUNDS {
                fleet.checked(id(&fleet, "a"), ms(round), Check::Passed);
                fleet.checked(id(&fleet, "b"), ms(round), Check::Refused);
                if round % 10 == 0 {
                    fleet.changed(bounded(4 + 2 * (round as usize / 10 % 2)), ms(round)).unwrap();
                }
                let view = fleet.view(ms(round));
                assert!(view.iter().all(|server| server.in_flight <= 3), "{view:?}");
            }
        });
    });
    let view = fleet.view(ms(ROUNDS));
    assert!(view.iter().all(|server| server.in_flight == 0 && server.state != State::Draining));
    let counted: u64 = view.iter().map(|server| server.counts.answered).sum();
    assert!(counted > 0);
}
