//! An answer's body whose beginning may have been read already. Never here: why it was read.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of an answer that is handed back: the inner service's own, frame for frame.
    ///
    /// Where only the body tells a refusal from an answer, its beginning was read ahead; it comes first here, and
    /// what wasn't read yet streams on behind it. Length, trailers and errors are where they were. A body that
    /// nobody had to look at is passed through as it is, and nothing of it is kept.
    ///
    /// Its data are [`Bytes`], as those of requests are: pieces of them are looked at and given on without a copy.
    pub struct Peeked<R: Body> {
        #[pin]
        state: State<R>,
    }
}

pin_project! {
    #[project = Pinned]
    enum State<R: Body> {
        Whole { #[pin] body: R },
        Begun { begun: Box<Begun<R>> },
    }
}

/// A body and what was read of it ahead.
pub(crate) struct Begun<R: Body> {
    read: VecDeque<Result<Frame<Bytes>, R::Error>>,
    /// How many bytes of data are in `read`.
    len: u64,
    rest: Pin<Box<R>>,
    end: End,
}

/// Whether the rest has been read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ahead,
    Reached,
}

impl<R: Body> Peeked<R> {
    /// The inner service's own body, if nothing was read of it: whoever turns the connection into something else, as
    /// a change of protocol does, needs it as it came.
    ///
    /// # Errors
    /// Gives the body back of which something was read.
    pub fn into_unread(self) -> Result<R, Self> {
        match self.state {
            State::Whole { body } => Ok(body),
            begun @ State::Begun { .. } => Err(Peeked { state: begun }),
        }
    }
}

impl<R: Body<Data = Bytes>> Peeked<R> {
    /// A body of which nothing was read.
    pub(crate) fn whole(body: R) -> Self {
        Peeked { state: State::Whole { body } }
    }

    /// A body with its beginning put back.
    pub(crate) fn begun(begun: Begun<R>) -> Self {
        Peeked { state: State::Begun { begun: Box::new(begun) } }
    }
}

impl<R: Body<Data = Bytes>> Begun<R> {
    pub(crate) fn new(body: R) -> Self {
        Begun { read: VecDeque::new(), len: 0, rest: Box::pin(body), end: End::Ahead }
    }

    /// Reads on, as long as no more than `most_bytes` came, in no more than `most_frames`. Whether that was all.
    pub(crate) fn poll_all(
        &mut self,
        most_bytes: u64,
        most_frames: usize,
        cx: &mut Context<'_>,
    ) -> Poll<bool> {
        loop {
            if self.len > most_bytes || self.read.len() > most_frames {
                return Poll::Ready(false);
            }
            match ready!(self.rest.as_mut().poll_frame(cx)) {
                Some(frame) => {
                    self.len += len(&frame);
                    let failed = frame.is_err();
                    self.read.push_back(frame);
                    if failed {
                        return Poll::Ready(false);
                    }
                }
                None => {
                    self.end = End::Reached;
                    return Poll::Ready(true);
                }
            }
        }
    }

    /// The data that were read.
    pub(crate) fn data(&self) -> Bytes {
        let mut pieces = self.pieces();
        match (pieces.next(), pieces.next()) {
            (None, _) => Bytes::new(),
            (Some(only), None) => only.clone(),
            (Some(_), Some(_)) => {
                let mut data = BytesMut::new();
                self.pieces().for_each(|piece| data.extend_from_slice(piece));
                data.freeze()
            }
        }
    }

    fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        self.read.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref())
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        match (self.read.pop_front(), self.end) {
            (Some(frame), _) => {
                self.len -= len(&frame);
                Poll::Ready(Some(frame))
            }
            (None, End::Reached) => Poll::Ready(None),
            (None, End::Ahead) => self.rest.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && (self.end == End::Reached || self.rest.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let (read, rest) = (self.len, self.rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(read)) {
            hint.set_upper(upper);
        }
        hint
    }
}

/// How many bytes of data a frame has.
fn len<E>(frame: &Result<Frame<Bytes>, E>) -> u64 {
    frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64)
}

impl<R: Body<Data = Bytes>> Body for Peeked<R> {
    type Data = Bytes;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        match self.project().state.project() {
            Pinned::Whole { body } => body.poll_frame(cx),
            Pinned::Begun { begun } => begun.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Whole { body } => body.is_end_stream(),
            State::Begun { begun } => begun.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Whole { body } => body.size_hint(),
            State::Begun { begun } => begun.size_hint(),
        }
    }
}

impl<R: Body> fmt::Debug for Peeked<R> {
    /// Never shows what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peeked").finish_non_exhaustive()
    }
}
