//! One gate for all workers: a refusal closes it, and when it opens all go on at once. Never here: a pace.

use tidegate_core::Time;

use super::backlog::{Backlog, Item, Tally};
use super::{Answer, Client, Step, UNTOLD};
use crate::scenario::Work;

#[derive(Clone, Debug)]
pub(super) struct Gate {
    backlog: Backlog,
    workers: usize,
    under_way: usize,
    opens: Time,
    may_repeat: bool,
}

impl Gate {
    pub(super) fn new(work: &Work, items: Vec<Item>) -> Gate {
        Gate {
            backlog: Backlog::new(items),
            workers: work.workers as usize,
            under_way: 0,
            opens: Time::ZERO,
            may_repeat: work.may_repeat(),
        }
    }
}

impl Client for Gate {
    fn next(&mut self, now: Time) -> Step {
        if self.under_way >= self.workers || self.backlog.is_empty() {
            return Step::OnAnswer;
        }
        if self.opens > now {
            return Step::At(self.opens);
        }
        self.backlog.take().map_or(Step::OnAnswer, |item| {
            self.under_way += 1;
            Step::Send(item)
        })
    }

    fn heard(&mut self, now: Time, item: Item, answer: Answer, _draw: u64) {
        self.under_way -= 1;
        if let Some(told) = answer.refusal() {
            self.opens = self.opens.max(now.later(told.unwrap_or(UNTOLD)));
            self.backlog.put_back(item);
            return;
        }
        match answer {
            Answer::Heard(_) => self.backlog.done(),
            Answer::Never => self.backlog.lost(),
            Answer::Broken if self.may_repeat => self.backlog.put_back(item),
            Answer::Broken => self.backlog.unknown(),
        }
    }

    fn tally(&self) -> Tally {
        self.backlog.tally()
    }
}
