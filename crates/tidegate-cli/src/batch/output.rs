//! The file of results: opened to go on behind what is in it, each result whole or not there. Never here: what a
//! result says, the journal.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::journal::file::open_alone;
use super::result::spool::Spool;
use crate::exit::{Exit, Failure};

/// The file of results.
#[derive(Debug)]
pub(crate) struct Output {
    file: File,
    path: PathBuf,
    /// Where the last whole result ends.
    end: u64,
}

/// A result that is in the output and not in the journal: the run was ended between the two.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unentered {
    /// The item's id.
    pub(crate) id: String,
    /// Where its result ends.
    pub(crate) end: u64,
    pub(crate) is_success: bool,
}

#[derive(Deserialize)]
struct Named {
    id: Value,
    error: Option<IgnoredAny>,
}

impl Output {
    /// Opens the output, which the journal says to be so long, and hands back what else is in it. A torn end is taken
    /// off.
    pub(crate) fn open(path: &Path, known: u64) -> Result<(Output, Vec<Unentered>), Failure> {
        let name = path.display();
        let unusable =
            |error: io::Error| Failure::new(Exit::Usage, format!("can't use {name} as the output: {error}"));
        let mut file = open_alone(path)?;
        let bytes = file.metadata().map_err(unusable)?.len();
        if bytes < known {
            let what = format!(
                "{name} has {bytes} bytes, but its journal says that results up to {known} are in it"
            );
            return Err(Failure::new(Exit::Usage, what)
                .hint("put the file back, or begin anew: remove it and its journal"));
        }
        let line_end = b"\n";
        let mut last = *line_end;
        file.seek(SeekFrom::Start(known.saturating_sub(1))).map_err(unusable)?;
        if known > 0 {
            file.read_exact(&mut last).map_err(unusable)?;
        }
        if last != *line_end {
            let what =
                format!("no result ends in {name} at byte {known}, where its journal says that one does");
            return Err(Failure::new(Exit::Usage, what).hint("put the file back, or begin anew"));
        }
        let (unentered, end) = unentered(BufReader::new(&file), known).map_err(unusable)?.map_err(|at| {
            Failure::new(Exit::Usage, format!("what is in {name} behind byte {at} is no result"))
                .hint("was something else written into it? put the file back, or name another --output")
        })?;
        if end < bytes {
            file.set_len(end).map_err(unusable)?;
        }
        file.seek(SeekFrom::Start(end)).map_err(unusable)?;
        Ok((Output { file, path: path.to_owned(), end }, unentered))
    }

    /// Adds results, and tells where each ends. All of them are in the file then, or none.
    pub(crate) fn add(&mut self, results: &mut [Spool]) -> io::Result<Vec<u64>> {
        let (start, mut ends) = (self.end, Vec::with_capacity(results.len()));
        let mut end = start;
        let mut writer = BufWriter::with_capacity(64 << 10, &self.file);
        let mut write = || {
            for result in results.iter_mut() {
                end += io::copy(&mut result.reader()?, &mut writer)?;
                ends.push(end);
            }
            writer.flush()
        };
        if let Err(error) = write() {
            let _ = writer.into_parts();
            // What the disk took of it would be a torn end: the next run would take it off, too.
            let _ = self.file.set_len(start).and_then(|()| (&self.file).seek(SeekFrom::Start(start)));
            return Err(error);
        }
        drop(writer);
        self.end = end;
        Ok(ends)
    }

    /// Makes durable what was added.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The results behind what is known, and where the last whole one ends; or where there is something else.
fn unentered(mut source: impl BufRead, known: u64) -> io::Result<Result<(Vec<Unentered>, u64), u64>> {
    let (mut found, mut end) = (Vec::new(), known);
    let mut ids = BTreeSet::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        source.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok(Ok((found, end)));
        }
        let (id, error) = match serde_json::from_slice::<Named>(&line) {
            Ok(Named { id: Value::String(id), error }) => (id, error),
            Ok(Named { id: Value::Number(id), error }) => (id.to_string(), error),
            // A file system may keep the length of what was lost, and fill it with zeros.
            _ if line.contains(&0) => return Ok(Ok((found, end))),
            _ => return Ok(Err(end)),
        };
        end += line.len() as u64;
        if !ids.insert(id.clone()) {
            return Ok(Err(end));
        }
        found.push(Unentered { id, end, is_success: error.is_none() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_that_were_not_entered_are_found_and_a_torn_one_is_not() {
        let text = b"{\"id\":\"a\",\"error\":\"\"}\n{\"id\":7,\"x\":1}\n{\"id\":\"c\",\"sta";
        let (found, end) = unentered(&text[..], 100).unwrap().unwrap();
        let named = |id: &str, end, is_success| Unentered { id: id.into(), end, is_success };
        assert_eq!((found, end), (vec![named("a", 122, false), named("7", 137, true)], 137));
    }

    #[test]
    fn what_is_no_result_is_not_taken_for_one() {
        assert_eq!(unentered(&b"hello\n"[..], 5).unwrap().unwrap_err(), 5);
        assert!(unentered(&b"{\"id\":1}\n{\"id\":1}\n"[..], 0).unwrap().is_err(), "one id twice");
        assert_eq!(unentered(&b"\0\0\0\0\n"[..], 5).unwrap().unwrap().1, 5);
    }
}
