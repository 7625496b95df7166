//! What is told on standard error, and in which manner. Never here: results.

use std::fmt::Display;
use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::Value;

use crate::exit::Failure;
use crate::output;

/// How much is told, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Errors only.
    Quiet,
    /// Sentences for people.
    Plain,
    /// And every request and answer.
    Verbose,
    /// One JSON object a line, for programs.
    Json,
}

/// Speaks on standard error, above the progress if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Voice {
    manner: Manner,
    bar: ProgressBar,
}

impl Voice {
    /// A voice that speaks so; its progress is hidden yet.
    pub(crate) fn new(manner: Manner) -> Voice {
        Voice { manner, bar: ProgressBar::hidden() }
    }

    /// Whether a person looks on, at a terminal that can draw a line anew.
    pub(crate) fn is_watched(&self) -> bool {
        let can_draw = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        can_draw && io::stderr().is_terminal() && matches!(self.manner, Manner::Plain | Manner::Verbose)
    }

    /// Shows the progress from now on, if a person looks on; says whether one does.
    pub(crate) fn show_progress(&self) -> bool {
        let is_watched = self.is_watched();
        if is_watched {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        is_watched
    }

    /// How it speaks.
    pub(crate) fn manner(&self) -> Manner {
        self.manner
    }

    /// The progress; hidden unless it is shown.
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Something that a person wants to know.
    pub(crate) fn note(&self, line: impl Display) {
        if matches!(self.manner, Manner::Plain | Manner::Verbose) {
            self.line(line);
        }
    }

    /// Something that a person should change.
    pub(crate) fn warn(&self, line: impl Display) {
        match self.manner {
            Manner::Quiet => {}
            Manner::Plain | Manner::Verbose => self.line(format_args!("warning: {line}")),
            Manner::Json => self.line(serde_json::json!({ "event": "warning", "message": line.to_string() })),
        }
    }

    /// What only `--verbose` shows.
    pub(crate) fn verbose(&self, lines: impl FnOnce() -> String) {
        if self.manner == Manner::Verbose {
            self.line(lines());
        }
    }

    /// What only `--json` shows.
    pub(crate) fn event(&self, event: impl FnOnce() -> Value) {
        if self.manner == Manner::Json {
            self.line(event());
        }
    }

    /// Why the run ends early.
    pub(crate) fn failure(&self, failure: &Failure) {
        match self.manner {
            Manner::Json => self.line(serde_json::json!({
                "event": "error",
                "exit": failure.exit() as u8,
                "message": failure.message(),
                "hint": failure.hinted(),
            })),
            _ => self.line(failure),
        }
    }

    fn line(&self, line: impl Display) {
        self.bar.suspend(|| output::error(line));
    }
}
