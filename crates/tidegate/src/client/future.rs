//! The future of a request that waits. Never here: a state of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;

use super::error::WaitError;
use super::peeked::Peeked;

type Answer<R, E> = Result<Response<Peeked<R>>, WaitError<E>>;

/// A request on its way. To drop it is to cancel the request: its place in the queue is free at once.
///
/// Its place is taken when it is first polled. From then on, poll it or drop it: one that is only kept holds up
/// those behind it.
///
/// Boxed, because the trip is written as one `async` function that can be read; next to a network round trip an
/// allocation is nothing.
#[must_use = "a request that nobody polls isn't sent"]
pub struct WaitFuture<R: Body, E>(Pin<Box<dyn Future<Output = Answer<R, E>> + Send>>);

impl<R: Body, E> WaitFuture<R, E> {
    pub(crate) fn new(trip: impl Future<Output = Answer<R, E>> + Send + 'static) -> Self {
        WaitFuture(Box::pin(trip))
    }
}

impl<R: Body, E> Future for WaitFuture<R, E> {
    type Output = Answer<R, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R: Body, E> fmt::Debug for WaitFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFuture").finish_non_exhaustive()
    }
}
