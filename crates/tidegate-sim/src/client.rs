//! Model clients: what programs do with a backlog of calls and with refusals. Never here: the fleet, a clock.

mod backlog;
mod gate;
mod ours;
mod pool;

use std::fmt;
use std::time::Duration;

use tidegate_core::{Feedback, Time, Verdict};

use crate::scenario::Work;
pub use backlog::{Item, Tally};

/// A client in virtual time: the player asks what it does, and brings it the answers.
pub trait Client: fmt::Debug {
    /// What the client does now. Asked again until it doesn't send.
    fn next(&mut self, now: Time) -> Step;

    /// What came of a call arrived. `draw` is 64 evenly drawn random bits.
    fn heard(&mut self, now: Time, item: Item, answer: Answer, draw: u64);

    /// What became of the items so far.
    fn tally(&self) -> Tally;
}

/// What a client does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It makes the call for this item.
    Send(Item),
    /// Nothing until this instant, or until an answer comes.
    At(Time),
    /// Nothing until an answer comes. If none is under way, the client has finished.
    OnAnswer,
}

/// What a client hears of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An answer, as the wire would read it.
    Heard(Feedback),
    /// The call can never pass.
    Never,
    /// The connection broke: nobody knows whether the work was done.
    Broken,
}

impl Answer {
    /// The wait that a refusal told, if it is one: `Some(None)` if it told none.
    fn refusal(&self) -> Option<Option<Duration>> {
        match self {
            Answer::Heard(Feedback { verdict: Verdict::Limited { wait }, .. })
            | Answer::Heard(Feedback { verdict: Verdict::Unavailable { wait }, .. }) => Some(*wait),
            _ => None,
        }
    }
}

/// The kinds of clients that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// Tries again soon, whatever it is told, and gives up after a few tries.
    Naive,
    /// Workers that each sleep as they are told, and know nothing of one another.
    SleepAsTold,
    /// One gate: a refusal stops all workers, and then all go on at once.
    GateAll,
    /// Tidegate's pacer.
    Ours,
}

impl Model {
    /// All of them, in the order of tables.
    pub const ALL: [Model; 4] = [Model::Naive, Model::SleepAsTold, Model::GateAll, Model::Ours];

    /// A client of this kind with its share of the work.
    pub fn client(self, work: &Work, items: Vec<Item>) -> Box<dyn Client> {
        match self {
            Model::Naive => Box::new(pool::Pool::new(work, items, pool::Manners::Naive)),
            Model::SleepAsTold => Box::new(pool::Pool::new(work, items, pool::Manners::SleepAsTold)),
            Model::GateAll => Box::new(gate::Gate::new(work, items)),
            Model::Ours => Box::new(ours::Ours::new(work, items)),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Model::Naive => "naive",
            Model::SleepAsTold => "sleep as told",
            Model::GateAll => "gate all",
            Model::Ours => "tidegate",
        })
    }
}

/// How long a client that was told nothing waits, and one whose connection broke.
const UNTOLD: Duration = Duration::from_secs(1);
