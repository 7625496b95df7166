//! Which server a call meets. Never here: what it does there.

use tidegate_core::Time;

use super::call::Token;
use crate::chance::{Chance, mix};
use crate::scenario::Routing;
use crate::timeline::Timeline;

/// Puts calls on servers.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    routing: Routing,
    chance: Chance,
    calls: u64,
}

impl Router {
    pub(crate) fn new(routing: Routing, seed: u64) -> Router {
        Router { routing, chance: Chance::new(seed, "routing"), calls: 0 }
    }

    /// The server for the next call, if there is any.
    pub(crate) fn route(&mut self, timeline: &Timeline, now: Time, token: Token) -> Option<u32> {
        let servers = timeline.present(now).count() as u64;
        if servers == 0 {
            return None;
        }
        self.calls += 1;
        let place = match self.routing {
            Routing::Random => self.chance.below(servers),
            Routing::RoundRobin => (self.calls - 1) % servers,
            Routing::Sticky => mix(token.0) % servers,
        };
        timeline.present(now).nth(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The servers of twelve calls of two tokens in turn.
    fn routed(routing: Routing) -> Vec<u32> {
        let text = "servers = 3\n[[change]]\nat = \"1 s\"\nleaves = 2\n";
        let timeline = Timeline::new(&text.parse().unwrap(), 1);
        let mut router = Router::new(routing, 1);
        let mut route = |call: u64| router.route(&timeline, Time::from_secs(call / 6), Token(call % 2));
        (0..12).map(|call| route(call).unwrap()).collect()
    }

    #[test]
    fn round_robin_goes_round_and_leaves_out_who_left() {
        assert_eq!(routed(Routing::RoundRobin), [1, 2, 3, 1, 2, 3, 1, 3, 1, 3, 1, 3]);
    }

    #[test]
    fn sticky_stays_with_a_server_while_the_fleet_stays() {
        let servers = routed(Routing::Sticky);
        for token in [0, 1] {
            assert!(servers[..6].iter().skip(token).step_by(2).all(|server| *server == servers[token]));
        }
    }

    #[test]
    fn random_meets_them_all_but_who_left() {
        let servers = routed(Routing::Random);
        assert!((1..=3).all(|server| servers[..6].contains(&server)), "{servers:?}");
        assert!(!servers[6..].contains(&2), "{servers:?}");
    }
}
