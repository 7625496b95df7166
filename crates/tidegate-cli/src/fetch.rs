//! `tidegate fetch`: calls URLs through the layer that waits. Never here: an algorithm of waiting.

pub(crate) mod args;

mod bodies;
mod body;
mod call;
mod entered;
mod items;
mod jobs;
mod ledger;
mod pages;
mod plan;
mod progress;
mod repeat;
mod request;
mod run;
mod sink;
mod stop;
mod summary;
mod targets;

use std::time::Duration;

use tidegate::world;

use crate::caller::units::spoken;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use ledger::{Left, Open};
use plan::Plan;
use run::Work;
use sink::Sink;
use stop::Stop;
use summary::Summary;

/// Does what was typed, and tells how it ended.
pub(crate) async fn run(args: args::Args) -> Result<Exit, Failure> {
    let plan = Plan::read(&args)?;
    let mut sink = Sink::open(&args.output, plan.run.ledger.clone(), plan.run.voice.clone())?;
    let ending = until_the_end(&plan, &mut sink).await;
    if !matches!(ending, Ending::Done) {
        sink.stop().await;
    }
    plan.run.voice.bar().finish_and_clear();
    if let Ending::Failed(failure) = &ending {
        plan.run.voice.failure(failure);
    }
    summary(&plan, &ending).tell(&plan.run.voice);
    Ok(ending.exit())
}

/// How it ended.
#[derive(Debug)]
enum Ending {
    Done,
    Failed(Failure),
    Interrupted,
}

impl Ending {
    fn exit(&self) -> Exit {
        match self {
            Ending::Done => Exit::Done,
            Ending::Failed(failure) => failure.exit(),
            Ending::Interrupted => Exit::Interrupted,
        }
    }
}

async fn until_the_end(plan: &Plan, sink: &mut Sink) -> Ending {
    let run = &plan.run;
    let interrupted = match interrupt::stopped() {
        Ok(interrupted) => interrupted,
        Err(failure) => return Ending::Failed(failure),
    };
    let progress = progress::draw(&run.voice, &plan.layer, &plan.watch, &run.ledger, plan.count, run.start);
    tokio::select! {
        biased;
        () = interrupted => Ending::Interrupted,
        span = deadline(plan) => Ending::Failed(
            Failure::new(Exit::Overdue, format!("the deadline of {} has passed", spoken(span)))
                .hint("--deadline sets it; what is written stays written"),
        ),
        ended = work(plan, sink) => ended,
        () = progress => Ending::Done,
    }
}

async fn work(plan: &Plan, sink: &mut Sink) -> Ending {
    let Some(outlet) = sink.outlet() else { return Ending::Done };
    let worked = jobs::work(plan.run.clone(), outlet).await;
    match (worked, sink.finish().await) {
        (Err(Stop::Failed(failure)), _) | (_, Err(failure)) => Ending::Failed(failure),
        (Ok(()) | Err(Stop::TimeOver | Stop::Closed), Ok(())) => Ending::Done,
    }
}

/// Waits for the deadline of the run; for ever if it has none.
async fn deadline(plan: &Plan) -> Duration {
    let Some(span) = plan.deadline else { return std::future::pending().await };
    world::sleep_until(plan.run.start.later(span)).await;
    span
}

fn summary(plan: &Plan, ending: &Ending) -> Summary {
    let run = &plan.run;
    let (refused, repeated) = plan.watch.counts();
    let Left { open, unknown, begun } = run.ledger.left();
    let (open, rest) = match run.work {
        // To go on with it is to begin it again.
        Work::Repeat { .. } => (Open::new(), None),
        Work::Bodies | Work::Lines { .. } => {
            let left = run.targets.count().saturating_sub(begun);
            let first = (left > 0).then(|| run.targets.at(begun).ok()).flatten();
            (open, first.map(|url| (url.into(), left)))
        }
    };
    Summary {
        exit: ending.exit(),
        count: plan.count,
        done: run.ledger.done(),
        refused,
        repeated,
        elapsed: world::now().since(run.start),
        open,
        unknown,
        rest,
        file: plan.file.clone(),
    }
}
