//! Which server gets the next call: the least loaded of two that are drawn. Never here: who may get calls at all.

use std::fmt;
use std::sync::Arc;

use super::lease::{Lease, Turn};
use super::member::{Member, ServerId};
use super::weight::Weight;

/// How often a look at rows of failures is left out: in one pick of so many.
const ONE_OF: u64 = 16;

/// The servers that may get calls, as they are between two changes.
#[derive(Debug, Default)]
pub(super) struct Choice {
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    member: Arc<Member>,
    turn: Turn,
    epoch: u32,
    weight: u32,
    /// The weights of all places up to this one: where its part of the line of draws ends.
    ends: u64,
}

/// Why no server was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unpicked {
    /// Every server that could take the call is at its bound: a place comes free when a call ends.
    Full,
    /// No server is in routing, or none but those that weren't to be picked.
    NoneInRouting,
}

impl fmt::Display for Unpicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unpicked::Full => "every server has as many calls in flight as it may",
            Unpicked::NoneInRouting => "no server is in routing that this call could go to",
        })
    }
}

impl std::error::Error for Unpicked {}

impl Choice {
    /// One more server to choose from.
    pub(super) fn add(&mut self, member: &Arc<Member>, turn: Turn, epoch: u32, weight: Weight) {
        let weight = weight.as_thousandths();
        let ends = self.total() + u64::from(weight);
        self.places.push(Place { member: Arc::clone(member), turn, epoch, weight, ends });
    }

    /// Draws two servers by weight, and takes the one with fewer calls in flight for its weight; of equals the one
    /// that was drawn first, so that idle servers get calls by weight. Where neither can take the call, the least
    /// loaded of all that can.
    ///
    /// Failed calls in a row count as if they were in flight: a server that fails at once never has many of those,
    /// and would draw all calls. One pick in 16 looks away, and finds out who has got well.
    pub(super) fn pick(&self, draw: u64, not: &[ServerId]) -> Result<Lease, Unpicked> {
        let Some((first, second)) = self.drawn(draw) else { return Err(Unpicked::NoneInRouting) };
        let eye = if draw.is_multiple_of(ONE_OF) { Eye::Calls } else { Eye::CallsAndFailures };
        let (better, other) =
            if second.is_lighter_than(first, eye) { (second, first) } else { (first, second) };
        match better.take(not).or_else(|| other.take(not)) {
            Some(lease) => Ok(lease),
            None => self.pick_of_all(not),
        }
    }

    /// Two places, different ones if there are two.
    fn drawn(&self, draw: u64) -> Option<(&Place, &Place)> {
        let total = self.total();
        let first = self.at(scaled(draw >> 32, total))?;
        // The second is drawn from the line without the first one's part.
        let point = scaled(draw & u64::from(u32::MAX), total - u64::from(first.weight));
        let is_behind = point >= first.ends - u64::from(first.weight);
        let second = self.at(if is_behind { point + u64::from(first.weight) } else { point });
        Some((first, second.unwrap_or(first)))
    }

    #[cold]
    fn pick_of_all(&self, not: &[ServerId]) -> Result<Lease, Unpicked> {
        let allowed = || self.places.iter().filter(|place| !not.contains(&place.member.id()));
        let free = allowed().filter(|place| place.has_room());
        let best = free.reduce(
            |best, place| if place.is_lighter_than(best, Eye::CallsAndFailures) { place } else { best },
        );
        // The best one's last place may just have been taken.
        let lease =
            best.and_then(|place| place.take(not)).or_else(|| allowed().find_map(|place| place.take(not)));
        lease.ok_or(if allowed().next().is_some() { Unpicked::Full } else { Unpicked::NoneInRouting })
    }

    fn total(&self) -> u64 {
        self.places.last().map_or(0, |place| place.ends)
    }

    /// The place whose part of the line a point lies on.
    fn at(&self, point: u64) -> Option<&Place> {
        self.places.get(self.places.partition_point(|place| place.ends <= point))
    }
}

impl Place {
    fn take(&self, not: &[ServerId]) -> Option<Lease> {
        if not.contains(&self.member.id()) {
            return None;
        }
        Lease::take(&self.member, self.turn, self.epoch)
    }

    fn has_room(&self) -> bool {
        self.member.has_room() && !(self.turn == Turn::Trial && self.member.is_on_trial())
    }

