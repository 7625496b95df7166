//! The body of an answer: made here, or streamed from a server. Never here: what it says.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tidegate::client::Peeked;

use super::stream::Stream;
use super::upstream::Streamed;

/// The body of an answer to a caller.
#[derive(Debug)]
pub(crate) struct Body {
    source: Source,
    held: Held,
}

#[derive(Debug)]
enum Source {
    Whole(Bytes),
    Streamed(Streamed),
    /// Streamed, but its beginning was read already.
    Begun(Box<Peeked<Streamed>>),
    Through(Through),
}

/// A body in another that does something as it passes.
struct Through(Pin<Box<dyn http_body::Body<Data = Bytes, Error = hyper::Error> + Send>>);

/// What is let go when the answer has ended, or the caller has gone.
struct Held(Option<Box<dyn Send>>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", if self.0.is_some() { "something" } else { "nothing" })
    }
}

impl fmt::Debug for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Through(..)")
    }
}

impl Body {
    /// A body without a byte.
    pub(crate) fn empty() -> Body {
        Body::whole(Bytes::new())
    }

    /// A body that is there.
    pub(crate) fn whole(bytes: Bytes) -> Body {
        Body { source: Source::Whole(bytes), held: Held(None) }
    }

    /// What a server sends, as it comes.
    pub(crate) fn streamed(body: Streamed) -> Body {
        Body { source: Source::Streamed(body), held: Held(None) }
    }

    /// What a server sends, after the waiting layer has perhaps read its beginning.
    pub(crate) fn peeked(body: Peeked<Streamed>) -> Body {
        match body.into_unread() {
            Ok(body) => Body::streamed(body),
            Err(begun) => Body { source: Source::Begun(Box::new(begun)), held: Held(None) },
        }
    }

    /// The bytes' way itself, after the server changed to another protocol, and what it said in that already.
    pub(super) fn into_tunnel(self) -> Option<(Stream, Bytes)> {
        match self.source {
            Source::Streamed(body) => body.into_tunnel(),
            Source::Whole(_) | Source::Begun(_) | Source::Through(_) => None,
        }
    }

    /// What another body gives, mostly one of these to which something is done as it passes.
    pub(crate) fn through(
        body: impl http_body::Body<Data = Bytes, Error = hyper::Error> + Send + 'static,
    ) -> Body {
        Body { source: Source::Through(Through(Box::pin(body))), held: Held(None) }
    }

    /// Holds something until the body has been sent, or nobody wants it any more: a place among the calls in
    /// flight, say.
    pub(crate) fn holding(self, held: impl Send + 'static) -> Body {
        Body { held: Held(Some(Box::new((self.held.0, held)))), ..self }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = match &mut self.source {
            Source::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Source::Streamed(body) => Pin::new(body).poll_frame(cx),
            Source::Begun(body) => Pin::new(&mut **body).poll_frame(cx),
            Source::Through(Through(body)) => body.as_mut().poll_frame(cx),
        };
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.held.0 = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Whole(bytes) => bytes.is_empty(),
            Source::Streamed(body) => body.is_end_stream(),
            Source::Begun(body) => body.is_end_stream(),
            Source::Through(Through(body)) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Streamed(body) => body.size_hint(),
            Source::Begun(body) => body.size_hint(),
            Source::Through(Through(body)) => body.size_hint(),
        }
    }
}
