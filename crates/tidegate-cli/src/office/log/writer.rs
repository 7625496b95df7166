//! The thread that writes the access log, many lines at once. Never here: who waits for it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Serialize;
use tokio::sync::mpsc;

use super::{Note, Tally};
use crate::output;

/// How much is written at once, in bytes.
const BATCH: usize = 64 * 1024;

/// Where lines go.
#[derive(Debug)]
pub(super) enum Sink {
    Stdout,
    File(PathBuf, File),
}

impl Sink {
    pub(super) fn file(path: &Path) -> io::Result<Sink> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Sink::File(path.to_owned(), file))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Sink::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Sink::File(_, file) => file.write_all(bytes),
        }
    }

    fn name(&self) -> String {
        match self {
            Sink::Stdout => "standard output".to_owned(),
            Sink::File(path, _) => path.display().to_string(),
        }
    }
}

/// Writes lines until there are no more to come.
#[derive(Debug)]
pub(super) struct Writer {
    sink: Sink,
    tally: Arc<Tally>,
    /// Lines that are to be written, whole ones.
    text: Vec<u8>,
    /// How many they are.
    lines: u64,
    disk: Disk,
}

/// Whether the last attempt to write came off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    Well,
    /// It didn't, and people have been told; so many lines are lost since.
    Broken {
        lost: u64,
    },
}

impl Writer {
    pub(super) fn new(sink: Sink, tally: Arc<Tally>) -> Writer {
        Writer { sink, tally, text: Vec::new(), lines: 0, disk: Disk::Well }
    }

    /// Writes what comes until the end is told, or nobody is left to tell it.
    pub(super) fn run<L: Serialize>(mut self, mut notes: mpsc::Receiver<Note<L>>) {
        while let Some(note) = notes.blocking_recv() {
            let mut next = Some(note);
            while let Some(note) = next {
                match note {
                    Note::Call(line) => {
                        // Text and numbers always become JSON, and a vector always takes them.
                        let _ = serde_json::to_writer(&mut self.text, &line);
                        self.text.push(b'\n');
                        self.lines += 1;
                    }
                    Note::Reopen => self.reopen(),
                    Note::End(written) => {
                        self.flush();
                        // What comes from now on is refused, so that it is counted.
                        notes.close();
                        // Who asked may have stopped waiting.
                        let _ = written.send(());
                        return;
                    }
                }
                next = if self.text.len() < BATCH { notes.try_recv().ok() } else { None };
            }
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.text.is_empty() {
            return;
        }
        if let Disk::Broken { .. } = self.disk {
            // The last line may have been left half written.
            self.text.insert(0, b'\n');
        }
        let written = self.sink.write(&self.text);
        let lines = std::mem::take(&mut self.lines);
        self.text.clear();
        match written {
            Ok(()) => {
                self.tally.written.fetch_add(lines, Ordering::Relaxed);
                if let Disk::Broken { lost } = std::mem::replace(&mut self.disk, Disk::Well) {
                    output::error(format_args!("the access log is written again; {lost} lines were lost"));
                }
            }
            Err(error) => {
                self.tally.failed.fetch_add(lines, Ordering::Relaxed);
                self.disk = match self.disk {
                    Disk::Broken { lost } => Disk::Broken { lost: lost + lines },
                    Disk::Well => {
                        let name = self.sink.name();
                        output::error(format_args!(
                            "can't write the access log to {name}: {error}; its lines are lost until that is mended"
                        ));
                        Disk::Broken { lost: lines }
                    }
                };
            }
        }
    }

    fn reopen(&mut self) {
        self.flush();
        let Sink::File(path, _) = &self.sink else { return };
        match Sink::file(path) {
            Ok(sink) => self.sink = sink,
            Err(error) => {
                let name = self.sink.name();
                output::error(format_args!(
                    "can't open the access log {name} anew: {error}; the old file goes on"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(writer: &mut Writer) {
        writer.text.extend_from_slice(b"{}\n");
        writer.lines += 1;
        writer.flush();
    }

    #[test]
    fn a_disk_that_breaks_loses_lines_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let Ok(whole @ Sink::File(..)) = Sink::file(&path) else { panic!("a file can be made") };
        // A file that is open for reading alone stands in for a full disk.
        let broken = Sink::File(path.clone(), File::open(&path).unwrap());
        let tally = Arc::new(Tally::default());
        let mut writer = Writer::new(broken, Arc::clone(&tally));
        line(&mut writer);
        line(&mut writer);
        assert_eq!(writer.disk, Disk::Broken { lost: 2 });
        writer.sink = whole;
        line(&mut writer);
        assert_eq!(writer.disk, Disk::Well);
        assert_eq!(tally.failed.load(Ordering::Relaxed), 2);
        assert_eq!(tally.written.load(Ordering::Relaxed), 1);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "\n{}\n", "whatever came before it ends there");
    }
}
