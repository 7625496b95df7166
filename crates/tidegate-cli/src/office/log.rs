//! The access log: a line for each call, written by a thread of its own. Never here: a line's fields, a wait for a disk.
//!
//! A call is noted when its [`Draft`] is dropped, so whatever becomes of it. Nobody waits for that: what the disk
//! can't keep up with is dropped, and counted.

mod draft;
mod writer;

pub(crate) mod fields;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tidegate::world;
use tokio::sync::{mpsc, oneshot};

use crate::exit::{Exit, Failure};
use crate::office::metrics::Families;
use crate::relay::settings::AccessLog;
use writer::{Sink, Writer};

pub(crate) use draft::{Draft, Line};

/// How many lines may wait for the disk.
const QUEUE: usize = 16 * 1024;

/// How long the end, or log rotation, waits for a disk that hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where calls are noted, each as a line of this kind.
#[derive(Debug)]
pub(crate) struct Log<L>(Option<Open<L>>);

#[derive(Debug)]
struct Open<L> {
    notes: mpsc::Sender<Note<L>>,
    tally: Arc<Tally>,
}

impl<L> Clone for Open<L> {
    fn clone(&self) -> Open<L> {
        Open { notes: self.notes.clone(), tally: Arc::clone(&self.tally) }
    }
}

/// What the writer is told, in order.
#[derive(Debug)]
enum Note<L> {
    Call(Box<L>),
    Reopen,
    /// Nothing comes behind it; says when all is written.
    End(oneshot::Sender<()>),
}

#[derive(Debug, Default)]
struct Tally {
    written: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

/// How many lines became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Written.
    pub(crate) written: u64,
    /// Dropped, since too many waited already.
    pub(crate) dropped: u64,
    /// Lost, since they couldn't be written.
    pub(crate) failed: u64,
}

impl Counts {
    /// As a family of metrics.
    pub(crate) fn encode(self, families: &mut Families<'_>) -> fmt::Result {
        let lines = [
            ([("outcome", "written")], self.written),
            ([("outcome", "dropped")], self.dropped),
            ([("outcome", "failed")], self.failed),
        ];
        families.counters(
            "tidegate_access_log_lines",
            "Lines of the access log, by what became of them",
            lines,
        )
    }

    /// As a part of a state page.
    pub(crate) fn told(self) -> Value {
        json!({ "written": self.written, "dropped": self.dropped, "failed": self.failed })
    }
}

impl<L: Line> Log<L> {
    /// Opens the log, and starts the thread that writes it.
    ///
    /// # Errors
    /// When the file can't be opened, or there is no thread to be had.
    pub(crate) fn open(place: &AccessLog) -> Result<Log<L>, Failure> {
        let sink = match place {
            AccessLog::Off => return Ok(Log(None)),
            AccessLog::Stdout => Sink::Stdout,
            AccessLog::File(path) => Sink::file(path).map_err(|error| {
                let said = format!("can't open the access log {}: {error}", path.display());
                Failure::new(Exit::Usage, said).hint("name a file that can be written, \"stdout\" or \"off\"")
            })?,
        };
        Log::into(sink)
    }

    fn into(sink: Sink) -> Result<Log<L>, Failure> {
        let (notes, waiting) = mpsc::channel(QUEUE);
        let tally = Arc::new(Tally::default());
        let writer = Writer::new(sink, Arc::clone(&tally));
        let thread = std::thread::Builder::new().name("access-log".to_owned());
        thread.spawn(move || writer.run(waiting)).map_err(|error| {
            Failure::new(Exit::Failed, format!("can't start a thread for the access log: {error}"))
        })?;
        Ok(Log(Some(Open { notes, tally })))
    }

    /// Goes on in a new file of the same name: the old one was renamed, as log rotation does.
    pub(crate) async fn reopen(&self) {
        if let Some(open) = &self.0 {
            // A writer that has ended has nothing to reopen.
            within_patience(open.notes.send(Note::Reopen)).await;
        }
    }

    /// Writes what was noted so far, and ends. Calls that are noted later are dropped.
    pub(crate) async fn close(&self) {
        let Some(open) = &self.0 else { return };
        let (written, all_written) = oneshot::channel();
        within_patience(async {
            if open.notes.send(Note::End(written)).await.is_ok() {
                let _ = all_written.await;
            }
        })
        .await;
    }

    /// How many lines became what; `None` where nothing is noted.
    pub(crate) fn counts(&self) -> Option<Counts> {
        let tally = &self.0.as_ref()?.tally;
        let now = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Some(Counts {
            written: now(&tally.written),
            dropped: now(&tally.dropped),
            failed: now(&tally.failed),
        })
    }
}

impl<L> Open<L> {
    /// Notes a call. Never waits.
    fn note(&self, line: Box<L>) {
        if self.notes.try_send(Note::Call(line)).is_err() {
            self.tally.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits for the writer, but not for a disk that hangs.
async fn within_patience<T>(work: impl Future<Output = T>) {
    tokio::select! {
        _ = work => {}
        () = world::sleep_until(world::now().later(PATIENCE)) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde::Serialize;
    use tidegate_core::Time;

    use super::*;

    /// A line that says one thing.
    #[derive(Debug, Serialize)]
    struct Word {
        said: &'static str,
    }

    impl Line for Word {
        fn end(&mut self, _now: Time) {}
    }

    fn open(path: &Path) -> Log<Word> {
        Log::open(&AccessLog::File(path.to_owned())).unwrap()
    }

    fn say(log: &Log<Word>, said: &'static str) {
        drop(Draft::of(log, || Word { said }));
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_file_that_was_renamed_is_left_for_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
        let log = open(&path);
        say(&log, "before");
        fs::rename(&path, &old).unwrap();
        log.reopen().await;
        say(&log, "after");
        log.close().await;
        assert_eq!(lines(&old)[0]["said"], "before");
        assert_eq!(lines(&path)[0]["said"], "after");
        assert_eq!(log.counts(), Some(Counts { written: 2, ..Counts::default() }));
    }

    #[tokio::test]
    async fn what_comes_after_the_end_is_counted_as_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(&folder.path().join("access.log"));
        log.close().await;
        say(&log, "late");
        log.close().await;
        assert_eq!(log.counts(), Some(Counts { dropped: 1, ..Counts::default() }));
    }

    #[test]
    fn a_full_queue_drops_lines_and_delays_nobody() {
        let (notes, _nobody_reads) = mpsc::channel(1);
        let log = Log(Some(Open { notes, tally: Arc::default() }));
        for _ in 0..3 {
            say(&log, "anything");
        }
        assert_eq!(log.counts().unwrap().dropped, 2);
    }

    #[tokio::test]
    async fn a_log_that_is_off_costs_and_holds_nothing() {
        let log = Log::<Word>::open(&AccessLog::Off).unwrap();
        let draft = Draft::of(&log, || panic!("nobody asks for a line"));
        assert!(draft.is_empty());
        drop(draft);
        log.reopen().await;
        log.close().await;
        assert_eq!(log.counts(), None);
    }

    #[test]
    fn a_file_that_can_t_be_opened_is_said_before_anything_starts() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Log::<Word>::open(&AccessLog::File(folder.path().join("no/such/folder"))).unwrap_err();
        assert!(failure.message().contains("no/such/folder"), "{failure}");
    }
}
