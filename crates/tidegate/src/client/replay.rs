//! A body that can be sent again: it is recorded while it goes out. Never here: when to send it again.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::memory::Share;
use super::recording::{PIECE, Recording};
use super::settings::Room;

/// The body that the inner service is given: the caller's own, byte for byte, at every sending.
///
/// The first sending streams the caller's body through and records it. A second one plays what was recorded, then
/// goes on where the first one stopped reading. Its length stays as exact as the caller's body knows it, so a
/// `Content-Length` stays one; trailers come again too.
pub struct Replay<B> {
    tape: Arc<Mutex<Tape<B>>>,
    /// Which playing this is: a later one takes the tape over.
    playing: u32,
    at: u64,
    end: End,
}

/// How near a playing is to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ahead,
    /// The data and, if there are some, the trailers were given; or an error.
    Reached,
}

/// A body and what has gone out of it.
struct Tape<B> {
    source: Pin<Box<B>>,
    state: Source,
    /// Read from the source, and not gone out yet.
    held: Bytes,
    recording: Recording,
    room: Room,
    /// What the recording holds in memory.
    share: Share,
    trailers: Option<HeaderMap>,
    playing: u32,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Open,
    Ended,
    /// It failed, or what was recorded of it can't be read.
    Broken,
}

/// Why a body can't go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// The caller's own body failed.
    Body(Box<dyn Error + Send + Sync>),
    /// What was recorded can't be read from the temporary file.
    Spill(io::Error),
    /// The upstream answered before it had read the body, and the request is sent again on another connection.
    Superseded,
}

/// The tape as its owner has it, who starts the playings.
pub(crate) struct Tapes<B>(Arc<Mutex<Tape<B>>>);

impl<B> Tapes<B> {
    pub(crate) fn new(body: B, room: Room, share: Share) -> Self {
        Tapes(Arc::new(Mutex::new(Tape {
            source: Box::pin(body),
            state: Source::Open,
            held: Bytes::new(),
            recording: Recording::new(),
            room,
            share,
            trailers: None,
            playing: 0,
            waker: None,
        })))
    }

    /// The body from its beginning. An earlier playing that isn't at its end fails from now on.
    pub(crate) fn play(&self) -> Replay<B> {
        let mut tape = lock(&self.0);
        let waker = tape.supersede();
        let playing = tape.playing;
        drop(tape);
        waker.into_iter().for_each(Waker::wake);
        Replay { tape: self.0.clone(), playing, at: 0, end: End::Ahead }
    }

    /// Whether a further playing will be whole. If so, the one under way ends here: an upstream that answered
    /// early isn't sent the rest, and nothing more goes out that might not be kept.
    ///
    /// Both are one step: a playing that went on in between could lose what it was just said to have.
    pub(crate) fn rewind(&self) -> bool {
        let mut tape = lock(&self.0);
        if tape.recording.is_lost() || tape.state == Source::Broken {
            return false;
        }
        let waker = tape.supersede();
        drop(tape);
        waker.into_iter().for_each(Waker::wake);
        true
    }
}

impl<B> Tape<B> {
    /// Fails every playing until now, and gives whom to wake for it.
    fn supersede(&mut self) -> Option<Waker> {
        self.playing += 1;
        self.waker.take()
    }
}

fn lock<B>(tape: &Mutex<Tape<B>>) -> MutexGuard<'_, Tape<B>> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B> Tape<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// The next piece of the body at `at`, recorded or new; `None` at the end of the data.
    fn poll_piece(&mut self, at: u64, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ReplayError>> {
        if at < self.recording.len() {
            let piece = self.recording.piece(at).map(Some);
            return Poll::Ready(piece.map_err(|error| self.breaks(ReplayError::Spill(error))));
        }
        while self.held.is_empty() {
            if self.state == Source::Ended {
                return Poll::Ready(Ok(None));
            }
            ready!(self.poll_source(cx))?;
        }
        let piece = self.held.split_to(self.held.len().min(PIECE));
        self.recording.keep(&piece, self.room, &mut self.share);
        Poll::Ready(Ok(Some(piece)))
    }

    /// Reads one frame of the source.
    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ReplayError>> {
        let Poll::Ready(frame) = self.source.as_mut().poll_frame(cx) else {
            self.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) => self.held = data,
            Some(Ok(Err(other))) => {
                self.trailers = other.into_trailers().ok();
                self.state = Source::Ended;
            }
            Some(Err(error)) => return Poll::Ready(Err(self.breaks(ReplayError::Body(error.into())))),
            None => self.state = Source::Ended,
        }
        Poll::Ready(Ok(()))
    }

    fn breaks(&mut self, error: ReplayError) -> ReplayError {
        self.state = Source::Broken;
        error
    }

    /// How much is to come after `at`.
    fn rest(&self, at: u64) -> SizeHint {
        let known = self.recording.len().saturating_sub(at) + self.held.len() as u64;
        let source =
            if self.state == Source::Open { self.source.size_hint() } else { SizeHint::with_exact(0) };
        let mut rest = SizeHint::new();
        if let Some(upper) = source.upper().and_then(|upper| upper.checked_add(known)) {
            rest.set_upper(upper);
        }
        rest.set_lower(source.lower().saturating_add(known).min(rest.upper().unwrap_or(u64::MAX)));
        rest
    }

    fn is_at_end(&self, at: u64) -> bool {
        let ended =
            self.state == Source::Ended || (self.state == Source::Open && self.source.is_end_stream());
        ended && at >= self.recording.len() && self.held.is_empty() && self.trailers.is_none()
    }
}

impl<B> Body for Replay<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = ReplayError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplayError>>> {
        if self.end == End::Reached {
            return Poll::Ready(None);
        }
        let this = &mut *self;
        let mut tape = lock(&this.tape);
        if tape.playing != this.playing {
            // A clean end here could pass for the whole body.
            return Poll::Ready(Some(Err(ReplayError::Superseded)));
        }
        match ready!(tape.poll_piece(this.at, cx)) {
            Ok(Some(piece)) => {
                this.at += piece.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Ok(None) => {
                this.end = End::Reached;
                Poll::Ready(tape.trailers.clone().map(|trailers| Ok(Frame::trailers(trailers))))
            }
            Err(error) => {
                this.end = End::Reached;
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == End::Reached || lock(&self.tape).is_at_end(self.at)
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.tape).rest(self.at)
    }
}

impl<B> fmt::Debug for Replay<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never what is in it.
        f.debug_struct("Replay").field("at", &self.at).field("end", &self.end).finish_non_exhaustive()
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReplayError::Body(_) => "the request's own body failed",
            ReplayError::Spill(_) => {
                "the part of the body that was kept in a temporary file can't be read back"
            }
            ReplayError::Superseded => "the request was answered before its body was read, and is sent again",
        })
    }
}

impl Error for ReplayError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ReplayError::Body(error) => Some(&**error),
            ReplayError::Spill(error) => Some(error),
            ReplayError::Superseded => None,
        }
    }
}
