//! What a policy file asks of the gateway around the limits, made ready; replaced whole by a reload. Never here: a
//! state that outlives a reload.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tidegate::classify::{Caller, KeyPart, Mode, Policy};
use tidegate::fleet::{self, ServerId, ServerView, State, Weight};
use tidegate::overload::{self, Bounds as Capacity};
use tidegate::penalty;

use crate::exit::{Exit, Failure};
use crate::policy::settings::{Config, Gateway, Upstream};
use crate::relay::forward;
use crate::relay::upstream::Authorities;

/// How long what was seen of a server counts as fresh, at least.
const FRESH: Duration = Duration::from_secs(10);

/// The terms of one policy file.
pub(crate) struct Terms {
    /// As the file has them.
    pub(crate) gateway: Gateway,
    pub(crate) forward: forward::Terms,
    /// Who a caller is, for the penalty box and for fairness under overload.
    pub(crate) caller: Caller,
    pub(crate) authorities: Authorities,
    /// The servers.
    pub(crate) servers: HashMap<ServerId, Known>,
    /// How many files came before.
    pub(crate) generation: u64,
}

/// A server, and what is learned of it.
pub(crate) struct Known {
    pub(crate) upstream: Upstream,
    pub(crate) learner: overload::Server,
    /// What the fleet was last told that it can have in flight, so that it is told of changes alone.
    bound: AtomicU32,
    /// Whether it gets calls, as far as was looked.
    is_routed: AtomicBool,
}

impl Known {
    /// How many calls it may have in flight by now, if that isn't what the fleet knows already.
    pub(crate) fn news(&self) -> Option<NonZeroU32> {
        let learned = NonZeroU32::new(self.learner.limit())?;
        let most = self.upstream.at_once.map_or(learned, |by_hand| by_hand.min(learned));
        (self.bound.swap(most.get(), Ordering::Relaxed) != most.get()).then_some(most)
    }
}

/// The parts of a file that can be wrong for reasons that no file shows: checked before anything is changed.
pub(crate) struct Checked {
    pub(crate) config: Config,
    pub(crate) penalty: penalty::Rules,
    caller: Caller,
    authorities: Authorities,
}

impl Checked {
    /// Checks a file's settings against the world: files that they name, bounds of what can be counted.
    ///
    /// # Errors
    /// With the first that can't be kept.
    pub(crate) fn new(config: Config) -> Result<Checked, Failure> {
        let penalty = penalty_rules(&config.gateway)?;
        let parts =
            config.gateway.penalty.as_ref().map_or(vec![KeyPart::Bearer], |penalty| penalty.key.clone());
        let caller = Caller::by(&parts, config.policy.grouping).ok_or_else(|| {
            let said =
                "the penalty box's key can't be a place in the path or the host: they don't tell who calls";
            Failure::new(Exit::Usage, said)
                .hint("key = \"bearer\", \"ip\", \"header:NAME\" or \"cookie:NAME\"")
        })?;
        let addresses: Vec<_> =
            config.gateway.upstreams.iter().map(|upstream| upstream.address.clone()).collect();
        let authorities = Authorities::load(&config.gateway.upstream, &addresses)?;
        Ok(Checked { config, penalty, caller, authorities })
    }

    pub(crate) fn policy(&self) -> Policy {
        self.config.policy.clone()
    }

    /// The terms, for a fleet that knows the servers already. What was learned of a server that stays goes on.
    pub(crate) fn terms(
        self,
        server: &dyn Fn(&str) -> Option<ServerId>,
        overload: &overload::Overload,
        before: Option<&Terms>,
    ) -> Terms {
        let Checked { config: Config { gateway, .. }, caller, authorities, .. } = self;
        let capacity = capacity(&gateway);
        let mut servers = HashMap::new();
        for upstream in &gateway.upstreams {
            let Some(id) = server(&upstream.name) else { continue };
            let learner = match before.and_then(|before| before.servers.get(&id)) {
                Some(known) => {
                    known.learner.set_bounds(capacity);
                    known.learner.clone()
                }
                None => overload.server(capacity),
            };
            servers.insert(
                id,
                Known {
                    upstream: upstream.clone(),
                    learner,
                    bound: AtomicU32::new(0),
                    is_routed: AtomicBool::new(true),
                },
            );
        }
        Terms {
            forward: forward::Terms { forwarding: gateway.forwarding, bounds: gateway.bounds },
            caller,
            authorities,
            servers,
            generation: before.map_or(0, |before| before.generation + 1),
            gateway,
        }
    }
}

impl Terms {
    /// Bounds servers' calls in flight by hand alone, where what is learned doesn't count.
    pub(crate) fn unbound(&self, fleet: &fleet::Fleet) {
        if !self.sheds() {
            for (id, known) in &self.servers {
                fleet.set_at_once(*id, known.upstream.at_once);
            }
        }
    }

    /// Bounds a server's calls in flight by what is learned of it, if that has changed.
    pub(crate) fn bound(&self, fleet: &fleet::Fleet, id: ServerId) {
        if self.sheds()
            && let Some(most) = self.servers.get(&id).and_then(Known::news)
        {
            fleet.set_at_once(id, Some(most));
        }
    }

