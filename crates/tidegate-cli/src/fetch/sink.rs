//! Where results go: a thread of its own writes them, so that a reader who stalls never holds up Ctrl-C. Never here:
//! what is written.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidegate::world;
use tokio::sync::{mpsc, oneshot};

use super::args::OutputArgs;
use super::ledger::{Ledger, Mark};
use crate::caller::voice::Voice;
use crate::exit::{Exit, Failure};
use crate::output;

/// How many pieces may wait to be written.
const ROOM: usize = 16;

/// How long the writer may take to end its last piece after Ctrl-C.
const LAST_PIECE: Duration = Duration::from_millis(50);

/// A part of the results: written as a whole, flushed, then entered as done.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) bytes: Bytes,
    pub(crate) mark: Mark,
}

/// Where one job puts its pieces.
#[derive(Clone, Debug)]
pub(crate) struct Outlet(mpsc::Sender<Piece>);

/// Nobody takes pieces any more; why is told by [`Sink::finish`].
#[derive(Debug)]
pub(crate) struct Closed;

impl Outlet {
    /// An outlet of its own, and where its pieces come out.
    pub(crate) fn new() -> (Outlet, mpsc::Receiver<Piece>) {
        let (sender, pieces) = mpsc::channel(ROOM);
        (Outlet(sender), pieces)
    }

    /// Puts a piece in line, once there is room.
    pub(crate) async fn put(&self, piece: Piece) -> Result<(), Closed> {
        self.0.send(piece).await.map_err(|_| Closed)
    }
}

/// The writer.
#[derive(Debug)]
pub(crate) struct Sink {
    outlet: Option<Outlet>,
    /// Until how it ended is known.
    ended: Option<oneshot::Receiver<Result<(), Failure>>>,
}

impl Sink {
    /// Opens what the flags name. A file that is there keeps its content until the first result comes.
    pub(crate) fn open(args: &OutputArgs, ledger: Arc<Ledger>, voice: Voice) -> Result<Sink, Failure> {
        let mut place = match &args.output {
            Some(path) => Place::file(path, args.append)?,
            None => Place::Stdout(voice, io::stdout().is_terminal()),
        };
        let (outlet, mut pieces) = Outlet::new();
        let (end, ended) = oneshot::channel();
        let write = move || {
            let mut result = Ok(());
            while let Some(Piece { bytes, mark }) = pieces.blocking_recv() {
                result = place.write(&bytes);
                if result.is_err() {
                    break;
                }
                ledger.written(bytes.len(), mark);
            }
            drop(pieces);
            let _ = end.send(result);
        };
        match std::thread::Builder::new().name("results".into()).spawn(write) {
            Ok(_) => Ok(Sink { outlet: Some(outlet), ended: Some(ended) }),
            Err(error) => {
                Err(Failure::new(Exit::Failed, format!("can't start the thread that writes: {error}")))
            }
        }
    }

    /// Where pieces go in; can be taken once.
    pub(crate) fn outlet(&mut self) -> Option<Outlet> {
        self.outlet.take()
    }

    /// Waits until all outlets are gone and all is written, and says if it couldn't be.
    pub(crate) async fn finish(&mut self) -> Result<(), Failure> {
        self.outlet = None;
        let Some(ended) = self.ended.as_mut() else { return Ok(()) };
        let died = || Failure::new(Exit::Failed, "the thread that writes has died");
        let result = ended.await.unwrap_or_else(|_| Err(died()));
        self.ended = None;
        result
    }

    /// Lets the writer end the piece that it is at, if that is quick.
    pub(crate) async fn stop(mut self) {
        let enough = world::now().later(LAST_PIECE);
        tokio::select! {
            _ = self.finish() => {}
            () = world::sleep_until(enough) => {}
        }
    }
}

enum Place {
    Stdout(Voice, bool),
    File { file: File, path: PathBuf, old: Old },
}

/// What a file had in it before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Old {
    ToGo,
    Gone,
}

impl Place {
    fn file(path: &Path, append: bool) -> Result<Place, Failure> {
        let mut options = OpenOptions::new();
        options.create(true).append(append).write(!append).truncate(false);
        match options.open(path) {
            Ok(file) => Ok(Place::File {
                file,
                path: path.to_owned(),
                old: if append { Old::Gone } else { Old::ToGo },
            }),
            Err(error) => {
                Err(Failure::new(Exit::Usage, format!("can't write to {}: {error}", path.display())))
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Place::Stdout(voice, true) => voice.bar().suspend(|| output::stdout(bytes)),
            Place::Stdout(_, false) => output::stdout(bytes),
            Place::File { file, path, old } => {
                let cleared = std::mem::replace(old, Old::Gone) == Old::Gone;
                if cleared { Ok(()) } else { clear(file) }.and_then(|()| file.write_all(bytes)).map_err(
                    |error| Failure::new(Exit::Failed, format!("can't write to {}: {error}", path.display())),
                )
            }
        }
    }
}

/// Empties a file; a device has nothing to empty.
fn clear(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() { file.set_len(0) } else { Ok(()) }
}
