//! The body of a server's answer, and the connection that it comes on. Never here: what is in it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::Server;
use super::http1::Live;
use super::http2::Shared;
use crate::relay::stream::Stream;

/// The body of a server's answer, as it comes. Who drops it before its end breaks off the call.
pub(crate) struct Streamed {
    body: Incoming,
    way: Way,
}

/// What the body comes on.
enum Way {
    Alone { live: Box<Live>, home: Arc<Server> },
    Shared(#[expect(dead_code, reason = "held so that the call counts until its answer has ended")] Shared),
    Given,
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("body", &self.body).finish_non_exhaustive()
    }
}

impl Streamed {
    pub(super) fn alone(body: Incoming, live: Box<Live>, home: &Arc<Server>) -> Streamed {
        let mut streamed = Streamed { body, way: Way::Alone { live, home: Arc::clone(home) } };
        if streamed.body.is_end_stream() {
            streamed.give_back(None);
        }
        streamed
    }

    pub(super) fn shared(body: Incoming, shared: Shared) -> Streamed {
        Streamed { body, way: Way::Shared(shared) }
    }

    /// The bytes' way itself, after the server changed to another protocol, and what it said in that already.
    pub(crate) fn into_tunnel(self) -> Option<(Stream, Bytes)> {
        match self.way {
            Way::Alone { live, .. } => live.into_tunnel(),
            Way::Shared(_) | Way::Given => None,
        }
    }

    /// Lets the connection go: to be used again, if it can be.
    fn give_back(&mut self, cx: Option<&mut Context<'_>>) {
        let Way::Alone { live, .. } = &mut self.way else {
            self.way = Way::Given;
            return;
        };
        if let (false, Some(cx)) = (live.is_free(), cx) {
            live.drive(cx);
        }
        // One that isn't free may still have to do: read the caller's request on, or become a tunnel.
        if live.is_free()
            && let Way::Alone { live, home } = std::mem::replace(&mut self.way, Way::Given)
        {
            home.keep(live);
        }
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_pending()
            && let Way::Alone { live, .. } = &mut self.way
        {
            live.drive(cx);
            polled = Pin::new(&mut self.body).poll_frame(cx);
        }
        if matches!(polled, Poll::Ready(None)) || (polled.is_ready() && self.body.is_end_stream()) {
            self.give_back(Some(cx));
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
