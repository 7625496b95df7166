//! Files and standard input that were named on the command line, read whole within a cap. Never here: what is in them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::exit::{Exit, Failure};

/// What a file is for, and how much of it is read at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose {
    /// What is in it, for errors: "the token".
    pub(crate) what: &'static str,
    /// The most bytes it may have.
    pub(crate) most: u64,
}

/// Reads the file, or standard input if the path is `-`.
pub(crate) fn read(path: &Path, purpose: Purpose) -> Result<Vec<u8>, Failure> {
    let Purpose { what, most } = purpose;
    let name = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
    let unreadable =
        |error: io::Error| Failure::new(Exit::Usage, format!("can't read {what} from {name}: {error}"));
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path).map_err(unreadable)?),
    };
    source.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        let most = super::units::spoken_size(most);
        return Err(Failure::new(Exit::Usage, format!("{what} in {name} is larger than {most}")));
    }
    Ok(bytes)
}
