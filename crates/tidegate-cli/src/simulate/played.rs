//! The fleet in real time: one lock around it, and the clock that it starts by. Never here: HTTP.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tidegate::world;
use tidegate_core::Time;
use tidegate_sim::{Call, Fleet, Record, Reply, Scenario, Stats, Token};

use super::tokens::{Stranger, Tokens};

/// How long after a refusal left a call may still come that was sent before the refusal arrived. A busy machine
/// needs this long at times to hand either over; the least wait that is told is five times as long.
const GRACE: Duration = Duration::from_millis(200);

/// A fleet that is played from now on.
#[derive(Debug)]
pub(crate) struct Played {
    scenario: Scenario,
    seed: u64,
    now: Mutex<Run>,
}

/// What a reset begins anew.
#[derive(Debug)]
struct Run {
    started: Time,
    wall_started: Time,
    fleet: Fleet,
    tokens: Tokens,
    strays: u64,
}

impl Run {
    fn start(scenario: &Scenario, seed: u64) -> Run {
        Run {
            started: world::now(),
            wall_started: world::wall_clock(),
            fleet: Fleet::new(scenario, seed).with_grace(GRACE),
            tokens: Tokens::new(world::draw()),
            strays: 0,
        }
    }

    fn now(&self) -> Time {
        Time::ZERO.later(world::now().since(self.started))
    }
}

/// What a call brings with it, beside its address.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// The thing asked for, by which doubled and missing work is known; `None` if nobody can tell it from others.
    pub(super) item: Option<u64>,
    /// The `Idempotency-Key`.
    pub(super) key: Option<u64>,
}

impl Played {
    pub(crate) fn new(scenario: Scenario, seed: u64) -> Played {
        let now = Mutex::new(Run::start(&scenario, seed));
        Played { scenario, seed, now }
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn who(&self, headers: &HeaderMap) -> Result<Token, Stranger> {
        self.with(|run| run.tokens.who(headers))
    }

    /// The instant on the fleet's clock: when a call is sent, if its head has just come.
    pub(super) fn now(&self) -> Time {
        self.with(|run| run.now())
    }

    /// Takes one call to its server and lets the reply travel back, in real time.
    pub(super) async fn call(&self, call: Call<'_>, marks: Marks) -> Reply {
        pass(self.with(|run| run.fleet.way_there())).await;
        let Marks { item, key } = marks;
        let call = Call { item, key, ..call };
        let reply = self.with(|run| run.fleet.arrive(run.now(), &call));
        pass(reply.latency).await;
        reply
    }

    /// Counts a request that never came to the fleet: without a token, malformed, or to no address.
    pub(super) fn stray(&self) {
        self.with(|run| run.strays += 1);
    }

    /// Requests that never came to the fleet.
    pub(crate) fn strays(&self) -> u64 {
        self.with(|run| run.strays)
    }

    pub(crate) fn stats(&self) -> Stats {
        self.record().stats()
    }

    /// The shortest time for the same without a refusal and without choosing a server.
    pub(crate) fn quiet_oracle(&self) -> Duration {
        self.record().quiet_oracle()
    }

    /// Taken under the lock; what is worked out from it holds up no call.
    fn record(&self) -> Record {
        self.with(|run| run.fleet.record())
    }

    /// Begins anew: no counts, no states, the scenario's time at zero.
    pub(super) fn reset(&self) {
        let fresh = Run::start(&self.scenario, self.seed);
        self.with(|run| *run = fresh);
    }

    /// The time since the Unix epoch at an instant of the fleet.
    pub(super) fn wall_clock_at(&self, at: Time) -> Time {
        self.with(|run| run.wall_started.later(at.since(Time::ZERO)))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Run) -> T) -> T {
        // A fleet is whole after every call: what a panic elsewhere left is good.
        act(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn pass(span: Duration) {
    if !span.is_zero() {
        world::sleep_until(world::now().later(span)).await;
    }
}
