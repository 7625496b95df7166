//! One HTTP/2 connection to a server, shared by many calls. Never here: a task, which the connector starts.

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use tidegate::world;
use tidegate_core::Time;

use super::SendError;
use super::http1::{fault_of, in_time};
use crate::relay::fault::Fault;
use crate::relay::forward::Outgoing;
use crate::relay::reach::Unreached;

/// How many calls share a connection before another is opened: what servers usually allow, 100 at least (RFC 9113 section
/// 6.5.2). Where one allows fewer, the rest wait for their turn.
const MOST_CALLS: usize = 100;

/// A share of a connection; each counts as a call until it is dropped, but for the first.
pub(crate) struct Shared {
    sender: SendRequest<Outgoing>,
    calls: Arc<()>,
    used: Time,
}

impl Shared {
    pub(super) fn new(sender: SendRequest<Outgoing>) -> Shared {
        Shared { sender, calls: Arc::new(()), used: world::now() }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Whether the server takes one more call on it.
    pub(super) fn has_room(&self) -> bool {
        Arc::strong_count(&self.calls) <= MOST_CALLS
    }

    pub(super) fn is_idle_since(&self, past: Time) -> bool {
        Arc::strong_count(&self.calls) == 1 && self.used <= past
    }

    /// A share for one more call.
    pub(super) fn another(&mut self) -> Shared {
        self.used = world::now();
        Shared { sender: self.sender.clone(), calls: Arc::clone(&self.calls), used: self.used }
    }

    /// Sends a request and waits for the head of the answer, as over HTTP/1.1.
    pub(super) async fn exchange(
        &self,
        request: Request<Outgoing>,
        within: Duration,
    ) -> Result<Response<Incoming>, Box<SendError>> {
        let progress = request.body().progress();
        let answer = self.sender.clone().try_send_request(request);
        let timer = pin!(tokio::time::sleep(within));
        match in_time(answer, timer, within, progress.as_deref()).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(mut error)) => Err(match error.take_message() {
                Some(request) => SendError::never(Fault::Unreachable(Unreached::Closed), Some(request)),
                None if was_not_looked_at(&error.into_error()) => {
                    SendError::never(Fault::UpstreamBroke, None)
                }
                None => SendError::perhaps(fault_of(progress.as_ref())),
            }),
            None => Err(SendError::perhaps(Fault::UpstreamSlow)),
        }
    }
}

/// Whether the server said that it did nothing about a call: REFUSED_STREAM, or a GOAWAY without an error that left
/// it out (RFC 9113 section 8.7).
fn was_not_looked_at(error: &hyper::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(cause) = cause.downcast_ref::<h2::Error>() {
            let refused = cause.reason() == Some(h2::Reason::REFUSED_STREAM);
            let left = cause.is_go_away() && cause.reason() == Some(h2::Reason::NO_ERROR);
            return cause.is_remote() && (refused || left);
        }
        next = cause.source();
    }
    false
}
