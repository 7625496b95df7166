//! `tidegate run`: a program runs, and all that it calls goes through a proxy of its own. Never here: how a call waits.

pub(crate) mod args;
mod child;
mod counted;
mod environment;
mod serving;
mod signals;
mod spared;
mod summary;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

use tempfile::TempDir;
use tidegate::world;

use crate::exit::Failure;
use crate::output;
use crate::proxy::authority::LocalAuthority;
use crate::proxy::authority::trust::Trusted;
use args::{Args, Plan};
use environment::Environment;
use serving::Serving;
use signals::Signals;
use summary::Summary;
use tally::Tally;

/// How long calls may go on that are under way when the command has ended: they are those of processes that it left
/// behind, and who waits for the command waits for them.
const LINGER: Duration = Duration::from_secs(3);

/// Runs the command to its end, and ends as it did.
pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let inherited = |name: &str| std::env::var(name).ok();
    let Plan { command, forward, bases, told, through, folder } = args.plan()?;
    let trusted = forward.intercept().map(|it| trust(&it.folder)).transpose()?;
    // Before the command is there, so that no signal misses it.
    let mut signals = Signals::listen()?;
    let tally = Tally::new();
    let began = world::now();
    let serving = Serving::start(forward, bases, &tally)?;
    let spared = spared::hosts(spared::inherited(inherited).as_deref(), &through);
    let environment = Environment { serving: &serving, spared: &spared, trusted: trusted.as_ref() };
    if told.warns() {
        environment.warnings(inherited).iter().for_each(output::error);
    }
    let ended = child::run(&command, &environment.variables(), &mut signals).await;
    serving.end(LINGER, signals.ending()).await;
    clear(folder);
    let code = ended?;
    Summary { counts: tally.counts(), elapsed: world::now().since(began), code }.tell(told);
    Ok(ExitCode::from(code))
}

/// What the command's programs are to trust, so that tunnels can be opened.
fn trust(folder: &std::path::Path) -> Result<Trusted, Failure> {
    LocalAuthority::open(folder, world::wall_clock())?.trusted()
}

/// Removes an authority that was made for this run alone.
fn clear(folder: Option<TempDir>) {
    if let Some(Err(error)) = folder.map(TempDir::close) {
        output::error(format!("warning: the key of this run's authority may still be there: {error}"));
    }
}
