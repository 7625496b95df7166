//! `tidegate batch`: works through a list by calling an API, and goes on where it was after any end. Never here: an
//! algorithm of waiting.

pub(crate) mod args;

mod board;
mod books;
mod crew;
mod cycles;
mod eta;
mod input;
mod journal;
mod lanes;
mod network;
mod noted;
mod order;
mod output;
mod plan;
mod progress;
mod result;
mod summary;
mod unknown;
mod work;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use tidegate::world;
use tidegate_core::Time;
use tower_layer::Layer;

use crate::caller::client::{Http, waiting};
use crate::caller::units::spoken;
use crate::caller::voice::Voice;
use crate::caller::watch::{Refusals, Watch};
use crate::exit::{Exit, Failure};
use crate::{interrupt, output as terminal};
use board::{Board, Counts, Ear};
use books::{Books, Keeper};
use crew::Crew;
use network::Network;
use noted::{Noted, Room};
use plan::Plan;
use progress::Progress;
use summary::Summary;
use unknown::{OnUnknown, listed};
use work::{Headers, Manner, Run};

/// Does what was typed, and tells how it ended.
pub(crate) async fn run(args: args::Args) -> Result<Exit, Failure> {
    let voice = Voice::new(args.manner());
    let on_unknown = OnUnknown::read(&args.care.on_unknown)?;
    let plan = Plan::read(&args, &voice)?;
    if on_unknown == OnUnknown::List {
        return list_unknown(plan);
    }
    work(&args, plan, on_unknown, voice).await
}

/// Writes the items that are unknown to standard output.
fn list_unknown(mut plan: Plan) -> Result<Exit, Failure> {
    let unknown: Vec<u32> = plan.unknown().collect();
    for line in unknown {
        let (item, _) = plan.list.item(line, &plan.index, &plan.terms)?;
        terminal::stdout(listed(&item, line) + "\n")?;
    }
    Ok(Exit::Done)
}

/// How it ended.
#[derive(Debug)]
enum Ending {
    Done,
    Failed(Failure),
    Interrupted,
}

async fn work(args: &args::Args, plan: Plan, on_unknown: OnUnknown, voice: Voice) -> Result<Exit, Failure> {
    let start = world::now();
    let Plan { mut list, index, terms, journal, output, states, ordered } = plan;
    let (books, mut keeper) = Books::open(journal, output, states)?;
    let board = Arc::new(Board::new(&index));
    let watch = Arc::new(Watch::new(voice.clone(), Refusals::Counted));
    let room = Room::new(args.list.concurrency.into());
    let ear = Arc::new(Ear { watch: watch.clone(), books: books.clone() });
    let layer = waiting(&args.dialects)?.max_wait(args.bounds.max_wait).observer(ear);
    let network = Arc::new(Network::new(args.bounds.unreachable));
    let http = Http::new(args.bounds.timeout, voice.clone())?;
    let run = Arc::new(Run {
        service: layer.layer(Noted::new(http, books.clone(), network.clone(), room.clone())),
        books: books.clone(),
        network,
        room: room.clone(),
        on_unknown,
        manner: manner(args),
        folder: folder(&args.results.output),
        deadline: args.bounds.deadline.map(|span| start.later(span)),
    });
    let concurrency = args.list.concurrency.into();
    let ending = {
        let crew =
            Crew { run, list: &mut list, index: &index, terms: &terms, board: board.clone(), concurrency };
        let progress = Progress { voice: voice.clone(), layer, watch: watch.clone(), board: board.clone() };
        until_the_end(crew, progress, &mut keeper, &room, deadline(args, start)).await
    };
    drop(books);
    let kept = keeper.finish().await;
    let mut counts = board.counts();
    let unknown: Vec<u32> =
        index.lines().filter(|line| keeper.state(*line) == journal::states::State::Sent).collect();
    counts.unknown = unknown.len() as u64;
    let ending = match (ending, kept) {
        (Ending::Done, Err(failure)) => Ending::Failed(failure),
        (Ending::Done, Ok((mut journal, _))) if is_to_be_ordered(args, ordered, counts) => {
            let put = order::put_into_order(&mut journal, &index, &args.results.output);
            put.map_or_else(Ending::Failed, |()| Ending::Done)
        }
        (ending, _) => ending,
    };
    voice.bar().finish_and_clear();
    if let Ending::Failed(failure) = &ending {
        voice.failure(failure);
    }
    let exit = exit(&ending, counts);
    let named = unknown.into_iter().take(summary::NAMED);
    let unknown = named.filter_map(|line| list.item(line, &index, &terms).ok()).map(|(item, _)| item.id.text);
    let (unknown, resume) = (unknown.collect(), summary::command(std::env::args()));
    let ((refused, _), elapsed) = (watch.counts(), world::now().since(start));
    Summary { exit, counts, unknown, refused, elapsed, resume }.tell(&voice);
    Ok(exit)
}

/// Whether all results are there, in another order than was asked for.
fn is_to_be_ordered(args: &args::Args, ordered: bool, counts: Counts) -> bool {
    args.results.ordered && !ordered && counts.done() == counts.items
}

/// Works until all is done, the run is stopped, its time is over, or it can't go on.
async fn until_the_end(
    crew: Crew<'_>,
    progress: Progress,
    keeper: &mut Keeper,
    room: &Room,
    deadline: impl Future<Output = Failure>,
) -> Ending {
    let interrupted = match interrupt::stopped() {
        Ok(interrupted) => interrupted,
        Err(failure) => return Ending::Failed(failure),
    };
    let mut working = pin!(crew.work());
    let ending = tokio::select! {
        biased;
        () = interrupted => Ending::Interrupted,
        failure = keeper.failed() => return Ending::Failed(failure),
        worked = &mut working => return worked.map_or_else(Ending::Failed, |()| Ending::Done),
        failure = deadline => Ending::Failed(failure),
        () = progress.tell() => Ending::Done,
    };
    room.close();
    if let Ending::Interrupted = ending {
        progress.voice.note("stops: waits for calls under way, 5 s at most; Ctrl-C again ends at once");
    }
    tokio::select! {
        biased;
        () = again() => {}
        _ = keeper.failed() => {}
        _ = &mut working => {}
        () = room.last_calls() => {}
    }
    ending
}

/// Waits for a second signal.
async fn again() {
    match interrupt::stopped() {
        Ok(stopped) => stopped.await,
        Err(_) => std::future::pending().await,
    }
}

/// Waits for the deadline of the run; for ever if it has none.
async fn deadline(args: &args::Args, start: Time) -> Failure {
    let Some(span) = args.bounds.deadline else { return std::future::pending().await };
    world::sleep_until(start.later(span)).await;
    Failure::new(Exit::Overdue, format!("the deadline of {} has passed", spoken(span)))
        .hint("--deadline sets it; the same command goes on")
}

fn exit(ending: &Ending, counts: Counts) -> Exit {
    match ending {
        Ending::Failed(failure) => failure.exit(),
        Ending::Interrupted => Exit::Interrupted,
        Ending::Done if counts.without_success() + counts.unknown > 0 => Exit::Failed,
        Ending::Done => Exit::Done,
    }
}

fn manner(args: &args::Args) -> Manner {
    Manner {
        timeout: args.bounds.timeout,
        retries: args.care.retries,
        max_body: args.bounds.max_body,
        headers: if args.results.with_headers { Headers::Kept } else { Headers::LeftOut },
    }
}

/// Where a file is.
fn folder(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
