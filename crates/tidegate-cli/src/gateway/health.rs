//! Active health checks: each server is asked again and again, by a clock of its own. Never here: what follows from a
//! check.

mod probe;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate::fleet::ServerId;
use tidegate::world;
use tokio::task::{AbortHandle, JoinSet};

use super::gate::Gate;
use super::terms::{self, Terms};
use probe::{Plan, Probe};

/// How often is looked whether a reload has changed what is to be checked.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Checks the servers as the terms of now want it, until it is dropped.
pub(crate) async fn watch(gate: Arc<Gate>) {
    let mut rounds = Rounds::default();
    loop {
        rounds.follow(&gate);
        world::sleep_until(world::now().later(LOOK_EVERY)).await;
    }
}

/// The servers that are being checked.
#[derive(Debug, Default)]
struct Rounds {
    /// Whose terms these are.
    generation: Option<u64>,
    running: HashMap<ServerId, Round>,
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Round {
    plan: Plan,
    task: AbortHandle,
}

impl Rounds {
    /// Brings them to the terms of now. Who is checked as before is checked on without a pause.
    fn follow(&mut self, gate: &Arc<Gate>) {
        let terms = gate.terms();
        if self.generation.replace(terms.generation) == Some(terms.generation) {
            return;
        }
        while self.tasks.try_join_next().is_some() {}
        let plans = plans(&terms);
        self.running.retain(|server, round| {
            let stays = plans.get(server) == Some(&round.plan);
            if !stays {
                round.task.abort();
            }
            stays
        });
        for (server, plan) in plans {
            if !self.running.contains_key(&server) {
                let probe = Probe::new(plan.clone(), &terms.authorities);
                let task = self.tasks.spawn(round(Arc::clone(gate), server, probe));
                self.running.insert(server, Round { plan, task });
            }
        }
    }
}

/// What is to be checked, and how.
fn plans(terms: &Terms) -> HashMap<ServerId, Plan> {
    let Some(health) = &terms.gateway.health else { return HashMap::new() };
    let plan = |(server, known): (&ServerId, &terms::Known)| {
        let address = known.upstream.address.clone();
        (*server, Plan { address, health: health.clone(), terms: terms.gateway.upstream.clone() })
    };
    terms.servers.iter().map(plan).collect()
}

/// Checks one server until it is dropped: at once, since a first check decides, and then every so often from an
/// instant that chance picks, so that servers aren't all asked in one moment.
async fn round(gate: Arc<Gate>, server: ServerId, probe: Probe) {
    let every = probe.every();
    let mut gap = every.mul_f64(world::draw() as f64 / u64::MAX as f64);
    loop {
        let began = world::now();
        let check = probe.check().await;
        gate.fleet.checked(server, world::now(), check);
        world::sleep_until(began.later(gap)).await;
        gap = every;
    }
}

#[cfg(test)]
mod tests;
