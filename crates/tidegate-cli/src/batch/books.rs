//! The two books of a run, output and journal, kept in step by a thread of their own: what waits together is made
//! durable together. Never here: what is sent, what a result says.
//!
//! In which order, whatever ends the run between two of these steps:
//!
//! 1. That an item is about to be sent which may not be sent twice is durable before its first byte leaves.
//! 2. Its result is durable in the output, 3. then that it is done in the journal.
//!
//! Ended before 1, it wasn't sent. Ended between 1 and 2, nobody knows. Ended between 2 and 3, its result is found
//! behind what the journal knows of.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::journal::entry::Entry;
use super::journal::file::Journal;
use super::journal::states::{State, States};
use super::output::Output;
use super::result::spool::Spool;
use crate::exit::{Exit, Failure};

/// How many notes are written at a time.
const TOGETHER: usize = 1024;

/// Where notes are handed in. Who hands in one that matters waits until it is durable, so there are never more of
/// them than calls that have begun.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    notes: UnboundedSender<Note>,
    states: Arc<Mutex<States>>,
}

/// An item's result, to be written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) line: u32,
    pub(crate) is_success: bool,
    pub(crate) text: Spool,
}

/// The books can't be kept any more; why is told by [`Keeper::finish`].
#[derive(Debug)]
pub(crate) struct Closed;

/// Whoever keeps the books.
#[derive(Debug)]
pub(crate) struct Keeper {
    states: Arc<Mutex<States>>,
    ended: Option<oneshot::Receiver<Kept>>,
}

/// The files, and whether all could be written.
type Kept = (Journal, Output, Result<(), Failure>);

#[derive(Debug)]
enum Note {
    Sent(u32, oneshot::Sender<()>),
    Undone(u32),
    Result(Written, oneshot::Sender<()>),
}

impl Books {
    /// Opens the books for notes.
    pub(crate) fn open(journal: Journal, output: Output, states: States) -> Result<(Books, Keeper), Failure> {
        let (notes, incoming) = unbounded_channel();
        let states = Arc::new(Mutex::new(states));
        let (end, ended) = oneshot::channel();
        let mut desk = Desk { journal, output, states: states.clone() };
        let keep = move || {
            let kept = desk.keep(incoming);
            drop(end.send((desk.journal, desk.output, kept)));
        };
        match std::thread::Builder::new().name("books".into()).spawn(keep) {
            Ok(_) => Ok((Books { notes, states: states.clone() }, Keeper { states, ended: Some(ended) })),
            Err(error) => {
                Err(Failure::new(Exit::Failed, format!("can't start the thread that writes: {error}")))
            }
        }
    }

    /// Comes back once it is durable that the item is about to be sent.
    pub(crate) async fn sent(&self, line: u32) -> Result<(), Closed> {
        self.durable(|done| Note::Sent(line, done)).await
    }

    /// What was sent wasn't done. If this is lost, the item counts as one that may have been.
    pub(crate) fn undone(&self, line: u32) {
        if self.state(line) == State::Sent {
            let _ = self.notes.send(Note::Undone(line));
        }
    }

    /// Comes back once the item's result is durable.
    pub(crate) async fn result(&self, result: Written) -> Result<(), Closed> {
        self.durable(|done| Note::Result(result, done)).await
    }

    /// Where an item is.
    pub(crate) fn state(&self, line: u32) -> State {
        lock(&self.states).of(line)
    }

    async fn durable(&self, note: impl FnOnce(oneshot::Sender<()>) -> Note) -> Result<(), Closed> {
        let (done, durable) = oneshot::channel();
        self.notes.send(note(done)).map_err(|_| Closed)?;
        durable.await.map_err(|_| Closed)
    }
}

impl Keeper {
    /// Comes back when the books can't be kept any more.
    pub(crate) async fn failed(&mut self) -> Failure {
        match self.ended().await {
            Some((_, _, Err(failure))) => failure,
            Some((_, _, Ok(()))) | None => died(),
        }
    }

    /// Waits until all is written, once all [`Books`] are gone, and hands the files back.
    pub(crate) async fn finish(&mut self) -> Result<(Journal, Output), Failure> {
        let (journal, output, kept) = self.ended().await.ok_or_else(died)?;
        kept.map(|()| (journal, output))
    }

    /// How it ended; that is told once.
    async fn ended(&mut self) -> Option<Kept> {
        let kept = self.ended.as_mut()?.await.ok();
        self.ended = None;
        kept
    }

    /// Where an item is.
    pub(crate) fn state(&self, line: u32) -> State {
        lock(&self.states).of(line)
    }
}

struct Desk {
    journal: Journal,
    output: Output,
    states: Arc<Mutex<States>>,
}

impl Desk {
    /// Writes what is handed in, until nobody can hand in anything.
    fn keep(&mut self, mut notes: UnboundedReceiver<Note>) -> Result<(), Failure> {
        let mut group = Vec::new();
        while notes.blocking_recv_many(&mut group, TOGETHER) > 0 {
            self.write(std::mem::take(&mut group))?;
        }
        Ok(())
    }

    fn write(&mut self, group: Vec<Note>) -> Result<(), Failure> {
        let (mut entries, mut waiting) = (Vec::new(), Vec::new());
        let (mut lines, mut results) = (Vec::new(), Vec::new());
        for note in group {
            match note {
                Note::Sent(line, done) => {
                    entries.push(Entry::Sent(line));
                    waiting.push(done);
                }
                Note::Undone(line) => entries.push(Entry::Undone(line)),
                Note::Result(Written { line, is_success, text }, done) => {
                    lines.push((line, is_success));
                    results.push(text);
                    waiting.push(done);
                }
            }
        }
        if !results.is_empty() {
            let added = self.output.add(&mut results).and_then(|ends| self.output.sync().map(|()| ends));
            let ends = added.map_err(|error| unwritable(self.output.path(), &error))?;
            let done = lines.into_iter().zip(ends).map(|((line, is_success), end)| match is_success {
                true => Entry::Done { line, end },
                false => Entry::Failed { line, end },
            });
            entries.extend(done);
        }
        let added = self.journal.add(&entries);
        let synced = added.and_then(|()| if waiting.is_empty() { Ok(()) } else { self.journal.sync() });
        synced.map_err(|error| unwritable(self.journal.path(), &error))?;
        self.enter(&entries);
        for done in waiting {
            // Whoever doesn't wait any more was stopped.
            let _ = done.send(());
        }
        Ok(())
    }

    fn enter(&self, entries: &[Entry]) {
        let mut states = lock(&self.states);
        entries.iter().for_each(|entry| states.hear(*entry));
    }
}

fn died() -> Failure {
    Failure::new(Exit::Failed, "the thread that writes has died: this is a fault of tidegate")
}

/// What is said when a file can't be written.
pub(crate) fn unwritable(path: &std::path::Path, error: &io::Error) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("can't write to {}: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            failure.hint("what is written is whole; make room, and go on with the same command")
        }
        _ => failure,
    }
}

fn lock(states: &Mutex<States>) -> MutexGuard<'_, States> {
    states.lock().unwrap_or_else(PoisonError::into_inner)
}
