//! Tidegate's client: the pacer says when the head of the queue may go. Never here: a rule about rates.

use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_core::pacer::Flight;
use tidegate_core::{Pacer, Time, Turn};

use super::backlog::{Backlog, Item, Tally};
use super::{Answer, Client, Step};
use crate::scenario::Work;

/// The pause after a broken connection, doubled with each that follows another, up to 64 times.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug)]
pub(super) struct Ours {
    backlog: Backlog,
    pacer: Pacer,
    workers: usize,
    flights: BTreeMap<Item, Flight>,
    may_repeat: bool,
    broken_in_a_row: u32,
    /// Nothing goes before, since connections break.
    pause_until: Time,
}

impl Ours {
    pub(super) fn new(work: &Work, items: Vec<Item>) -> Ours {
        Ours {
            backlog: Backlog::new(items),
            pacer: Pacer::new(),
            workers: work.workers as usize,
            flights: BTreeMap::new(),
            may_repeat: work.may_repeat(),
            broken_in_a_row: 0,
            pause_until: Time::ZERO,
        }
    }

    fn broken(&mut self, now: Time, item: Item) {
        let pause = FIRST_PAUSE * (1 << self.broken_in_a_row.min(6));
        self.broken_in_a_row += 1;
        self.pause_until = self.pause_until.max(now.later(pause));
        if self.may_repeat {
            self.backlog.put_back(item);
        } else {
            self.backlog.unknown();
        }
    }
}

impl Client for Ours {
    fn next(&mut self, now: Time) -> Step {
        if self.backlog.is_empty() || self.flights.len() >= self.workers {
            return Step::OnAnswer;
        }
        if self.pause_until > now {
            return Step::At(self.pause_until);
        }
        match self.pacer.ask(now) {
            // An answer before that asks again as well.
            Turn::At(at) | Turn::OnAnswer(at) => Step::At(at),
            Turn::Go => self.backlog.take().map_or(Step::OnAnswer, |item| {
                self.flights.insert(item, self.pacer.sent(now));
                Step::Send(item)
            }),
        }
    }

    fn heard(&mut self, now: Time, item: Item, answer: Answer, draw: u64) {
        let Some(flight) = self.flights.remove(&item) else { return };
        match answer {
            Answer::Broken => {
                self.pacer.lost(flight);
                self.broken(now, item);
            }
            Answer::Never => {
                self.pacer.lost(flight);
                self.backlog.lost();
            }
            Answer::Heard(feedback) => {
                self.broken_in_a_row = 0;
                self.pacer.answered(flight, now, &feedback, draw);
                if feedback.is_refusal() {
                    self.backlog.put_back(item);
                } else {
                    self.backlog.done();
                }
            }
        }
    }

    fn tally(&self) -> Tally {
        self.backlog.tally()
    }
}
