//! Where words go: results to stdout, all else to stderr; a closed pipe ends quietly. Never here: what is said.

use std::io::{self, Write};

use crate::exit::{Exit, Failure};

/// Writes `text` to standard output. A reader who has gone (`| head`) is no failure.
pub(crate) fn stdout(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(Exit::Failed, format!("can't write to standard output: {error}"))),
    }
}

/// Writes a line to standard error; one that can't be written is lost.
pub(crate) fn error(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
