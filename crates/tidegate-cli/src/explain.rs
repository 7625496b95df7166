//! `tidegate explain`: says what an answer tells about limits, and where it was read. Never here: a rule of reading.

pub(crate) mod args;

mod advice;
mod findings;
mod json;
mod lines;
mod pasted;
mod provider;
mod transcript;
#[cfg(test)]
mod vectors;
mod words;

use std::io::{self, IsTerminal as _};
use std::path::Path;

use tidegate::world;

use crate::exit::{Exit, Failure};
use crate::fetch::input::{self, Purpose};
use crate::output;
use args::Args;
use findings::{Clock, Findings};
use pasted::Pasted;
use provider::Provider;

/// The most that is read: the largest heads and bodies that are looked at have room many times over.
const MOST: u64 = 1 << 20;

/// Reads an answer and says what it tells.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let table = args.dialect.table()?;
    if args.list {
        output::stdout(provider::list(&table))?;
        return Ok(Exit::Done);
    }
    let provider = Provider::chosen(&table, args)?;
    let pasted = standard_input()?;
    let (said, found) = explained(&provider, &pasted, args)?;
    for lack in &found.lacks {
        output::error(format_args!("note: {}", words::note(*lack)));
    }
    output::stdout(said)?;
    Ok(Exit::Done)
}

/// What is said about a pasted text, and what it was made of.
fn explained(provider: &Provider, pasted: &[u8], args: &Args) -> Result<(String, Findings), Failure> {
    let clock = args.now.map_or_else(|| Clock::Wall(world::wall_clock()), Clock::Given);
    let found = Findings::of(&Pasted::read(pasted)?, &provider.dialect, clock);
    let said = match args.json {
        true => json::line(&provider.dialect.name, &found) + "\n",
        false => words::page(provider, &found),
    };
    Ok((said, found))
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    if io::stdin().is_terminal() {
        output::error(
            "Paste an answer, as `curl -si URL` prints it, and end with Ctrl-D on a line of its own.",
        );
        output::error("Or let curl hand it over: curl -si URL | tidegate explain\n");
    }
    input::read(Path::new("-"), Purpose { what: "the answer", most: MOST }).map_err(|failure| {
        failure.hint("only the head and the first 64 KiB of a body are looked at: leave out the rest")
    })
}
