//! The results in the order of the list, once all are there: in a file beside the output, which then takes its place.
//! Never here: results in order of completion.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::args::beside;
use super::input::index::Index;
use super::journal::entry::Entry;
use super::journal::file::{Journal, sync_folder};
use super::journal::replay::Fault;
use crate::exit::{Exit, Failure};

/// Puts the output into order. Ended at any moment, it is in its old order or in the new one, and the journal says
/// which: the next run goes on.
pub(crate) fn put_into_order(journal: &mut Journal, index: &Index, output: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::new(Exit::Failed, format!("can't put {} into order: {error}", output.display()))
            .hint("all results are in it; the same command tries again")
    };
    let beside = beside(output, ".ordered");
    let starts = starts(journal, index).map_err(failed)?;
    let bytes = copy(output, &beside, index, &starts).inspect_err(|_| drop(std::fs::remove_file(&beside)));
    let bytes = bytes.map_err(failed)?;
    journal.add(&[Entry::Ordered { bytes }]).and_then(|()| journal.sync()).map_err(failed)?;
    take_place(output).map_err(failed)
}

/// Takes the complete file beside the output for the output, if that hasn't happened yet.
pub(crate) fn take_place(output: &Path) -> io::Result<()> {
    match std::fs::rename(beside(output, ".ordered"), output) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed.and_then(|()| sync_folder(output)),
    }
}

/// Where the result of each line begins.
fn starts(journal: &Journal, index: &Index) -> io::Result<Vec<u64>> {
    let last = index.lines().last().map_or(0, |line| line as usize + 1);
    let (mut starts, mut start) = (vec![0; last], 0);
    let heard = journal.each(|entry| {
        if let Entry::Done { line, end } | Entry::Failed { line, end } = entry {
            if let Some(place) = starts.get_mut(line as usize) {
                *place = start;
            }
            start = end;
        }
    });
    match heard {
        Ok(()) => Ok(starts),
        Err(Fault::Io(error)) => Err(error),
        Err(Fault::Damaged(line)) => Err(io::Error::other(format!("its journal is damaged at line {line}"))),
    }
}

fn copy(from: &Path, to: &Path, index: &Index, starts: &[u64]) -> io::Result<u64> {
    let mut source = BufReader::with_capacity(64 << 10, File::open(from)?);
    let mut target = BufWriter::with_capacity(64 << 10, File::create(to)?);
    let (mut at, mut bytes) = (0, 0);
    for line in index.lines() {
        let start = starts[line as usize];
        source.seek_relative(start as i64 - at as i64)?;
        let copied = copy_line(&mut source, &mut target)?;
        at = start + copied;
        bytes += copied;
    }
    let whole = source.seek(SeekFrom::End(0))?;
    if whole != bytes {
        return Err(io::Error::other("it holds something else than the results that the journal knows of"));
    }
    target.into_inner().map_err(|error| error.into_error())?.sync_all()?;
    Ok(bytes)
}

/// Copies a line, however long it is.
fn copy_line(source: &mut impl BufRead, target: &mut impl Write) -> io::Result<u64> {
    let mut copied = 0;
    loop {
        let part = source.fill_buf()?;
        if part.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = part.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let used = end.unwrap_or(part.len());
        target.write_all(&part[..used])?;
        source.consume(used);
        copied += used as u64;
        if end.is_some() {
            return Ok(copied);
        }
    }
}
