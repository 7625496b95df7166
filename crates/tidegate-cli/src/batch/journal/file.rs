//! The journal's file: opened for one run alone, its torn end taken off, lines added and made durable. Never here:
//! what the lines mean.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::entry::{Chain, Entry};
use super::head::Head;
use super::replay::{Fault, Replay, replay};
use crate::exit::{Exit, Failure};

/// A journal that is written to.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    chain: Chain,
    /// Where the last sound line ends.
    end: u64,
}

impl Journal {
    /// Opens the journal, or an empty one, and reads what it says. Nobody else may have it open.
    pub(crate) fn open(path: &Path) -> Result<(Journal, Replay), Failure> {
        let name = path.display();
        let unusable =
            |error: io::Error| Failure::new(Exit::Usage, format!("can't use {name} as the journal: {error}"));
        let mut file = open_alone(path)?;
        let said = match replay(BufReader::new(&file), |_| ()) {
            Ok(said) => said,
            Err(Fault::Io(error)) => return Err(unusable(error)),
            Err(Fault::Damaged(line)) => {
                let what = format!("the journal {name} is damaged at line {line}, with sound lines after it");
                return Err(Failure::new(Exit::Usage, what).hint(
                    "nothing can say what was done: put the file back, or look what was done by yourself",
                ));
            }
        };
        let bytes = file.metadata().map_err(unusable)?.len();
        // A head that is torn was being written by a run that had done nothing yet.
        let is_ours = said.head.is_some() || begins_a_head(&mut file).map_err(unusable)?;
        if !is_ours {
            return Err(Failure::new(Exit::Usage, format!("{name} is no journal of tidegate batch"))
                .hint("--journal names another file"));
        }
        if said.sound < bytes {
            file.set_len(said.sound).map_err(unusable)?;
        }
        file.seek(SeekFrom::Start(said.sound)).map_err(unusable)?;
        let journal = Journal { file, path: path.to_owned(), chain: said.chain, end: said.sound };
        Ok((journal, said))
    }

    /// Begins a journal; it is durable before this comes back.
    pub(crate) fn begin(&mut self, head: &Head) -> io::Result<()> {
        self.write(&[head.body()])?;
        self.sync()?;
        sync_folder(&self.path)
    }

    /// Adds entries. All of them are in the file then, or none.
    pub(crate) fn add(&mut self, entries: &[Entry]) -> io::Result<()> {
        let bodies: Vec<String> = entries.iter().map(|entry| entry.body()).collect();
        self.write(&bodies)
    }

    /// Makes durable what was added.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all entries once more.
    pub(crate) fn each(&self, hear: impl FnMut(Entry)) -> Result<(), Fault> {
        let file = File::open(&self.path).map_err(Fault::Io)?;
        replay(BufReader::new(file), hear).map(drop)
    }

    fn write(&mut self, bodies: &[String]) -> io::Result<()> {
        let (mut chain, mut text) = (self.chain, String::new());
        bodies.iter().for_each(|body| chain.write(body, &mut text));
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            // What the disk took of it would be a torn end: the next run would take it off, too.
            let _ = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
            return Err(error);
        }
        self.chain = chain;
        self.end += text.len() as u64;
        Ok(())
    }
}

/// Opens a file for reading and writing that no other run has open.
pub(crate) fn open_alone(path: &Path) -> Result<File, Failure> {
    let name = path.display();
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file =
        opened.map_err(|error| Failure::new(Exit::Usage, format!("can't write to {name}: {error}")))?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        return Err(Failure::new(
            Exit::Usage,
            format!("{name} is no file, so nothing could be gone on with"),
        ));
    }
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::new(Exit::Usage, format!("another run of tidegate batch is at work on {name}"))
                .hint("wait for its end, or give this one another --output and --journal"))
        }
        // A file system that knows no locks is no reason not to work.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Makes durable that a file is there under its name.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        // Where folders can't be opened, nothing more can be done.
        Err(_) => Ok(()),
    }
}

/// Whether a file could be the beginning of a journal, as an empty one could.
fn begins_a_head(file: &mut File) -> io::Result<bool> {
    use std::io::Read;
    let expected = br#"{"tidegate":"batch journal""#;
    let mut start = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(expected.len() as u64).read_to_end(&mut start)?;
    Ok(expected.starts_with(&start) || start.iter().all(|byte| *byte == 0))
}
