//! `tidegate demo`: three clients, the same work, one honest table. Never here: how a client works, what is counted.

pub(crate) mod args;
mod bars;
mod clients;
mod job;
mod table;
mod words;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tidegate::client::WaitLayer;
use tidegate::world;
use tidegate_core::Time;
use tidegate_sim::Scenario;
use tokio::task::JoinSet;

use crate::exit::{Exit, Failure};
use crate::simulate::{self, Api, Played};
use crate::{interrupt, output};
use args::Args;
use bars::{Screen, Watched};
use clients::{Manner, WORKERS};
use job::Job;
use table::{Ended, Row, Table};

/// What the fleet hides: four servers, so 32 calls a second in all, and a burst of 80.
const HIDDEN: &str = "POST /v1/messages: 480 per minute, burst 20";

/// When whoever is still at work is stopped.
const CAP: Duration = Duration::from_secs(35);

pub(crate) async fn run(args: Args) -> Result<Exit, Failure> {
    let stopped = interrupt::stopped()?;
    let scenario = scenario()?;
    let mut servers = JoinSet::new();
    let mut racers = Vec::new();
    for manner in [Manner::Naive, Manner::AsTold, Manner::Tidegate(WaitLayer::new())] {
        racers.push(Racer::ready(manner, &scenario, &args, &mut servers).await?);
    }
    if !args.quiet {
        output::error(words::introduction(args.items, scenario.servers));
    }
    tokio::select! {
        ends = race(&racers, args.quiet) => tell(&args, &scenario, &racers, &ends),
        () = stopped => {
            output::error("\nstopped before the end: there is no table to show");
            Ok(Exit::Interrupted)
        }
    }
}

fn scenario() -> Result<Scenario, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("the demo's limit: {error}"));
    let limit = HIDDEN.parse().map_err(|error: tidegate_sim::LimitError| wrong(&error))?;
    let scenario = Scenario { name: "demo".to_owned(), limits: vec![limit], ..Scenario::default() };
    scenario.check().map_err(|error| wrong(&error))?;
    Ok(scenario)
}

/// A client, its work, and the fleet that it has for itself.
struct Racer {
    watched: Watched,
    api: Arc<Api>,
}

impl Racer {
    /// Starts a fleet on any free port. All have the same seed, so all meet the same world.
    async fn ready(
        manner: Manner,
        scenario: &Scenario,
        args: &Args,
        servers: &mut JoinSet<()>,
    ) -> Result<Racer, Failure> {
        let listener = simulate::bind(([127, 0, 0, 1], 0).into()).await?;
        let unnamed =
            |error| Failure::new(Exit::Failed, format!("the demo's own server has no address: {error}"));
        let address = listener.local_addr().map_err(unnamed)?;
        let api = Arc::new(Api::new(Played::new(scenario.clone(), args.seed)));
        servers.spawn(simulate::serve(listener, Arc::clone(&api)));
        let uri = Uri::builder()
            .scheme("http")
            .authority(address.to_string())
            .path_and_query("/v1/messages")
            .build();
        let job = Arc::new(Job::new(args.items, uri.unwrap_or_default()));
        Ok(Racer { watched: Watched { manner, job }, api })
    }
}

/// Lets all work at once, until each has ended or is stopped.
async fn race(racers: &[Racer], quiet: bool) -> Vec<Ended> {
    let started = world::now();
    let watched: Vec<Watched> = racers.iter().map(|racer| racer.watched.clone()).collect();
    let runs: Vec<_> =
        watched.iter().cloned().map(|one| tokio::spawn(until_cap(one, started.later(CAP)))).collect();
    let mut all = pin!(async {
        let mut ends = Vec::new();
        for run in runs {
            ends.push(run.await.unwrap_or(Ended::Stopped));
        }
        ends
    });
    let screen = Screen::open(&watched, quiet, started);
    let ends = loop {
        tokio::select! {
            ends = &mut all => break ends,
            () = world::sleep_until(world::now().later(screen.every())) => screen.show(&watched, world::now()),
        }
    };
    screen.show(&watched, world::now());
    screen.close();
    ends
}

async fn until_cap(one: Watched, cap: Time) -> Ended {
    tokio::select! {
        () = clients::run(one.manner, one.job) => Ended::ByItself,
        () = world::sleep_until(cap) => Ended::Stopped,
    }
}

fn tell(args: &Args, scenario: &Scenario, racers: &[Racer], ends: &[Ended]) -> Result<Exit, Failure> {
    let row = |(racer, &ended): (&Racer, &Ended)| {
        let played = racer.api.played();
        Row::new(racer.watched.manner.to_string(), ended, &played.stats(), played.quiet_oracle())
    };
    let table = Table {
        items: args.items,
        workers: WORKERS,
        servers: scenario.servers,
        limits: scenario.limits.iter().map(ToString::to_string).collect(),
        seed: args.seed,
        stopped_after_seconds: CAP.as_secs(),
        clients: racers.iter().zip(ends).map(row).collect(),
    };
    if args.json {
        output::stdout(table.json())?;
    } else {
        output::stdout(format!("\n{table}\n"))?;
        if !args.quiet {
            output::stdout(words::LEGEND)?;
            output::stdout(words::next())?;
        }
    }
    Ok(Exit::Done)
}
