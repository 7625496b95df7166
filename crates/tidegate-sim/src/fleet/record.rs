//! What a fleet has counted and done, apart from the fleet: figures that take long are worked out from it while
//! calls go on. Never here: counting.

use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_core::Time;

use super::call::Token;
use super::router::Router;
use super::stats::{Counts, Stats};
use crate::oracle::{self, Successes};
use crate::scenario::{Outage, Routing};
use crate::timeline::Timeline;

/// A fleet's counts and work at one instant. Cheap to take; what is asked of it costs the playing of that work.
#[derive(Clone, Debug)]
pub struct Record {
    pub(super) timeline: Timeline,
    pub(super) outages: Vec<Outage>,
    pub(super) routing: Routing,
    pub(super) seed: u64,
    /// What the last answer of the oracle takes to travel back.
    pub(super) way_back: Duration,
    pub(super) shares: BTreeMap<Token, Share>,
    pub(super) first_sent: Time,
    pub(super) last_success: Time,
}

/// What one token has in a record.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) counts: Counts,
    pub(super) work: Successes,
    pub(super) first_arrival: Option<Time>,
}

impl Record {
    /// What was counted, with the oracle's time.
    pub fn stats(&self) -> Stats {
        let tokens: BTreeMap<Token, Counts> =
            self.shares.iter().map(|(token, share)| (*token, share.counts)).collect();
        let mut total = Counts::default();
        for counts in tokens.values() {
            total.add(counts);
        }
        let took = self.last_success.since(self.first_sent);
        Stats { total, tokens, took, oracle: self.oracle() }
    }

    fn oracle(&self) -> Duration {
        self.of_tokens(|_, work, from| oracle::free(&self.timeline, &self.outages, work, from))
    }

    /// The shortest time for the same successes without a refusal and without choosing a server: each call goes
    /// where routing puts it, and waits until there is room there.
    pub fn quiet_oracle(&self) -> Duration {
        self.of_tokens(|token, work, from| {
            let mut router = Router::new(self.routing, self.seed);
            oracle::quiet(&self.timeline, &self.outages, work, from, |timeline, now| {
                router.route(timeline, now, token)
            })
        })
    }

    /// From the first call sent to the last answer, when each token's last call is admitted at `end`.
    fn of_tokens(&self, end: impl Fn(Token, &Successes, Time) -> Time) -> Duration {
        let of_token = |(token, share): (&Token, &Share)| {
            let from = share.first_arrival.filter(|_| !share.work.is_empty())?;
            Some(end(*token, &share.work, from).later(self.way_back))
        };
        let last = self.shares.iter().filter_map(of_token).max();
        last.map_or(Duration::ZERO, |last| last.since(self.first_sent))
    }
}
