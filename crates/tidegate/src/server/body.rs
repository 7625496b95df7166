//! Bodies on their way: requests' are counted, answers' hold their call's place until they end. Never here: a limit.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::under_way::UnderWay;
use crate::store::{Store, Table};

pin_project! {
    /// A request's body that counts what passes, for costs by its length.
    #[derive(Debug)]
    pub struct Counted<B> {
        #[pin]
        inner: B,
        count: Arc<AtomicU64>,
    }
}

impl<B> Counted<B> {
    pub(super) fn new(inner: B, count: Arc<AtomicU64>) -> Counted<B> {
        Counted { inner, count }
    }
}

impl<B: Body<Data = Bytes>> Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            this.count.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

pin_project! {
    /// An answer's body: the inner service's, or a refusal's.
    ///
    /// The call is under way until the body has ended or is dropped: until then it counts among calls at once.
    pub struct LimitedBody<R, T: Store = Table> {
        #[pin]
        source: Source<R>,
        under_way: Option<UnderWay<T>>,
    }
}

pin_project! {
    #[project = SourceProjection]
    enum Source<R> {
        Inner { #[pin] body: R },
        Refusal { body: Bytes },
    }
}

impl<R, T: Store> LimitedBody<R, T> {
    pub(super) fn of_inner(body: R, under_way: UnderWay<T>) -> Self {
        LimitedBody { source: Source::Inner { body }, under_way: Some(under_way) }
    }

    pub(super) fn of_refusal(body: Bytes) -> Self {
        LimitedBody { source: Source::Refusal { body }, under_way: None }
    }
}

impl<R: Body<Data = Bytes>, T: Store> Body for LimitedBody<R, T> {
    type Data = Bytes;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        let this = self.project();
        let frame = match this.source.project() {
            SourceProjection::Inner { body } => ready!(body.poll_frame(cx)),
            SourceProjection::Refusal { body } if body.is_empty() => None,
            SourceProjection::Refusal { body } => Some(Ok(Frame::data(std::mem::take(body)))),
        };
        if !matches!(frame, Some(Ok(_))) {
            this.under_way.take();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Inner { body } => body.is_end_stream(),
            Source::Refusal { body } => body.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Inner { body } => body.size_hint(),
            Source::Refusal { body } => SizeHint::with_exact(body.len() as u64),
        }
    }
}

impl<R, T: Store> fmt::Debug for LimitedBody<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitedBody").finish_non_exhaustive()
    }
}
