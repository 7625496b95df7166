//! Many jobs, so many at once, their results in order. Never here: what a kind of job does.

use std::collections::VecDeque;
use std::sync::Arc;

use tidegate::world;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use super::run::{Home, Job, Order, Run, Work};
use super::sink::{Outlet, Piece};
use super::stop::Stop;
use super::{bodies, pages, repeat};
use crate::exit::{Exit, Failure};

/// How many jobs, for each that goes on, may have begun and not be written, because an earlier one isn't.
const AHEAD: usize = 8;

/// Does all the work of a run. Ends at the first job that fails; in the order of the URLs, if that is kept.
pub(crate) async fn work(run: Arc<Run>, outlet: Outlet) -> Result<(), Stop> {
    let starter = Starter { slots: Arc::new(Semaphore::new(run.abreast)), next: Some(0), run };
    match (starter.run.order, starter.run.abreast) {
        (Order::AsTyped, 2..) => in_order(starter, outlet).await,
        // One after another is in order anyway, and its results are out sooner.
        (Order::AsTyped, _) | (Order::AsTheyCome, _) => as_they_come(starter, outlet).await,
    }
}

/// Starts the jobs one by one.
struct Starter {
    run: Arc<Run>,
    slots: Arc<Semaphore>,
    /// The number of the next job, unless all have begun.
    next: Option<u64>,
}

/// A job and its right to go on.
struct Started {
    job: Job,
    slot: OwnedSemaphorePermit,
    slots: Arc<Semaphore>,
}

impl Started {
    async fn work(self, run: Arc<Run>) -> Result<(), Stop> {
        let ended = do_job(&run, &self.job).await;
        if ended.is_err() {
            // Before the slot is free, so that no further job begins.
            self.slots.close();
        }
        drop(self.slot);
        ended
    }
}

/// Does the work on one URL.
async fn do_job(run: &Run, job: &Job) -> Result<(), Stop> {
    match &run.work {
        Work::Bodies => bodies::pass(run, job).await,
        Work::Lines { follow, items } => pages::walk(run, job, *follow, items.as_ref()).await,
        Work::Repeat { .. } => repeat::once(run, job).await,
    }
}

impl Starter {
    fn has_more(&mut self) -> bool {
        let all = match self.run.work {
            Work::Repeat { until: Some(until), .. } if world::now() >= until => 0,
            Work::Repeat { count, .. } => count,
            Work::Bodies | Work::Lines { .. } => self.run.targets.count(),
        };
        self.next = self.next.filter(|&next| next < all);
        self.next.is_some()
    }

    fn stop(&mut self) {
        self.next = None;
    }

    async fn slot(&self) -> OwnedSemaphorePermit {
        match self.slots.clone().acquire_owned().await {
            Ok(slot) => slot,
            // A job has stopped: its end is about to be known.
            Err(_) => std::future::pending().await,
        }
    }

    fn start(&mut self, slot: OwnedSemaphorePermit, outlet: Outlet) -> Result<Started, Failure> {
        let number = self.next.unwrap_or_default();
        self.next = number.checked_add(1);
        let url = self.run.targets.at(number)?;
        self.run.ledger.start(number, url.clone());
        Ok(Started { job: Job { url: Home { number, url }, outlet }, slot, slots: self.slots.clone() })
    }
}

/// A job whose results wait for their turn.
struct Queued {
    pieces: mpsc::Receiver<Piece>,
    ended: oneshot::Receiver<Result<(), Stop>>,
}

async fn in_order(mut starter: Starter, outlet: Outlet) -> Result<(), Stop> {
    let mut tasks = JoinSet::new();
    let mut queue: VecDeque<Queued> = VecDeque::new();
    loop {
        let room = starter.has_more() && queue.len() < starter.run.abreast * AHEAD;
        let is_empty = queue.is_empty();
        tokio::select! {
            slot = starter.slot(), if room => {
                let (own, pieces) = Outlet::new();
                let (end, ended) = oneshot::channel();
                let (started, run) = (starter.start(slot, own)?, starter.run.clone());
                tasks.spawn(async move { drop(end.send(started.work(run).await)) });
                queue.push_back(Queued { pieces, ended });
            }
            piece = first_piece(&mut queue), if !is_empty => match piece {
                Some(piece) => outlet.put(piece).await?,
                None => {
                    let ended = queue.pop_front().map(|first| first.ended);
                    let ended = match ended { Some(ended) => ended.await, None => continue };
                    go_on_after(ended.unwrap_or_else(|_| Err(died())), &mut starter)?;
                }
            },
            else => return Ok(()),
        }
        while tasks.try_join_next().is_some() {}
    }
}

async fn first_piece(queue: &mut VecDeque<Queued>) -> Option<Piece> {
    queue.front_mut()?.pieces.recv().await
}

async fn as_they_come(mut starter: Starter, outlet: Outlet) -> Result<(), Stop> {
    let mut tasks = JoinSet::new();
    loop {
        let more = starter.has_more();
        tokio::select! {
            slot = starter.slot(), if more => {
                let started = starter.start(slot, outlet.clone())?;
                tasks.spawn(started.work(starter.run.clone()));
            }
            Some(ended) = tasks.join_next() => {
                go_on_after(ended.unwrap_or_else(|_| Err(died())), &mut starter)?;
            }
            else => return Ok(()),
        }
    }
}

/// When time is over the jobs under way come to their end, and no more begin.
fn go_on_after(ended: Result<(), Stop>, starter: &mut Starter) -> Result<(), Stop> {
    match ended {
        Err(Stop::TimeOver) => {
            starter.stop();
            Ok(())
        }
        other => other,
    }
}

fn died() -> Stop {
    Stop::Failed(Failure::new(Exit::Failed, "a job died: this is a fault of tidegate"))
}
