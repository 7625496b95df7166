//! What all calls through one gateway share, from its start to its end. Never here: a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tidegate::fleet::{Fleet, ServerId};
use tidegate::limiter::{Changed, Limiter, Permit};
use tidegate::overload::Overload;
use tidegate::penalty::PenaltyBox;
use tidegate::store::{Room, Secret, Table};
use tidegate::world;
use tidegate_core::Time;

use super::record::Log;
use super::terms::{Checked, Terms, fleet_settings, overload_settings};
use super::traffic::Traffic;
use crate::exit::{Exit, Failure};
use crate::policy::{AccessLog, Config, Gateway};

/// The part of the memory that the penalty box gets.
const PENALTY_PART: usize = 16;

/// What a place in the penalty box takes, in bytes.
const PENALTY_PLACE: usize = 43;

/// One gateway.
pub(crate) struct Gate {
    pub(crate) limiter: Limiter<Table>,
    pub(crate) fleet: Fleet,
    pub(crate) penalty: PenaltyBox,
    pub(crate) overload: Overload,
    pub(crate) traffic: Traffic,
    pub(crate) log: Log,
    terms: arc_swap::ArcSwap<Terms>,
    /// The latest terms: those of now, but while a reload is under way.
    latest: arc_swap::ArcSwap<Terms>,
    /// What it was started by: what only a restart changes is still so.
    started: Gateway,
    /// Calls that are at a server, of all servers.
    in_flight: AtomicU32,
}

/// What came of a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reloaded {
    /// Limits that keep an older quota for now.
    pub(crate) changed: Changed,
    /// What the file asks for that only a restart can give.
    pub(crate) at_restart: Vec<&'static str>,
}

impl Gate {
    /// A gateway by a policy file.
    ///
    /// # Errors
    /// When the file asks for what can't be.
    pub(crate) fn new(config: Config, now: Time) -> Result<Arc<Gate>, Failure> {
        let checked = Checked::new(config)?;
        let gateway = &checked.config.gateway;
        let memory = gateway.memory_bytes;
        let places = memory / PENALTY_PART / PENALTY_PLACE;
        let table = Table::new(Room::split(memory - memory / PENALTY_PART));
        let limiter =
            Limiter::new(checked.policy(), table, Secret::new(world::secret()), now).map_err(faulty)?;
        let fleet = Fleet::new(fleet_settings(gateway), now).map_err(unfit)?;
        let overload = Overload::new(overload_settings(gateway));
        let penalty = PenaltyBox::new(checked.penalty, places);
        let log = Log::open(&gateway.access_log)?;
        let started = gateway.clone();
        let terms = Arc::new(checked.terms(&|name| fleet.server(name), &overload, None));
        let gate = Gate {
            limiter,
            fleet,
            penalty,
            overload,
            traffic: Traffic::default(),
            log,
            latest: arc_swap::ArcSwap::new(Arc::clone(&terms)),
            terms: arc_swap::ArcSwap::new(terms),
            started,
            in_flight: AtomicU32::new(0),
        };
        gate.follow(now);
        Ok(Arc::new(gate))
    }

    /// The terms of now. Who looks at one call keeps these for all of it.
    pub(crate) fn terms(&self) -> Arc<Terms> {
        self.terms.load_full()
    }

    /// The terms of whoever looks from now on: they know every server that a call can go to.
    pub(crate) fn latest(&self) -> Arc<Terms> {
        self.latest.load_full()
    }

    /// Takes another policy file. Calls under way end by the terms that they began by.
    ///
    /// # Errors
    /// When the file asks for what can't be; nothing is changed then.
    pub(crate) fn reload(&self, config: Config, now: Time) -> Result<Reloaded, Failure> {
        let checked = Checked::new(config)?;
        let before = self.terms();
        let gateway = checked.config.gateway.clone();
        let at_restart = at_restart(&self.started, &gateway);
        let changed = self.limiter.change(checked.policy(), now).map_err(faulty)?;
        let penalty = checked.penalty;
        let meet = |server: &dyn Fn(&str) -> Option<ServerId>| {
            self.overload.change(overload_settings(&gateway));
            // Before a call can meet a server that they alone know.
            self.latest.store(Arc::new(checked.terms(server, &self.overload, Some(&before))));
        };
        self.fleet.changed_with(fleet_settings(&gateway), now, meet).map_err(unfit)?;
        self.penalty.change(now, penalty);
        let terms = self.latest();
        terms.unbound(&self.fleet);
        self.terms.store(terms);
        self.follow(now);
        Ok(Reloaded { changed, at_restart })
    }

    /// Brings limits per server to the fleet as it is.
    pub(crate) fn follow(&self, now: Time) -> Changed {
        self.limiter.fleet(self.fleet.routing(now).weight.as_thousandths(), now)
    }

    /// Gives back what a call took of its limits that reached no server.
    pub(crate) async fn take_back(&self, permit: Box<Permit>) {
        let Ok(()) = self.limiter.refund(world::now(), permit).await;
    }

    /// Counts a call that goes to a server, until what comes back is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// How many calls are at servers.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }
}

/// A call at a server.
pub(crate) struct InFlight(Arc<Gate>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What can't be changed while the gateway runs.
fn at_restart(started: &Gateway, asked: &Gateway) -> Vec<&'static str> {
    let opens_log = |log: &AccessLog| !matches!(log, AccessLog::Off);
    [
        ("listen", started.listen != asked.listen),
        ("admin", started.admin != asked.admin),
        ("tls", started.tls != asked.tls),
        ("memory", started.memory_bytes != asked.memory_bytes),
        (
            "access-log",
            started.access_log != asked.access_log
                && (opens_log(&started.access_log) || opens_log(&asked.access_log)),
        ),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

fn faulty(faults: Vec<tidegate::classify::PolicyFault>) -> Failure {
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Failure::new(Exit::Usage, said.join("\n"))
}

fn unfit(error: tidegate::fleet::SettingsError) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}
