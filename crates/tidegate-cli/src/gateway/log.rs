//! The access log: a line for each call, written by a thread of its own. Never here: a line's fields, a wait for a disk.
//!
//! A call is noted when its [`Record`] is dropped, so whatever becomes of it. Nobody waits for that: what the disk
//! can't keep up with is dropped, and counted.

mod record;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tidegate::world;
use tokio::sync::{mpsc, oneshot};

use crate::exit::{Exit, Failure};
use crate::policy::settings::AccessLog;
use record::Entry;
use writer::{Sink, Writer};

pub(crate) use record::Record;

/// How many lines may wait for the disk.
const QUEUE: usize = 16 * 1024;

/// How long the end, or log rotation, waits for a disk that hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where calls are noted.
#[derive(Debug)]
pub(crate) struct Log(Option<Open>);

#[derive(Clone, Debug)]
struct Open {
    notes: mpsc::Sender<Note>,
    tally: Arc<Tally>,
}

/// What the writer is told, in order.
#[derive(Debug)]
enum Note {
    Call(Box<Entry>),
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

impl Log {
    /// Opens the log, and starts the thread that writes it.
    ///
    /// # Errors
    /// When the file can't be opened, or there is no thread to be had.
    pub(crate) fn open(place: &AccessLog) -> Result<Log, Failure> {
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

    fn into(sink: Sink) -> Result<Log, Failure> {
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

impl Open {
    /// Notes a call. Never waits.
    fn note(&self, entry: Box<Entry>) {
        if self.notes.try_send(Note::Call(entry)).is_err() {
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

    use http::{Request, StatusCode};
    use serde_json::Value;
    use tidegate_core::Time;
    use tidegate_wire::tracking::TrackingId;

    use super::*;

    const SECRET: &str = "s3cr3t-t0ken";

    fn open(path: &Path) -> Log {
        Log::open(&AccessLog::File(path.to_owned())).unwrap()
    }

    fn record(log: &Log, target: &str) -> Record {
        let request = Request::get(target)
            .header("authorization", format!("Bearer {SECRET}"))
            .header("cookie", format!("session={SECRET}"))
            .body(())
            .unwrap();
        let tracking = TrackingId::from_draw(7);
        Record::of(log, &request, Time::from_secs(5), "192.0.2.7".parse().unwrap(), &tracking)
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        assert!(!text.contains(SECRET), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_call_is_a_line_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let log = open(&path);
        let target = format!("/v1/rooms;jsessionid={SECRET}/7?token={SECRET}");
        let mut served = record(&log, &target);
        served.served("http://a", StatusCode::OK, 1);
        served.ended(Time::from_nanos(5_012_345_678));
        drop(served);
        let mut turned = record(&log, "/v1/rooms");
        turned.turned(StatusCode::TOO_MANY_REQUESTS, format_args!("limit:{}", "rooms"));
        turned.ended(Time::from_secs(5));
        drop(turned);
        log.close().await;
        let [served, turned] = &lines(&path)[..] else { panic!("two calls are two lines") };
        assert_eq!(served["path"], "/v1/rooms;…/7");
        assert_eq!((&served["method"], &served["status"]), (&"GET".into(), &200.into()));
        assert_eq!((&served["server"], &served["tries"]), (&"http://a".into(), &2.into()));
        assert_eq!((&served["took_ms"], &served["client"]), (&12.346.into(), &"192.0.2.7".into()));
        assert_eq!(served["tracking"], TrackingId::from_draw(7).as_str());
        assert_eq!(served["time"].as_str().map(str::len), Some("2026-11-22T10:09:08.765Z".len()));
        assert_eq!(served.get("why"), None);
        assert_eq!((&turned["why"], &turned["status"]), (&"limit:rooms".into(), &429.into()));
        assert_eq!(turned.get("server"), None);
        assert_eq!(log.counts(), Some(Counts { written: 2, ..Counts::default() }));
    }

    #[tokio::test]
    async fn a_call_whose_caller_leaves_is_a_line_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let log = open(&path);
        drop(record(&log, "/slow"));
        log.close().await;
        let lines = lines(&path);
        assert_eq!((&lines[0]["path"], &lines[0]["why"]), (&"/slow".into(), &"gone".into()));
        assert_eq!(lines[0].get("status"), None, "there was no answer");
    }

    #[tokio::test]
    async fn a_file_that_was_renamed_is_left_for_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
        let log = open(&path);
        drop(record(&log, "/before"));
        fs::rename(&path, &old).unwrap();
        log.reopen().await;
        drop(record(&log, "/after"));
        log.close().await;
        assert_eq!(lines(&old)[0]["path"], "/before");
        assert_eq!(lines(&path)[0]["path"], "/after");
    }

    #[tokio::test]
    async fn what_comes_after_the_end_is_counted_as_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(&folder.path().join("access.log"));
        log.close().await;
        drop(record(&log, "/late"));
        log.close().await;
        assert_eq!(log.counts(), Some(Counts { dropped: 1, ..Counts::default() }));
    }

    #[test]
    fn a_full_queue_drops_lines_and_delays_nobody() {
        let (notes, _nobody_reads) = mpsc::channel(1);
        let log = Log(Some(Open { notes, tally: Arc::default() }));
        for _ in 0..3 {
            drop(record(&log, "/"));
        }
        assert_eq!(log.counts().unwrap().dropped, 2);
    }

    #[tokio::test]
    async fn a_log_that_is_off_costs_and_holds_nothing() {
        let log = Log::open(&AccessLog::Off).unwrap();
        let mut record = record(&log, "/");
        record.turned(StatusCode::OK, "anything");
        assert!(record.is_empty());
        log.reopen().await;
        log.close().await;
        assert_eq!(log.counts(), None);
    }

    #[test]
    fn a_file_that_can_t_be_opened_is_said_before_anything_starts() {
        let folder = tempfile::tempdir().unwrap();
        let failure = Log::open(&AccessLog::File(folder.path().join("no/such/folder"))).unwrap_err();
        assert!(failure.message().contains("no/such/folder"), "{failure}");
    }
}
