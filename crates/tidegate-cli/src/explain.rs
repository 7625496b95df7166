//! `tidegate explain`: says what an answer tells about limits, and where it was read. Never here: a rule of reading.

pub(crate) mod args;

mod advice;
mod body;
mod findings;
mod forms;
mod json;
mod lines;
mod list;
mod listed;
mod notes;
mod now;
mod past;
mod pasted;
mod provider;
mod terminal;
mod transcript;
#[cfg(test)]
mod vectors;
mod words;

use std::io::{self, IsTerminal as _};
use std::path::Path;

use tidegate::world;

use crate::caller::input::{self, Purpose};
use crate::exit::{Exit, Failure};
use crate::output;
use args::Args;
use findings::{Clock, Findings};
use pasted::Pasted;
use provider::Provider;

/// The most that is read: the largest heads and bodies that are looked at have room many times over.
const MOST: u64 = 1 << 20;

const TOO_MUCH: &str =
    "of an answer whose body is larger than 64 KiB only the head is read: leave out the body";
const NO_CALL: &str = "explain calls nobody: curl -si URL | tidegate explain --host URL";

/// Reads an answer and says what it tells.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let table = args.dialect.table()?;
    if args.list {
        output::stdout(if args.json { list::json(&table) } else { list::table(&table) })?;
        return Ok(Exit::Done);
    }
    let provider = Provider::chosen(&table, args)?;
    let from = args.file.as_deref().unwrap_or(Path::new("-"));
    let is_pasted = from == Path::new("-") && io::stdin().is_terminal();
    let pasted = read(from, is_pasted)?;
    let (said, found) = explained(&provider, &pasted, args)?;
    for note in notes::all(&found) {
        output::error(format_args!("note: {note}"));
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

fn read(from: &Path, is_pasted: bool) -> Result<Vec<u8>, Failure> {
    if is_pasted {
        output::error(
            "Paste an answer, as `curl -si URL` prints it, and end with Ctrl-D on a line of its own.",
        );
        output::error("Or let curl hand it over: curl -si URL | tidegate explain\n");
    }
    let pasted = input::read(from, Purpose { what: "the answer", most: MOST }).map_err(|failure| {
        let is_too_large = failure.message().contains("larger than");
        match from.to_string_lossy().contains("://") {
            true => failure.hint(NO_CALL),
            false if is_too_large => failure.hint(TOO_MUCH),
            false => failure,
        }
    })?;
    if is_pasted {
        output::error("");
        if let Some(line) = terminal::cut_line(&lines::of(&pasted)) {
            output::error(format_args!(
                "note: line {line} is as long as a terminal takes, so the rest of it is most likely lost: put the answer into a file, `tidegate explain FILE`, or pipe it, `pbpaste | tidegate explain`"
            ));
        }
    }
    Ok(pasted)
}
