//! What tests of fleets share: settings, seeded draws, outcomes. Never here: a test.

use std::time::Duration;

use http::StatusCode;
use tidegate::fleet::{Active, Fleet, Lease, Outcome, Server, ServerId, Settings, State, Weight};
use tidegate_core::Time;

pub(crate) const OK: Outcome = Outcome::answered(StatusCode::OK);
pub(crate) const UNAVAILABLE: Outcome = Outcome::answered(StatusCode::SERVICE_UNAVAILABLE);

/// So many milliseconds after the epoch.
pub(crate) fn ms(millis: u64) -> Time {
    Time::ZERO.later(Duration::from_millis(millis))
}

/// Servers `a`, `b`, `c`, .. of these thousandths, judged by their calls alone.
pub(crate) fn settings(weights: &[u32]) -> Settings {
    let named = ('a'..='z').zip(weights).map(|(name, weight)| Server {
        weight: Weight::from_thousandths(*weight).unwrap(),
        ..Server::new(name.to_string())
    });
    Settings::new(named.collect())
}

/// The same, checked: two to rise, three to fall.
pub(crate) fn checked(weights: &[u32]) -> Settings {
    Settings { active: Some(Active::default()), ..settings(weights) }
}

pub(crate) fn thousandths(fleet: &Fleet, now: Time) -> u32 {
    fleet.routing(now).weight.as_thousandths()
}

pub(crate) fn id(fleet: &Fleet, name: &str) -> ServerId {
    fleet.server(name).unwrap()
}

pub(crate) fn state(fleet: &Fleet, name: &str, now: Time) -> State {
    fleet.view(now).iter().find(|server| *server.name == *name).unwrap().state
}

/// A call that goes to this server, whatever is drawn.
pub(crate) fn call(fleet: &Fleet, name: &str, now: Time) -> Lease {
    let others: Vec<ServerId> =
        fleet.view(now).iter().filter(|server| *server.name != *name).map(|server| server.id).collect();
    fleet.pick(now, 0, &others).unwrap()
}

/// A call to this server that ends at once, so.
pub(crate) fn ends(fleet: &Fleet, name: &str, now: Time, outcome: Outcome) {
    fleet.saw(&mut call(fleet, name, now), now, outcome);
}

/// Draws from a seed: splitmix64.
#[derive(Debug)]
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
