//! When the policy file is read again: it changed, SIGHUP came, an operator asks. Never here: what a policy changes.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tidegate::world;
use tidegate_core::Time;

use super::gate::{Gate, Reloaded};
use super::source::Source;
use super::traffic::Reload;
use crate::exit::Failure;
use crate::relay::listen::{Refreshed, ServerTls};
use crate::toml_file;
use crate::{interrupt, output};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Reads the policy file again, for whoever asks.
#[derive(Debug)]
pub(crate) struct Reloads {
    source: Source,
    /// One reload at a time; the last one's end.
    last: Mutex<Option<Last>>,
}

/// The end of a reload.
#[derive(Clone, Debug)]
pub(crate) struct Last {
    pub(crate) at: Time,
    /// What it did, or what is wrong with the file.
    pub(crate) came: Result<Reloaded, String>,
}

/// What tells one content of a file from the next: also where a link is turned to another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    length: u64,
    changed_ns: (i64, i64),
}

impl Mark {
    fn of(path: &Path) -> Option<Mark> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Mark {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            changed_ns: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

impl Reloads {
    pub(crate) fn new(source: Source) -> Reloads {
        Reloads { source, last: Mutex::new(None) }
    }

    /// Where the policy comes from, for people.
    pub(crate) fn name(&self) -> String {
        self.source.path().map_or_else(|| "flags".to_owned(), toml_file::name)
    }

    fn mark(&self) -> Option<Mark> {
        self.source.path().and_then(Mark::of)
    }

    /// How the last one ended, if there was one.
    pub(crate) fn last(&self) -> Option<Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file and takes what it says, whole or not at all.
    ///
    /// # Errors
    /// With all that is wrong with it; nothing has changed then.
    pub(crate) fn reload(&self, gate: &Gate) -> Result<Reloaded, Failure> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = world::now();
        let came = self.source.read().and_then(|taken| gate.reload(taken.config, now));
        let told = came.as_ref().map(Clone::clone).map_err(ToString::to_string);
        *last = Some(Last { at: now, came: told });
        gate.traffic.reloaded(if came.is_ok() { Reload::Taken } else { Reload::Refused });
        came
    }

    /// Reloads when the file changes or SIGHUP comes, and says so, until it is dropped.
    ///
    /// # Errors
    /// When the system gives no signals.
    pub(crate) async fn watch(&self, gate: &Gate, tls: Option<&ServerTls>) -> Result<(), Failure> {
        let mut hang_up = interrupt::hang_ups()?;
        let mut mark = self.mark();
        loop {
            let asked = tokio::select! {
                _ = hang_up.recv() => true,
                () = world::sleep_until(world::now().later(EVERY)) => false,
            };
            if let Some(tls) = tls {
                tell_of_tls(if asked { tls.reload() } else { tls.refresh() });
            }
            let current = self.mark();
            // A file that is being replaced is away for a moment.
            if asked || (current.is_some() && current != mark) {
                if asked {
                    gate.log.reopen().await;
                }
                mark = current;
                output::error(told(&self.name(), self.reload(gate)));
            }
        }
    }
}

fn tell_of_tls(came: Result<Refreshed, Failure>) {
    match came {
        Ok(Refreshed::Unchanged) => {}
        Ok(Refreshed::Changed) => output::error("certificate and key were read again and taken"),
        Err(failure) => {
            output::error(format!(
                "certificate and key are NOT taken; the gateway goes on with the old ones:\n{failure}"
            ));
        }
    }
}

/// What a reload did, in a line or more.
fn told(path: &str, came: Result<Reloaded, Failure>) -> String {
    match came {
        Ok(Reloaded { changed, at_restart }) => {
            let mut line = format!("{path} was read again and taken");
            for kept in changed.kept {
                line += &format!("; `{}` keeps its old quota for now, having had too many", kept.limit);
            }
            if !at_restart.is_empty() {
                line += &format!("; only a restart changes {}", at_restart.join(", "));
            }
            line
        }
        Err(failure) => {
            format!("{path} was read again and is NOT taken; the gateway goes on as before:\n{failure}")
        }
    }
}
