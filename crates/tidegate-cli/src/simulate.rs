//! `tidegate simulate`: a rate-limited API on this machine, until it is stopped. Never here: what it answers.

mod answer;
mod api;
pub(crate) mod args;
mod content;
mod echo;
mod listen;
mod page;
mod played;
mod routes;
mod stats;
mod tokens;
mod trial;
mod wanted;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tidegate_sim::Scenario;

pub(crate) use api::Api;
pub(crate) use listen::{bind, serve};
pub(crate) use played::Played;

use crate::exit::{Exit, Failure};
use crate::{interrupt, output};

pub(crate) async fn run(args: args::Args) -> Result<Exit, Failure> {
    let scenario = args.scenario()?;
    let stopped = interrupt::stopped()?;
    let listener = bind(args.listen).await?;
    let address = listener.local_addr().unwrap_or(args.listen);
    let words = Greeting { scenario: &scenario, address }.to_string();
    let api = Arc::new(Api::new(Played::new(scenario, args.seed)));
    output::stdout(format!("listening on http://{address}\n"))?;
    if !args.quiet {
        output::error(words);
    }
    tokio::select! {
        () = serve(listener, Arc::clone(&api)) => {}
        () = stopped => {}
    }
    if !args.quiet {
        output::error(format_args!("\nstopped; what was counted:\n{}", api.played().stats()));
    }
    Ok(Exit::Done)
}

/// What is played, and how to call it.
struct Greeting<'a> {
    scenario: &'a Scenario,
    address: SocketAddr,
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Greeting { scenario, address } = self;
        writeln!(f, "{}: {} servers, {} routing", scenario.name, scenario.servers, scenario.routing)?;
        for limit in &scenario.limits {
            writeln!(f, "  {limit}")?;
        }
        write!(
            f,
            "try:\n  {}\n  curl -s http://{address}/_tidegate/stats",
            trial::command(scenario, *address),
        )
    }
}
