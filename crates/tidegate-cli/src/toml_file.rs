//! What every file of ours in TOML needs: all faults at once, each at its place, with what to do. Never here: a key.

pub(crate) mod addresses;
pub(crate) mod covers;
pub(crate) mod doors;
mod fault;
pub(crate) mod hint;
pub(crate) mod kinds;
mod schema;
pub(crate) mod sizes;
mod tree;
pub(crate) mod words;
pub(crate) mod written;

#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};

use crate::caller::input::{self, Purpose};
use crate::exit::{Exit, Failure};

pub(crate) use fault::{Fault, Faults, Place};
pub(crate) use schema::schema;
pub(crate) use tree::{roots, tables};

/// How large such a file may be.
const MOST: u64 = 4 << 20;

/// What a text comes to.
#[derive(Clone, Debug)]
pub(crate) struct Understood<C> {
    pub(crate) config: C,
    /// What is legal and likely wrong, in the file's order.
    pub(crate) warnings: Vec<Fault>,
}

/// What a file comes to, and what people are to hear of it.
#[derive(Clone, Debug)]
pub(crate) struct Taken<C> {
    pub(crate) config: C,
    /// What is legal in it and likely wrong, with its places.
    pub(crate) warnings: Vec<String>,
}

/// A file: its text, and what it comes to, or all that is wrong with it.
#[derive(Debug)]
pub(crate) struct Opened<C> {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) understood: Result<Understood<C>, Vec<Fault>>,
}

impl<C> Opened<C> {
    /// What the file comes to.
    ///
    /// # Errors
    /// With all that is wrong with it, for people.
    pub(crate) fn config(self) -> Result<C, Failure> {
        self.taken().map(|taken| taken.config)
    }

    /// The same, and what is to be said of it.
    ///
    /// # Errors
    /// With all that is wrong with it, for people.
    pub(crate) fn taken(self) -> Result<Taken<C>, Failure> {
        let Opened { path, text, understood } = self;
        let Understood { config, warnings } = understood.map_err(|faults| failure(&path, &text, &faults))?;
        let name = name(&path);
        let warnings = warnings.iter().map(|warning| warning.shown(&name, &text)).collect();
        Ok(Taken { config, warnings })
    }
}

/// A file's text; that of standard input if the path is `-`. `what` is what it is called: "the policy".
///
/// # Errors
/// When it can't be read, or is no text.
pub(crate) fn text(path: &Path, what: &'static str) -> Result<String, Failure> {
    let bytes = input::read(path, Purpose { what, most: MOST })?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new(Exit::Usage, format!("{} isn't UTF-8 text", path.display())))
}

/// Where relative paths in a file begin.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// What people call a file.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// All that is wrong with a file, as the end of a run.
pub(crate) fn failure(path: &Path, text: &str, faults: &[Fault]) -> Failure {
    let name = name(path);
    let shown: Vec<String> = faults.iter().map(|fault| fault.shown(&name, text)).collect();
    Failure::new(Exit::Usage, shown.join("\n\nerror: "))
}
