//! Workers who know nothing of one another: each takes an item, and sleeps by itself when refused. Never here: a gate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidegate_core::Time;

use super::backlog::{Backlog, Item, Tally};
use super::{Answer, Client, Step, UNTOLD};
use crate::scenario::Work;

/// What a worker does when its call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    /// Tries again after a tenth of a second, twice that, and so on, five times in all. Then the item is lost.
    Naive,
    /// Sleeps as it was told, and tries for ever.
    SleepAsTold,
}

/// How often a naive worker tries.
const TRIES: u32 = 5;

/// A naive worker's first pause.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub(super) struct Pool {
    backlog: Backlog,
    manners: Manners,
    workers: usize,
    /// Workers who hold an item: on its way, or asleep with it.
    busy: usize,
    asleep: BTreeSet<(Time, Item)>,
    tries: BTreeMap<Item, u32>,
    may_repeat: bool,
}

impl Pool {
    pub(super) fn new(work: &Work, items: Vec<Item>, manners: Manners) -> Pool {
        Pool {
            backlog: Backlog::new(items),
            manners,
            workers: work.workers as usize,
            busy: 0,
            asleep: BTreeSet::new(),
            tries: BTreeMap::new(),
            may_repeat: work.may_repeat(),
        }
    }

    /// How long the worker sleeps before its next try; `None` if it gives up.
    fn pause(&mut self, item: Item, told: Option<Duration>) -> Option<Duration> {
        let tries = self.tries.entry(item).or_default();
        *tries += 1;
        match self.manners {
            Manners::Naive => (*tries < TRIES).then(|| FIRST_PAUSE * 2u32.pow(*tries - 1)),
            Manners::SleepAsTold => Some(told.unwrap_or(UNTOLD)),
        }
    }
}

impl Client for Pool {
    fn next(&mut self, now: Time) -> Step {
        if let Some(&(at, item)) = self.asleep.first().filter(|(at, _)| *at <= now) {
            self.asleep.remove(&(at, item));
            return Step::Send(item);
        }
        if self.busy < self.workers
            && let Some(item) = self.backlog.take()
        {
            self.busy += 1;
            return Step::Send(item);
        }
        self.asleep.first().map_or(Step::OnAnswer, |(at, _)| Step::At(*at))
    }

    fn heard(&mut self, now: Time, item: Item, answer: Answer, _draw: u64) {
        let told = match (answer.refusal(), answer) {
            (Some(told), _) => told,
            // The naive one repeats whatever it is, and may do it twice.
            (None, Answer::Broken) if self.may_repeat || self.manners == Manners::Naive => None,
            (None, ended) => {
                self.busy -= 1;
                match ended {
                    Answer::Heard(_) => self.backlog.done(),
                    Answer::Never => self.backlog.lost(),
                    Answer::Broken => self.backlog.unknown(),
                }
                return;
            }
        };
        match self.pause(item, told) {
            Some(pause) => {
                self.asleep.insert((now.later(pause), item));
            }
            None => {
                self.busy -= 1;
                self.backlog.lost();
            }
        }
    }

    fn tally(&self) -> Tally {
        self.backlog.tally()
    }
}
