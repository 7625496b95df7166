//! Clients before a fleet: one heap of events, played in the order of time. Never here: a rule of either side.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tidegate_core::{Feedback, Time, Verdict};

use crate::chance::{Chance, mix};
use crate::client::{Answer, Client, Item, Model, Step};
use crate::fleet::{Call, Fleet, Outcome, Reply, Token};
use crate::report::Report;
use crate::scenario::{Keys, Scenario};

/// How many times as long as it must take a world is played. What isn't done then is reported as open.
const MOST_TIMES: u32 = 20;

/// What is added to that, so that short worlds have the time for a long wait.
const MOST_BESIDE: Duration = Duration::from_secs(600);

/// How late a timer fires, at most. It never fires early.
const LATE_TIMER: Duration = Duration::from_millis(1);

/// Plays the scenario's work with clients of one kind, from the same start and with the same luck for every kind.
///
/// The same arguments give the same report.
pub fn play(scenario: &Scenario, seed: u64, model: Model) -> Report {
    let mut game = Game::new(scenario, seed, model);
    game.run();
    game.report(model, seed)
}

struct Game<'a> {
    scenario: &'a Scenario,
    fleet: Fleet,
    players: Vec<Player>,
    events: BinaryHeap<Reverse<Event>>,
    /// So that events at one instant come in the order in which they were made.
    next_number: u64,
    chance: Chance,
    ends: Time,
}

struct Player {
    client: Box<dyn Client>,
    token: Token,
    /// The timer that is set, the earliest one if there are several.
    wakes: Time,
    /// When the client last heard of an item.
    last_heard: Time,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: Time,
    number: u64,
    player: usize,
    kind: Kind,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Wake,
    Arrival { item: Item, sent: Time },
    Answer { item: Item, answer: HeapAnswer },
}

/// An answer on its way. Events are ordered by instant and number alone; answers have no order of their own.
struct HeapAnswer(Answer);

impl PartialEq for HeapAnswer {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for HeapAnswer {}

impl PartialOrd for HeapAnswer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeapAnswer {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl<'a> Game<'a> {
    fn new(scenario: &'a Scenario, seed: u64, model: Model) -> Game<'a> {
        let work = &scenario.work;
        let player = |process: u32| {
            let items = (u64::from(process)..work.calls).step_by(work.processes as usize).map(Item);
            Player {
                client: model.client(work, items.collect()),
                token: Token(u64::from(process % work.tokens) + 1),
                wakes: Time::MAX,
                last_heard: Time::ZERO,
            }
        };
        let fleet = Fleet::new(scenario, seed);
        Game {
            scenario,
            ends: latest_end(&fleet),
            fleet,
            players: (0..work.processes).map(player).collect(),
            events: BinaryHeap::new(),
            next_number: 0,
            chance: Chance::new(seed, "clients"),
        }
    }

    fn run(&mut self) {
        for player in 0..self.players.len() {
            self.drive(player, Time::ZERO);
        }
        while let Some(Reverse(Event { at: now, player, kind, .. })) = self.events.pop() {
            if now > self.ends {
                break;
            }
            match kind {
                Kind::Arrival { item, sent } => self.arrive(player, now, item, sent),
                Kind::Wake => {
                    if self.players[player].wakes == now {
                        self.players[player].wakes = Time::MAX;
                    }
                    self.drive(player, now);
                }
                Kind::Answer { item, answer } => {
                    let draw = self.chance.bits();
                    self.players[player].last_heard = now;
                    self.players[player].client.heard(now, item, answer.0, draw);
                    self.drive(player, now);
                }
            }
        }
    }

    /// Lets a client do all that it does at `now`.
    fn drive(&mut self, player: usize, now: Time) {
        loop {
            match self.players[player].client.next(now) {
                Step::Send(item) => {
                    let arrives = now.later(self.fleet.way_there());
                    self.schedule(arrives, player, Kind::Arrival { item, sent: now });
                }
                Step::At(at) => return self.set_timer(player, at.max(now)),
                Step::OnAnswer => return,
            }
        }
    }

    fn set_timer(&mut self, player: usize, at: Time) {
        let fires = at.later(self.chance.span(LATE_TIMER)).later(Duration::from_nanos(1));
        // One that fires just before is as good: the client is asked again then.
        if fires < self.players[player].wakes {
            self.players[player].wakes = fires;
            self.schedule(fires, player, Kind::Wake);
        }
    }

    fn arrive(&mut self, player: usize, now: Time, item: Item, sent: Time) {
        let work = &self.scenario.work;
        let call = Call {
            client: player as u32,
            query: &work.call.query,
            item: Some(item.0),
            key: (work.keys == Keys::Each).then(|| mix(item.0)),
            ..Call::new(self.players[player].token, &work.call.method, &work.call.path, sent)
        };
        let reply = self.fleet.arrive(now, &call);
        let answer = HeapAnswer(read(&reply, now));
        self.schedule(now.later(reply.latency), player, Kind::Answer { item, answer });
    }

    fn schedule(&mut self, at: Time, player: usize, kind: Kind) {
        let number = self.next_number;
        self.next_number += 1;
        self.events.push(Reverse(Event { at, number, player, kind }));
    }

    fn report(&self, model: Model, seed: u64) -> Report {
        let end = self.players.iter().map(|player| player.last_heard).max().unwrap_or(Time::ZERO);
        let tallies = self.players.iter().map(|player| player.client.tally()).collect();
        let ends = self.players.iter().map(|player| player.last_heard.since(Time::ZERO)).collect();
        let record = self.fleet.record();
        Report::new(
            (self.scenario.name.clone(), seed, model),
            end.since(Time::ZERO),
            &record.stats(),
            record.quiet_oracle(),
            (tallies, ends),
        )
    }
}

/// When the clients must have finished, if they ever will: long after one who makes call after call.
fn latest_end(fleet: &Fleet) -> Time {
    let scenario = fleet.scenario();
    let work = &scenario.work;
    let call = Call {
        query: &work.call.query,
        ..Call::new(Token(1), &work.call.method, &work.call.path, Time::ZERO)
    };
    let limits = fleet.foretell(&call, work.calls.div_ceil(u64::from(work.tokens)));
    let round_trip = scenario.latency.base + scenario.latency.spread;
    let travel = round_trip.saturating_mul(u32::try_from(work.calls).unwrap_or(u32::MAX));
    Time::ZERO.later((limits + travel).saturating_mul(MOST_TIMES)).later(MOST_BESIDE)
}

/// The answer as the wire reads it: what can't be read was not told.
fn read(reply: &Reply, said: Time) -> Answer {
    let verdict = match reply.outcome {
        Outcome::Done => Verdict::Passed,
        Outcome::Limited { told } => Verdict::Limited { wait: told.as_read(said) },
        Outcome::Unavailable { told } => Verdict::Unavailable { wait: told.as_read(said) },
        Outcome::ResetBefore | Outcome::ResetAfter => return Answer::Broken,
        Outcome::Never => return Answer::Never,
    };
    let figures = reply.announced;
    Answer::Heard(Feedback {
        verdict,
        remaining: figures.map(|figures| figures.remaining),
        limit: figures.map(|figures| figures.limit),
        window: figures.map(|figures| figures.window),
        reset: figures.map(|figures| figures.reset),
        ..Feedback::PASSED
    })
}
