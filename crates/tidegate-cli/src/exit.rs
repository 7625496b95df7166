//! How a run ends, as a number for scripts and a sentence for people. Never here: what led there.

use std::fmt;
use std::process::ExitCode;

/// The documented exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done = 0,
    /// The work ended with an error: an answer that is no success, a file that can't be written.
    Failed = 1,
    /// What was typed can't be done: a flag, a URL, a quota, a file that can't be read.
    Usage = 2,
    /// The told wait, or the work, would outlast `--max-wait` or `--deadline`.
    Overdue = 3,
    /// The upstream can't be reached, or broke the connection or the protocol.
    Unreachable = 4,
    /// The command of `run` is there, and can't be started.
    NotStarted = 126,
    /// The command of `run` isn't there.
    NotFound = 127,
    /// Stopped by Ctrl-C or SIGTERM; what was done is said.
    Interrupted = 130,
}

/// The table of exit codes, as help prints it.
pub(crate) const CODES: &str = "\
Exit codes:
  0    all was done
  1    the work ended with an error, such as an answer that is no success
  2    what was typed can't be done: a flag, a URL, a quota, an unreadable file
  3    a told wait, or the work, would outlast --max-wait or --deadline
  4    the upstream can't be reached, or broke the connection or the protocol
  126  the command of `run` can't be started; 127: it isn't there
  130  stopped by Ctrl-C or SIGTERM
`run` ends with its command's own code, or 128 and the signal that ended it.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a run ended early: what happened, where, and what to do now.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), hint: None }
    }

    /// Adds what to do now.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// What happened, and where.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do now.
    pub(crate) fn hinted(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Says what was under way: `page 3 of http://...: ` goes before the message.
    pub(crate) fn within(self, place: impl fmt::Display) -> Failure {
        Failure { message: format!("{place}: {}", self.message), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}
