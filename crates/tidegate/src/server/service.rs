//! The service that refuses: each call's way through the door. Never here: what the door says.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::{Counted, LimitedBody};
use super::door::{Door, Passage};
use super::future::LimitFuture;
use super::under_way::UnderWay;
use crate::store::{Store, Table};

/// A service under limits; made by [`LimitLayer`](super::LimitLayer).
///
/// It is always ready: whether the inner service is ready is asked once a call is admitted, so that a refusal takes
/// nothing of it.
#[derive(Debug)]
pub struct Limited<S, T = Table> {
    inner: S,
    door: Arc<Door<T>>,
}

impl<S, T> Limited<S, T> {
    pub(super) fn new(inner: S, door: Arc<Door<T>>) -> Self {
        Limited { inner, door }
    }

    /// The inner service.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service, without the limits.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Clone, T> Clone for Limited<S, T> {
    fn clone(&self) -> Self {
        Limited { inner: self.inner.clone(), door: self.door.clone() }
    }
}

impl<S, T, B, R> Service<Request<B>> for Limited<S, T>
where
    S: Service<Request<Counted<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    T: Store + Send + Sync + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    R: Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<LimitedBody<R, T>>;
    type Error = S::Error;
    type Future = LimitFuture<R, S::Error, T>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        LimitFuture::new(pass(self.door.clone(), self.inner.clone(), request))
    }
}

/// The way of one call.
async fn pass<S, T, B, R>(
    door: Arc<Door<T>>,
    mut inner: S,
    request: Request<B>,
) -> Result<Response<LimitedBody<R, T>>, S::Error>
where
    S: Service<Request<Counted<B>>, Response = Response<R>>,
    T: Store,
{
    let (mut parts, body) = request.into_parts();
    let tracking = door.name(&mut parts.headers);
    let permit = match door.ask(&mut parts, &tracking).await {
        Passage::Goes(permit) => permit,
        Passage::Stays(answer) => {
            // The length is told to a HEAD, too, and the body isn't sent.
            let is_head = parts.method == Method::HEAD;
            return Ok(answer.map(|body| LimitedBody::of_refusal(if is_head { Bytes::new() } else { body })));
        }
    };
    let field = door.settings.answers.tracking.clone();
    let mut under_way = UnderWay::new(door, permit);
    poll_fn(|cx| inner.poll_ready(cx)).await?;
    let count = under_way.made();
    let answer = inner.call(Request::from_parts(parts, Counted::new(body, count))).await?;
    let (mut head, body) = answer.into_parts();
    under_way.answered(&mut head.headers).await;
    head.headers.entry(field).or_insert_with(|| (&tracking).into());
    Ok(Response::from_parts(head, LimitedBody::of_inner(body, under_way)))
}
