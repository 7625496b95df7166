//! The future of a call to a limited service. Never here: a state of its own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;

use super::body::LimitedBody;
use crate::store::{Store, Table};

type Answer<R, E, T> = Result<Response<LimitedBody<R, T>>, E>;

/// A call on its way. Nothing is decided before it is first polled; to drop it is to cancel the call, and what it spent
/// is given back if the inner service hasn't heard of it yet.
///
/// Boxed, because the way is written as one `async` function that can be read.
#[must_use = "a call that nobody polls isn't made"]
pub struct LimitFuture<R, E, T: Store = Table>(Pin<Box<dyn Future<Output = Answer<R, E, T>> + Send>>);

impl<R, E, T: Store> LimitFuture<R, E, T> {
    pub(super) fn new(way: impl Future<Output = Answer<R, E, T>> + Send + 'static) -> Self {
        LimitFuture(Box::pin(way))
    }
}

impl<R, E, T: Store> Future for LimitFuture<R, E, T> {
    type Output = Answer<R, E, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<R, E, T: Store> fmt::Debug for LimitFuture<R, E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitFuture").finish_non_exhaustive()
    }
}
