//! All servers with their health: who gets calls, what limits count on. Never here: a lock, a pick.

mod lessons;

use std::sync::Arc;

use tidegate_core::Time;

use super::choice::Choice;
use super::health::Health;
use super::lease::Turn;
use super::member::{Member, ServerId};
use super::outcome::Check;
use super::routing::{Basis, Routing};
use super::settings::{Server, Settings};
use super::view::{ServerView, State};
use super::weight::Weight;

pub(super) use lessons::Effect;

/// The servers of the settings, and those that left them with calls in flight.
#[derive(Debug)]
pub(super) struct Roster {
    settings: Settings,
    entries: Vec<Entry>,
    draining: Vec<Leaver>,
    next_id: u32,
    /// The last sum that rested on something; `Some(None)` when no server was in routing then.
    last_known: Option<Option<Weight>>,
    /// The latest instant that anybody has told: threads tell theirs in any order.
    now: Time,
}

#[derive(Debug)]
struct Entry {
    member: Arc<Member>,
    server: Server,
    health: Health,
    /// When a call failed last, and how many were answered until then.
    failed_at: Time,
    answered_then: u64,
}

/// A server that left the settings.
#[derive(Debug)]
struct Leaver {
    entry: Entry,
    since: Time,
}

impl Roster {
    /// The servers of checked settings.
    pub(super) fn new(settings: Settings, now: Time) -> Roster {
        let mut roster = Roster {
            settings: settings.clone(),
            entries: Vec::new(),
            draining: Vec::new(),
            next_id: 0,
            last_known: None,
            now,
        };
        roster.change(settings, now);
        roster
    }

    /// Takes checked settings: servers whose names stay keep everything, others come and go.
    pub(super) fn change(&mut self, settings: Settings, now: Time) {
        self.now = self.now.max(now);
        self.settings = settings;
        self.draining.retain(Leaver::is_busy);
        let mut before = std::mem::take(&mut self.entries);
        for server in self.settings.servers.clone() {
            let known = before.iter().position(|entry| entry.server.name == server.name);
            let entry = match known {
                Some(index) => before.swap_remove(index).changed(server),
                None => self.newcomer(server),
            };
            self.entries.push(entry);
        }
        let leavers = before.into_iter().map(|entry| Leaver { entry, since: self.now });
        self.draining.extend(leavers.filter(Leaver::is_busy));
    }

    /// A server that wasn't listed: a new one, unless it is still about.
    fn newcomer(&mut self, server: Server) -> Entry {
        let about = self.draining.iter().position(|leaver| leaver.entry.server.name == server.name);
        if let Some(index) = about {
            return self.draining.swap_remove(index).entry.changed(server);
        }
        self.next_id += 1;
        let member = Member::new(ServerId(self.next_id), &server.name, server.at_once);
        Entry {
            member: Arc::new(member),
            server,
            health: Health::new(&self.settings, self.now),
            failed_at: self.now,
            answered_then: 0,
        }
    }

    /// A check has ended.
    pub(super) fn checked(&mut self, server: ServerId, now: Time, check: Check) {
        let now = self.now.max(now);
        let settings = &self.settings;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.member.id() == server) {
            entry.health.checked(settings, now, check);
        }
    }

    /// Does what time has brought, and tells how things stand.
    pub(super) fn settle(&mut self, now: Time) -> Standings {
        self.now = self.now.max(now);
        for entry in &mut self.entries {
            let epoch = entry.health.epoch();
            entry.health.settle(&self.settings, self.now);
            if entry.health.epoch() != epoch {
                entry.member.end_row();
            }
        }
        let next = self.entries.iter().filter_map(|entry| entry.health.next_change(&self.settings, self.now));
        Standings {
            next_change: next.min().unwrap_or(Time::MAX),
            choice: self.choice(),
            routing: self.routing(),
        }
    }

    /// Those in routing, and on trial; with none in routing, all that aren't freshly known to be dead.
    fn choice(&self) -> Choice {
        let is_panic = self.in_routing().next().is_none();
        let mut choice = Choice::default();
        for entry in &self.entries {
            let turn = match entry.health.state() {
                State::InRouting => Turn::Routed,
                State::Trial if !is_panic => Turn::Trial,
                _ if is_panic && !entry.health.is_freshly_dead(&self.settings, self.now) => Turn::Panic,
                _ => continue,
            };
            choice.add(&entry.member, turn, entry.health.epoch(), entry.server.weight);
        }
        choice
    }

    fn routing(&mut self) -> Routing {
        let basis = self.basis();
        let sum = Weight::sum(self.in_routing().map(|entry| entry.server.weight));
        let counted = match basis {
            Basis::Nothing => None,
            Basis::LastKnown => {
                let all = Weight::sum(self.entries.iter().map(|entry| entry.server.weight));
                self.last_known.flatten().min(all)
            }
            Basis::Checks | Basis::StaleChecks | Basis::Calls => {
                self.last_known = Some(sum);
                sum
            }
        };
        let servers = self.in_routing().count() as u32;
        let weight = self.settings.bounded(counted.unwrap_or(self.settings.least()));
        Routing { servers, weight, basis, generation: 0 }
    }

    fn basis(&self) -> Basis {
        let Some(_) = self.settings.active else { return Basis::Calls };
        let last = self.entries.iter().filter_map(|entry| entry.health.checked_at()).max();
        match last {
            Some(at) if self.now < at.later(self.settings.stale_after) => Basis::Checks,
            Some(_) => Basis::StaleChecks,
            None if self.last_known.is_some() => Basis::LastKnown,
            None => Basis::Nothing,
        }
    }

    fn in_routing(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.health.state() == State::InRouting)
    }

    /// The server of this name in the settings.
    pub(super) fn id(&self, name: &str) -> Option<ServerId> {
        let entry = self.entries.iter().find(|entry| entry.server.name == name);
        entry.map(|entry| entry.member.id())
    }

    pub(super) fn member(&self, server: ServerId) -> Option<&Arc<Member>> {
        self.entries.iter().map(|entry| &entry.member).find(|member| member.id() == server)
    }

    /// All servers, in the order of the settings; behind them those that drain.
    pub(super) fn view(&self) -> Vec<ServerView> {
        let listed = self.entries.iter().map(Entry::view);
        let draining = self.draining.iter().filter(|leaver| leaver.is_busy());
        listed.chain(draining.map(Leaver::view)).collect()
    }
}

/// How things stand until the next change.
#[derive(Debug)]
pub(super) struct Standings {
    pub(super) choice: Choice,
    /// Without its number.
    pub(super) routing: Routing,
    pub(super) next_change: Time,
}

impl Entry {
    fn changed(self, server: Server) -> Entry {
        if server.at_once != self.server.at_once {
            self.member.set_at_once(server.at_once);
        }
        Entry { server, ..self }
    }

    fn view(&self) -> ServerView {
        ServerView {
            id: self.member.id(),
            name: Arc::clone(self.member.name()),
            state: self.health.state(),
            since: self.health.since(),
            weight: self.server.weight,
            in_flight: self.member.in_flight(),
            at_once: self.member.at_once(),
            counts: self.member.counts(),
            last_failure: self.health.last_failure(),
        }
    }
}

impl Leaver {
    fn is_busy(&self) -> bool {
        self.entry.member.in_flight() > 0
    }

    fn view(&self) -> ServerView {
        ServerView { state: State::Draining, since: self.since, ..self.entry.view() }
    }
}
