//! The list: what is in it, where each item stands, and what shares a limit. Never here: sending, a result.

pub(crate) mod index;
pub(crate) mod item;
pub(crate) mod keys;
pub(crate) mod records;
pub(crate) mod row;
pub(crate) mod survey;
pub(crate) mod terms;

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::exit::{Exit, Failure};
use index::Index;
use item::Item;
use records::{Form, Place, Records};
use terms::Terms;

/// The list, open for reading any of its items again.
#[derive(Debug)]
pub(crate) struct List {
    path: PathBuf,
    records: Records<File>,
    seen: Seen,
    record: Vec<u8>,
}

/// By what it is noticed that a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl From<Metadata> for Seen {
    fn from(metadata: Metadata) -> Seen {
        Seen { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl List {
    /// Opens the file; it has to be one that can be read again.
    pub(crate) fn open(path: &Path, form: Form) -> Result<List, Failure> {
        let unreadable = |error: io::Error| {
            Failure::new(Exit::Usage, format!("can't read the list from {}: {error}", path.display()))
        };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Failure::new(Exit::Usage, format!("{} is no file", path.display()))
                .hint("the list is read more than once, so it can't come through a pipe: save it first"));
        }
        let (path, record) = (path.to_owned(), Vec::new());
        Ok(List { path, records: Records::new(file, form), seen: metadata.into(), record })
    }

    /// Reads an item, and how many bytes its record has. The list has to be the one that was surveyed.
    pub(crate) fn item(&mut self, line: u32, index: &Index, terms: &Terms) -> Result<(Item, usize), Failure> {
        let path = self.path.display();
        let changed = || {
            Failure::new(Exit::Failed, format!("{path} was changed while it was worked on")).hint(
                "put it back as it was and go on with the same command, or begin anew with another output",
            )
        };
        let unreadable = |error: io::Error| {
            Failure::new(Exit::Failed, format!("can't read the list from {path}: {error}"))
        };
        if Seen::from(self.records.source().metadata().map_err(unreadable)?) != self.seen {
            return Err(changed());
        }
        let offset = index.offset(line).ok_or_else(changed)?;
        self.records.go_to(Place { line, offset }).map_err(unreadable)?;
        self.records.next(&mut self.record).map_err(unreadable)?;
        let item = Item::read(&self.record, line, terms).map_err(|_| changed())?;
        Ok((item, self.record.len()))
    }
}
