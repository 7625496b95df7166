//! Bytes that wait to be written: few in memory, more in a file without a name. Never here: what they are.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How many bytes stay in memory.
pub(crate) const IN_MEMORY: usize = 64 << 10;

/// Bytes, written once and then read.
#[derive(Debug)]
pub(crate) struct Spool {
    start: Vec<u8>,
    rest: Option<File>,
    folder: PathBuf,
    bytes: u64,
}

impl Spool {
    /// An empty one; what doesn't stay in memory goes into a file in this folder.
    pub(crate) fn new(folder: &Path) -> Spool {
        Spool { start: Vec::new(), rest: None, folder: folder.to_owned(), bytes: 0 }
    }

    /// An empty one beside this one.
    pub(crate) fn another(&self) -> Spool {
        Spool::new(&self.folder)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads all of it from the beginning.
    pub(crate) fn reader(&mut self) -> io::Result<impl Read> {
        let rest: Box<dyn Read> = match &mut self.rest {
            Some(file) => {
                file.seek(SeekFrom::Start(0))?;
                Box::new(BufReader::with_capacity(16 << 10, file))
            }
            None => Box::new(io::empty()),
        };
        Ok(self.start.chain(rest))
    }
}

impl Write for Spool {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.rest.is_none() && self.start.len() + part.len() <= IN_MEMORY {
            self.start.extend_from_slice(part);
        } else {
            let file = match &mut self.rest {
                Some(file) => file,
                none => none.insert(tempfile::tempfile_in(&self.folder)?),
            };
            file.write_all(part)?;
        }
        self.bytes += part.len() as u64;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_comes_back_as_little_does() {
        let folder = tempfile::tempdir().unwrap();
        for parts in [0usize, 1, 6, 100] {
            let mut spool = Spool::new(folder.path());
            let part: Vec<u8> = (0..10_000u32).map(|number| (number % 251) as u8).collect();
            (0..parts).for_each(|_| spool.write_all(&part).unwrap());
            for _ in 0..2 {
                let mut back = Vec::new();
                spool.reader().unwrap().read_to_end(&mut back).unwrap();
                assert!(back == part.repeat(parts), "{parts} parts");
            }
            assert_eq!(spool.rest.is_some(), parts == 100);
            assert_eq!(spool.bytes(), 10_000 * parts as u64);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    }
}