    /// Whether calls are refused for the servers' sake.
    fn sheds(&self) -> bool {
        self.gateway.overload.is_some_and(|overload| overload.mode == Mode::Enforce)
    }

    /// Takes note of which servers get calls.
    pub(crate) fn note_routing(&self, servers: &[ServerView]) {
        for server in servers {
            if let Some(known) = self.servers.get(&server.id) {
                known.is_routed.store(server.state == State::InRouting, Ordering::Relaxed);
            }
        }
    }

    /// How many calls the servers that get any can have in flight; 0 where overload isn't looked at. Where none is in
    /// routing all are tried, so all count.
    pub(crate) fn capacity(&self) -> u32 {
        if self.gateway.overload.is_none() {
            return 0;
        }
        let (mut all, mut routed) = (0u32, 0u32);
        for known in self.servers.values() {
            let limit = known.learner.limit();
            all = all.saturating_add(limit);
            if known.is_routed.load(Ordering::Relaxed) {
                routed = routed.saturating_add(limit);
            }
        }
        if routed == 0 { all } else { routed }
    }
}

fn capacity(gateway: &Gateway) -> Capacity {
    gateway.overload.map_or_else(Capacity::default, |overload| Capacity {
        floor: overload.least.get(),
        ceiling: overload.most.get(),
        start: overload.first.get(),
    })
}

/// How the servers are counted and judged.
pub(crate) fn fleet_settings(gateway: &Gateway) -> fleet::Settings {
    let weight = Weight::from_thousandths;
    let servers = gateway.upstreams.iter().map(|upstream| fleet::Server {
        name: upstream.name.clone(),
        weight: weight(upstream.weight_thousandths.get()).unwrap_or_default(),
        at_once: upstream.at_once,
    });
    let active = gateway.health.as_ref().map(|health| fleet::Active {
        rise: NonZeroU32::new(health.rise).unwrap_or(NonZeroU32::MIN),
        fall: NonZeroU32::new(health.fall).unwrap_or(NonZeroU32::MIN),
    });
    let passive = gateway
        .fleet
        .passive_failures
        .map(|failures| fleet::Passive { failures, ..fleet::Passive::default() });
    let every = gateway.health.as_ref().map_or(Duration::ZERO, |health| health.every + health.timeout);
    fleet::Settings {
        servers: servers.collect(),
        active,
        passive,
        floor: weight(gateway.fleet.floor_thousandths),
        ceiling: gateway.fleet.ceiling_thousandths.and_then(weight),
        stale_after: FRESH.max(every * 3),
    }
}

pub(crate) fn overload_settings(gateway: &Gateway) -> overload::Settings {
    let mode = guards(gateway.overload.map(|overload| overload.mode));
    overload::Settings { mode, ..overload::Settings::default() }
}

/// Whether a guard acts that has this mode in the policy, if it is there.
fn guards(mode: Option<Mode>) -> overload::Mode {
    match mode {
        None => overload::Mode::Off,
        Some(Mode::Enforce) => overload::Mode::On,
        Some(Mode::Shadow) => overload::Mode::Shadow,
    }
}

fn penalty_rules(gateway: &Gateway) -> Result<penalty::Rules, Failure> {
    let settings =
        gateway.penalty.as_ref().map_or_else(penalty::Settings::default, |penalty| penalty::Settings {
            mode: guards(Some(penalty.mode)),
            forgiven: penalty.forgiven,
            longest: penalty.longest,
            grace: penalty.grace,
        });
    penalty::Rules::new(settings)
        .map_err(|unfit| Failure::new(Exit::Usage, format!("the penalty box can't be kept so: {unfit}")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tidegate_core::Time;

    use super::*;
    use crate::policy;

    #[test]
    fn a_server_that_gets_no_calls_has_no_room_to_give() {
        let text = "[gateway]\nupstreams = [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]\n\
                    overload = { first = 10 }\nhealth = { path = \"/\" }\n";
        let Ok(understood) = policy::read(text, Path::new("")) else { panic!("the policy is good") };
        let now = Time::from_secs(100_000);
        let fleet = fleet::Fleet::new(fleet_settings(&understood.config.gateway), now).unwrap();
        let overload = overload::Overload::new(overload_settings(&understood.config.gateway));
        let terms =
            Checked::new(understood.config).unwrap().terms(&|name| fleet.server(name), &overload, None);
        assert_eq!(terms.capacity(), 20);
        let [one, other] =
            ["http://127.0.0.1:1", "http://127.0.0.1:2"].map(|name| fleet.server(name).unwrap());
        fleet.checked(one, now, fleet::Check::Passed);
        fleet.checked(other, now, fleet::Check::Refused);
        terms.note_routing(&fleet.view(now));
        assert_eq!(terms.capacity(), 10);
        for _ in 0..3 {
            fleet.checked(one, now, fleet::Check::Refused);
        }
        terms.note_routing(&fleet.view(now));
        assert_eq!(terms.capacity(), 20, "where none is in routing, all are tried");
    }
}
