//! The service that waits: every request goes on a trip of its own. Never here: what happens on the trip.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::error::WaitError;
use super::future::WaitFuture;
use super::gates::Shared;
use super::peeked::Peeked;
use super::replay::Replay;
use super::settings::Settings;
use super::trip::Trip;

/// A client that waits as it is told; made by [`WaitLayer`](super::WaitLayer).
///
/// It is always ready: whether the inner service is ready is asked once a request's turn has come, so that a
/// request that waits holds nothing of it.
#[derive(Clone, Debug)]
pub struct Wait<S> {
    inner: S,
    settings: Arc<Settings>,
    shared: Arc<Shared>,
}

impl<S> Wait<S> {
    pub(crate) fn new(inner: S, settings: Arc<Settings>, shared: Arc<Shared>) -> Self {
        Wait { inner, settings, shared }
    }

    /// The inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service, without the waiting.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B, R> Service<Request<B>> for Wait<S>
where
    S: Service<Request<Replay<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Send,
{
    type Response = Response<Peeked<R>>;
    type Error = WaitError<S::Error>;
    type Future = WaitFuture<R, S::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let trip = Trip::new(self.settings.clone(), self.shared.clone(), parts);
        WaitFuture::new(trip.run(self.inner.clone(), body))
    }
}
