//! `tidegate.toml`: from a file's text to what a gateway runs with, or all that is wrong with it. Never here: a socket.

mod addresses;
mod fault;
mod file;
mod gateway;
mod hint;
mod kinds;
mod limits;
mod schema;
pub(crate) mod settings;
mod sizes;
mod tree;
mod upstreams;
mod warnings;
mod words;
mod written;

use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};
use crate::fetch::input::{self, Purpose};

pub(crate) use fault::{Fault, Place};
pub(crate) use schema::schema;
pub(crate) use settings::*;
pub(crate) use sizes::write_bytes;

use fault::Faults;

/// How large a policy file may be.
const MOST: u64 = 4 << 20;

/// What a text comes to.
#[derive(Clone, Debug)]
pub(crate) struct Understood {
    pub(crate) config: Config,
    /// What is legal and likely wrong, in the file's order.
    pub(crate) warnings: Vec<Fault>,
}

/// A policy file: its text, and what it comes to, or all that is wrong with it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) understood: Result<Understood, Vec<Fault>>,
}

/// Reads a policy file; from standard input if the path is `-`.
///
/// # Errors
/// When it can't be read. What is wrong in it is in what is opened.
pub(crate) fn open(path: &Path) -> Result<Opened, Failure> {
    let bytes = input::read(path, Purpose { what: "the policy", most: MOST })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(Exit::Usage, format!("{} isn't UTF-8 text", path.display())))?;
    let understood = read(&text, path.parent().unwrap_or(Path::new("")));
    Ok(Opened { path: path.to_owned(), text, understood })
}

impl Opened {
    /// What the file comes to.
    ///
    /// # Errors
    /// With all that is wrong with it, for people.
    pub(crate) fn config(self) -> Result<Config, Failure> {
        match self.understood {
            Ok(understood) => Ok(understood.config),
            Err(faults) => Err(failure(&self.path, &self.text, &faults)),
        }
    }
}

/// All that is wrong with a file, as the end of a run.
pub(crate) fn failure(path: &Path, text: &str, faults: &[Fault]) -> Failure {
    let name = path.display().to_string();
    let shown: Vec<String> = faults.iter().map(|fault| fault.shown(&name, text)).collect();
    Failure::new(Exit::Usage, shown.join("\n\nerror: "))
}

/// What a text comes to. Relative paths in it begin at `folder`.
///
/// # Errors
/// With all that is wrong with it, in its order.
pub(crate) fn read(text: &str, folder: &Path) -> Result<Understood, Vec<Fault>> {
    let mut faults = Faults::default();
    let file = tree::read(text, &mut faults);
    let gateway = gateway::read(&file, folder, &mut faults);
    let policy = limits::read(&file, &mut faults);
    match gateway {
        Some(gateway) if faults.is_empty() => {
            let config = Config { gateway, policy };
            let warnings = warnings::all(&file, &config);
            Ok(Understood { config, warnings })
        }
        _ => Err(faults.sorted()),
    }
}
