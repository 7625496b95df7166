//! A body that is copied while it passes. Never here: what the copy is for.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};

use super::room::Share;
use crate::relay::body::Body;

/// What a piece of a body takes beside its bytes: an answer may come in pieces of one byte.
pub(super) const PIECE_BYTES: u64 = size_of::<Bytes>() as u64;

/// What became of a copy. Where the body was cut, or nobody read it to its end, nothing is told: who waits for it is
/// dropped.
#[derive(Debug)]
pub(super) enum Copy {
    Whole(Pieces),
    /// It is longer than a copy may be, or has trailers, which a copy doesn't hold.
    None,
}

/// A whole body as it came.
#[derive(Debug)]
pub(super) struct Pieces {
    pieces: Vec<Bytes>,
    share: Share,
}

/// A body that is copied while it passes.
struct Copied {
    body: Body,
    /// `None` once it is told what became of the copy.
    copying: Option<Copying>,
}

struct Copying {
    pieces: Pieces,
    /// How much more may come.
    left: u64,
    then: Box<dyn FnOnce(Copy) + Send>,
}

/// The same body. Once it has passed, `then` is told; at once, where it has no byte or is known to be too long. The
/// copy is of no more than `most` bytes, which are taken from the share as they come, and takes nothing from the
/// body's pace: its pieces are counted references.
pub(super) fn copied(body: Body, most: u64, share: Share, then: impl FnOnce(Copy) + Send + 'static) -> Body {
    use http_body::Body as _;
    let pieces = Pieces { pieces: Vec::new(), share };
    if body.is_end_stream() {
        then(Copy::Whole(pieces));
        return body;
    }
    if body.size_hint().lower() > most {
        then(Copy::None);
        return body;
    }
    let copying = Copying { pieces, left: most, then: Box::new(then) };
    Body::through(Copied { body, copying: Some(copying) })
}

impl Pieces {
    /// All of it, in memory of its own: a piece may be a few bytes of a large buffer that it would hold.
    pub(super) fn joined(mut self) -> (Bytes, Share) {
        let mut all = BytesMut::with_capacity(self.pieces.iter().map(Bytes::len).sum());
        self.pieces.iter().for_each(|piece| all.extend_from_slice(piece));
        self.share.shrink(all.len() as u64);
        (all.freeze(), self.share)
    }
}

impl Copied {
    fn end(&mut self, copy: impl FnOnce(Pieces) -> Copy) {
        if let Some(Copying { pieces, then, .. }) = self.copying.take() {
            then(copy(pieces));
        }
    }

    fn saw(&mut self, frame: &Frame<Bytes>) {
        let Some(copying) = &mut self.copying else { return };
        if !frame.data_ref().is_some_and(|data| copying.take(data)) {
            self.end(|_| Copy::None);
        }
    }
}

impl Copying {
    /// Takes a piece, if there is room for it.
    fn take(&mut self, data: &Bytes) -> bool {
        let length = data.len() as u64;
        let Some(left) = self.left.checked_sub(length) else { return false };
        if !self.pieces.share.grow(length + PIECE_BYTES) {
            return false;
        }
        self.left = left;
        self.pieces.pieces.push(data.clone());
        true
    }
}

impl http_body::Body for Copied {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.saw(frame);
                // Who sends a body whose length is known may never ask for what is behind its last byte.
                if self.body.is_end_stream() {
                    self.end(Copy::Whole);
                }
            }
            Poll::Ready(Some(Err(_))) => self.copying = None,
            Poll::Ready(None) => self.end(Copy::Whole),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copied").field("body", &self.body).finish_non_exhaustive()
    }
}
