//! Who begins with items and hears what came of them. Never here: which is next, or what one needs.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::board::Board;
use super::input::List;
use super::input::index::Index;
use super::input::item::Item;
use super::input::terms::Terms;
use super::journal::states::State;
use super::lanes::Lanes;
use super::unknown::Then;
use super::work::{End, Run};
use crate::exit::{Exit, Failure};

/// Works through the list.
#[derive(Debug)]
pub(crate) struct Crew<'a> {
    pub(crate) run: Arc<Run>,
    pub(crate) list: &'a mut List,
    pub(crate) index: &'a Index,
    pub(crate) terms: &'a Terms,
    pub(crate) board: Arc<Board>,
    pub(crate) concurrency: usize,
}

/// An item that came to its end.
struct Ended {
    lane: usize,
    bytes: usize,
    end: End,
}

/// What becomes of an item that comes next.
enum Fate {
    /// It begins; its record has so many bytes.
    Begins(Box<Item>, usize),
    WasDone(State),
    IsUnknown,
}

impl Crew<'_> {
    /// Does all items that can be done. What had to be left for the next run is told as a failure.
    pub(crate) async fn work(mut self) -> Result<(), Failure> {
        let mut tasks: JoinSet<Ended> = JoinSet::new();
        let worked = self.go_through(&mut tasks).await;
        if worked.is_err() {
            // What is under way shall not be lost for it.
            self.run.room.close();
            self.run.room.last_calls().await;
        }
        worked
    }

    async fn go_through(&mut self, tasks: &mut JoinSet<Ended>) -> Result<(), Failure> {
        let mut lanes = Lanes::new(self.index, self.concurrency);
        let mut later = None;
        loop {
            while !self.run.room.is_closed()
                && let Some((line, lane)) = lanes.next(self.index)
            {
                match self.fate(line)? {
                    Fate::Begins(item, bytes) => {
                        lanes.holds(lane, bytes);
                        let run = self.run.clone();
                        tasks.spawn(async move { Ended { lane, bytes, end: run.work(&item, line).await } });
                        continue;
                    }
                    Fate::WasDone(state) => self.board.was_done(lane, state),
                    Fate::IsUnknown => self.board.is_unknown(lane),
                }
                lanes.ended(lane, 0);
            }
            let Some(ended) = tasks.join_next().await else { break };
            let died = |_| Failure::new(Exit::Failed, "a task died: this is a fault of tidegate");
            let Ended { lane, bytes, end } = ended.map_err(died)?;
            lanes.ended(lane, bytes);
            self.board.ended(lane, &end);
            match end {
                End::Done { .. } | End::Unknown => {}
                End::Fatal(failure) => return Err(failure),
                End::Later(failure) => {
                    lanes.close(lane);
                    self.board.closed(lane);
                    later.get_or_insert(failure);
                }
            }
        }
        later.map_or(Ok(()), Err)
    }

    fn fate(&mut self, line: u32) -> Result<Fate, Failure> {
        let state = self.run.books.state(line);
        if state.is_done() {
            return Ok(Fate::WasDone(state));
        }
        let (item, bytes) = self.list.item(line, self.index, self.terms)?;
        if state == State::Sent && self.run.on_unknown.of(&item.id.text) == Then::Leave {
            return Ok(Fate::IsUnknown);
        }
        Ok(Fate::Begins(Box::new(item), bytes))
    }
}
