//! The one binary: reads what was typed and opens the right door. Never here: an algorithm.

mod args;
mod batch;
mod caller;
mod check;
mod demo;
mod dialects;
mod exit;
mod explain;
mod fetch;
mod gateway;
mod interrupt;
mod office;
mod output;
mod policy;
mod proxy;
mod relay;
mod run;
mod simulate;
mod toml_file;

use std::process::ExitCode;

use args::{Args, Command};
use clap::Parser as _;
use exit::{Exit, Failure};

fn main() -> ExitCode {
    let Some(command) = Args::parse().command else {
        return output::stdout(args::FIRST_SCREEN).map_or_else(report, |()| Exit::Done.into());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(open(command));
            // What blocks, such as a name that is being looked up, must not hold up the end.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(Failure::new(Exit::Failed, format!("can't start the async runtime: {error}"))),
    };
    ended.unwrap_or_else(report)
}

async fn open(command: Command) -> Result<ExitCode, Failure> {
    let exit = match command {
        Command::Fetch(args) => fetch::run(*args).await,
        Command::Batch(args) => batch::run(*args).await,
        Command::Simulate(args) => simulate::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Gateway(args) => gateway::run(args).await,
        Command::Proxy(args) => proxy::run(*args).await,
        Command::Run(args) => return run::run(*args).await,
        Command::Explain(args) => explain::run(&args),
        Command::Check(args) => check::run(&args).await,
    };
    exit.map(ExitCode::from)
}

fn report(failure: Failure) -> ExitCode {
    output::error(&failure);
    failure.exit().into()
}
