//! The servers behind one name: each call gets a verdict as it arrives. Never here: a socket, a clock, a client.

mod account;
mod call;
pub(crate) mod ledger;
mod memory;
mod record;
mod router;
mod stats;
mod told;

use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_core::{Decision, Time};

use crate::chance::{Chance, mix};
use crate::oracle;
use crate::scenario::{Announce, Scenario, When};
use crate::timeline::Timeline;
use account::{Account, Resource};
pub use call::{Announced, Call, Outcome, Reply, Token, Told};
use ledger::{Due, Ledger, Noise};
use memory::Memory;
pub use record::Record;
use record::Share;
use router::Router;
pub use stats::{Counts, Stats};
use told::whole_seconds;

/// What a caller is told to wait while there is no server at all.
const NO_SERVER: Duration = Duration::from_secs(1);

/// A fleet in action: the scenario, the counters, and what was noticed. Pure: time is told, chance is a seed.
///
/// ```
/// use tidegate_sim::{Call, Fleet, Outcome, Scenario, Token};
/// use tidegate_core::Time;
/// let mut fleet = Fleet::new(&Scenario::default(), 7);
/// let reply = fleet.arrive(Time::ZERO, &Call::new(Token(1), "GET", "/v1/rooms", Time::ZERO));
/// assert_eq!(reply.outcome, Outcome::Done);
/// ```
#[derive(Clone, Debug)]
pub struct Fleet {
    scenario: Scenario,
    timeline: Timeline,
    seed: u64,
    grace: Duration,
    router: Router,
    latency: Chance,
    luck: Chance,
    accounts: BTreeMap<Token, Account>,
    memory: Memory,
    first_sent: Option<Time>,
    last_success: Time,
}

impl Fleet {
    /// A fleet at its start, [`Time::ZERO`]: changes and outages count from there.
    pub fn new(scenario: &Scenario, seed: u64) -> Fleet {
        Fleet {
            timeline: Timeline::new(scenario, seed),
            router: Router::new(scenario.routing, seed),
            scenario: scenario.clone(),
            seed,
            grace: Duration::ZERO,
            latency: Chance::new(seed, "latency"),
            luck: Chance::new(seed, "luck"),
            accounts: BTreeMap::new(),
            memory: Memory::new(),
            first_sent: None,
            last_success: Time::ZERO,
        }
    }