    fn is_lighter_than(&self, other: &Place, eye: Eye) -> bool {
        // In 128 bits nothing wraps.
        self.load(eye) * u128::from(other.weight) < other.load(eye) * u128::from(self.weight)
    }

    fn load(&self, eye: Eye) -> u128 {
        let failed = match eye {
            Eye::Calls => 0,
            Eye::CallsAndFailures => self.member.failed(),
        };
        u128::from(self.member.in_flight()) + u128::from(failed)
    }
}

/// What is looked at to compare two servers.
#[derive(Clone, Copy, Debug)]
enum Eye {
    Calls,
    CallsAndFailures,
}

/// 32 random bits brought down to `0..total`; 0 for a total of 0.
fn scaled(bits: u64, total: u64) -> u64 {
    ((u128::from(bits) * u128::from(total)) >> 32) as u64
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn choice(servers: &[(u32, Turn, Option<u32>)]) -> Choice {
        let mut choice = Choice::default();
        for (id, (weight, turn, at_once)) in (0..).zip(servers) {
            let member = Member::new(ServerId(id), "", at_once.and_then(NonZeroU32::new));
            choice.add(&Arc::new(member), *turn, 0, Weight::from_thousandths(*weight).unwrap());
        }
        choice
    }

    const ROUTED: (u32, Turn, Option<u32>) = (1_000, Turn::Routed, None);

    #[test]
    fn two_different_servers_are_drawn_at_every_point_of_the_line() {
        let choice = choice(&[ROUTED, (1, Turn::Routed, None), (500, Turn::Routed, None)]);
        for step in 0..=1_000u64 {
            for other in [0, step, u64::from(u32::MAX)] {
                let draw = (step * u64::from(u32::MAX) / 1_000) << 32 | other;
                let (first, second) = choice.drawn(draw).unwrap();
                assert_ne!(first.member.id(), second.member.id(), "{draw:#x}");
            }
        }
    }

    #[test]
    fn a_server_alone_is_drawn_twice_and_none_not_at_all() {
        let alone = choice(&[ROUTED]);
        assert!(alone.pick(u64::MAX, &[]).is_ok());
        assert_eq!(choice(&[]).pick(0, &[]).unwrap_err(), Unpicked::NoneInRouting);
    }

    #[test]
    fn what_neither_drawn_server_takes_goes_to_the_least_loaded_of_the_others() {
        let choice = choice(&[ROUTED, ROUTED, ROUTED, ROUTED]);
        let not = [ServerId(0), ServerId(1)];
        let held: Vec<Lease> = (0..10).map(|_| choice.pick(0, &not).unwrap()).collect();
        let on = |id: u32| held.iter().filter(|lease| lease.server() == ServerId(id)).count();
        assert_eq!([on(0), on(1), on(2), on(3)], [0, 0, 5, 5]);
    }

    #[test]
    fn full_isn_t_none_in_routing() {
        let choice = choice(&[(1_000, Turn::Routed, Some(1)), (1_000, Turn::Routed, Some(1))]);
        let first = choice.pick(0, &[]).unwrap();
        assert!(choice.pick(0, &[first.server()]).is_ok(), "dropped at once");
        let second = choice.pick(0, &[]).unwrap();
        assert_ne!(first.server(), second.server());
        assert_eq!(choice.pick(0, &[]).unwrap_err(), Unpicked::Full);
        let both = [first.server(), second.server()];
        assert_eq!(choice.pick(0, &both).unwrap_err(), Unpicked::NoneInRouting);
        drop(first);
        assert!(choice.pick(u64::MAX, &[]).is_ok());
    }

    #[test]
    fn a_server_that_fails_at_once_is_only_looked_at_now_and_then() {
        let choice = choice(&[ROUTED, ROUTED]);
        choice.places[0].member.fail();
        let meets_it = |draw: u64| choice.pick(draw, &[]).unwrap().server() == ServerId(0);
        assert!((1..ONE_OF).all(|draw| !meets_it(draw)));
        assert!(meets_it(0));
        choice.places[0].member.end_row();
        assert!((1..ONE_OF).all(meets_it), "drawn first");
    }

    #[test]
    fn a_trial_takes_one_call_at_a_time() {
        let choice = choice(&[(1_000, Turn::Trial, None)]);
        let trial = choice.pick(0, &[]).unwrap();
        assert_eq!(choice.pick(0, &[]).unwrap_err(), Unpicked::Full);
        drop(trial);
        assert!(choice.pick(0, &[]).is_ok());
    }
}
