//! The body of an answer: made here, or streamed from a server. Never here: what it says.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

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
}

/// What is let go when the answer has ended, or the caller has gone.
struct Held(Option<Box<dyn Send>>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", if self.0.is_some() { "something" } else { "nothing" })
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
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Streamed(body) => body.size_hint(),
        }
    }
}