    /// The same fleet behind a real wire: a call that was sent less than `grace` after a refusal left may have
    /// crossed it, and is no violation.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Fleet {
        Fleet { grace, ..self }
    }

    /// The scenario that is played.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// How long the next call travels before it arrives.
    pub fn way_there(&mut self) -> Duration {
        self.scenario.latency.way_there(&mut self.latency)
    }

    /// A call arrives, and its verdict falls. Calls must arrive in the order of time.
    pub fn arrive(&mut self, now: Time, call: &Call<'_>) -> Reply {
        let first_sent = self.first_sent.get_or_insert(call.sent);
        *first_sent = (*first_sent).min(call.sent);
        let dues = self.dues(call);
        let resource = dues.first().map(|due| due.limit);
        let latency = self.scenario.latency.way_back(&mut self.latency);
        let server = self.router.route(&self.timeline, now, call.token);
        let (abuse, asked) = (self.scenario.abuse, self.memory.ask(call, resource));
        let account = self.account(call.token);
        account.ask(asked);
        account.receive(now, call, resource, abuse);
        let outcome = match server {
            Some(server) => self.judge(now, call, server, resource, &dues),
            None => Outcome::Unavailable { told: self.told(now, NO_SERVER) },
        };
        let announced = server.and_then(|server| self.announced(now, call.token, server, &dues, outcome));
        self.note(now, call, resource, latency, outcome);
        Reply { outcome, server: server.unwrap_or(0), latency, announced }
    }

    /// What was counted so far. Computes the oracle's time, at the cost of playing the work once more: who shares
    /// the fleet asks its [`record`](Fleet::record).
    pub fn stats(&self) -> Stats {
        self.record().stats()
    }

    /// What was counted and done so far, to be read apart from the fleet.
    pub fn record(&self) -> Record {
        let share = |(token, account): (&Token, &Account)| {
            let &Account { counts, first_arrival, .. } = account;
            (*token, Share { counts, work: account.work.clone(), first_arrival })
        };
        Record {
            timeline: self.timeline.clone(),
            outages: self.scenario.outages.clone(),
            routing: self.scenario.routing,
            seed: self.seed,
            way_back: self.scenario.latency.base / 2,
            shares: self.accounts.iter().map(share).collect(),
            first_sent: self.first_sent.unwrap_or(Time::ZERO),
            last_success: self.last_success,
        }
    }

    /// The shortest time that the limits leave to so many calls like this one, made from the start.
    pub(crate) fn foretell(&self, call: &Call<'_>, calls: u64) -> Duration {
        let work = BTreeMap::from([(self.dues(call), calls)]);
        oracle::free(&self.timeline, &self.scenario.outages, &work, Time::ZERO).since(Time::ZERO)
    }

    fn dues(&self, call: &Call<'_>) -> Vec<Due> {
        let cost = |limit: usize| self.scenario.limits[limit].cost_of(call.query);
        let covering = self.scenario.limits_on(call.method, call.path);
        covering.map(|limit| Due { limit, cost: cost(limit) }).collect()
    }

    fn account(&mut self, token: Token) -> &mut Account {
        self.account_and_timeline(token).0
    }

    fn account_and_timeline(&mut self, token: Token) -> (&mut Account, &Timeline) {
        let (timeline, seed) = (&self.timeline, self.seed);
        let open = || Account::new(Ledger::new(timeline, Noise::Seeded(seed ^ mix(token.0))));
        (self.accounts.entry(token).or_insert_with(open), timeline)
    }

    fn judge(
        &mut self,
        now: Time,
        call: &Call<'_>,
        server: u32,
        resource: Resource,
        dues: &[Due],
    ) -> Outcome {
        let breaks = self.breaks(now);
        if breaks == Some(When::Before) {
            return Outcome::ResetBefore;
        }
        if let Some(outage) = self.scenario.outages.iter().find(|outage| outage.covers(now)) {
            let wait = outage.tells.unwrap_or(outage.end().since(now));
            return Outcome::Unavailable { told: self.told(now, wait) };
        }
        if let Some(until) = self.account(call.token).shut_until(now, resource) {
            return Outcome::Limited { told: self.told(now, until.since(now)) };
        }
        let (account, timeline) = self.account_and_timeline(call.token);
        match account.ledger.step(timeline, now, server, dues).decision {
            Decision::Never => Outcome::Never,
            Decision::Deny { retry_at } => {
                let wait = retry_at.since(self.timeline.local(now));
                Outcome::Limited { told: self.told(now, wait) }
            }
            Decision::Admit { .. } => {
                let performed = self.memory.perform(call, resource);
                self.account(call.token).perform(performed, dues.to_vec());
                if breaks.is_some() { Outcome::ResetAfter } else { Outcome::Done }
            }
        }
    }

    /// Whether this call's connection breaks, and when.
    fn breaks(&mut self, now: Time) -> Option<When> {
        let resets = self.scenario.resets.iter().find(|resets| resets.covers(now))?;
        self.luck.happens(resets.share).then_some(resets.when)
    }

    fn told(&mut self, now: Time, wait: Duration) -> Told {
        Told::of(self.scenario.retry_after, wait, now, &mut self.luck)
    }

    /// What the answer announces: the limit with the least left.
    fn announced(
        &mut self,
        now: Time,
        token: Token,
        server: u32,
        dues: &[Due],
        outcome: Outcome,
    ) -> Option<Announced> {
        let tells = self.scenario.announce == Announce::Figures;
        if !tells || !matches!(outcome, Outcome::Done | Outcome::Limited { .. }) {
            return None;
        }
        let (Account { ledger, .. }, timeline) = self.account_and_timeline(token);
        let figures = dues.iter().map(|due| {
            let (quota, remaining, full) = ledger.left(timeline, now, server, due.limit);
            let more = if remaining == 0 { ledger.earliest(timeline, now, server, &[*due]) } else { None };
            let reset = Duration::from_secs(whole_seconds(more.unwrap_or(full).since(now)));
            Announced { limit: quota.amount(), remaining, window: quota.window(), reset }
        });
        figures.min_by_key(|figures| figures.remaining)
    }

    fn note(&mut self, now: Time, call: &Call<'_>, resource: Resource, latency: Duration, outcome: Outcome) {
        let answered = now.later(latency);
        let heard = answered.later(self.grace);
        let account = self.account(call.token);
        account.count(outcome);
        match outcome {
            Outcome::Limited { told } | Outcome::Unavailable { told } => {
                if let Some(until) = told.forbids_until(answered) {
                    account.forbid(call, resource, heard, until);
                }
            }
            Outcome::Done => self.last_success = self.last_success.max(answered),
            Outcome::ResetBefore | Outcome::ResetAfter | Outcome::Never => {}
        }
    }
}
