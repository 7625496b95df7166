//! The body of a request on its way to a server: bounded in length and in patience. Never here: what is in it.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Collected};
use hyper::body::Incoming;
use tidegate::client::Replay;
use tidegate::world;
use tidegate_core::Time;
use tokio::time::Sleep;

use super::replayed::Replayed;
use crate::policy::Bounds;
use crate::relay::fault::Fault;

/// The body of a request on its way to a server.
#[derive(Debug, Default)]
pub(crate) enum Outgoing {
    /// None, as most have.
    #[default]
    Empty,
    /// What a caller sends.
    Bounded(Box<Bounded>),
    /// What a caller sent, all of it here.
    Whole(Box<Collected<Bytes>>),
    /// What a caller sent or sends, from its beginning, as often as that is needed.
    Replayed(Box<Replayed>),
}

/// A caller's body that may be neither too long nor too slow.
#[derive(Debug)]
pub(crate) struct Bounded {
    body: Incoming,
    left: u64,
    pause: Duration,
    timer: Pin<Box<Sleep>>,
    waits: Waits,
    progress: Arc<Progress>,
}

/// Whether the timer of a pause runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Yes,
    No,
}

/// What is known of a body from outside: when it last moved, and what went wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    moved_nanos: AtomicU64,
    bytes: AtomicU64,
    fault: AtomicU8,
}

impl Progress {
    /// When a part of the body last went on.
    pub(crate) fn moved(&self) -> Time {
        Time::from_nanos(self.moved_nanos.load(Ordering::Relaxed))
    }

    /// How long it is so far, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// What went wrong with the body, if something did.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self.fault.load(Ordering::Relaxed) {
            1 => Some(Fault::TooLarge),
            2 => Some(Fault::TooSlow),
            3 => Some(Fault::BadRequest("the body broke off")),
            _ => None,
        }
    }

    /// A part went on.
    pub(super) fn went(&self, frame: &Frame<Bytes>) {
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        self.bytes.fetch_add(length, Ordering::Relaxed);
        self.moved_nanos.store(world::now().as_nanos(), Ordering::Relaxed);
    }

    /// The body is at an end before its own.
    pub(super) fn broke(&self, fault: Fault) {
        let code = match fault {
            Fault::TooLarge => 1,
            Fault::TooSlow => 2,
            _ => 3,
        };
        self.fault.store(code, Ordering::Relaxed);
    }
}

impl Outgoing {
    /// No body.
    pub(crate) fn empty() -> Outgoing {
        Outgoing::Empty
    }

    /// A caller's body within bounds.
    pub(super) fn new(body: Incoming, bounds: &Bounds) -> Outgoing {
        if body.is_end_stream() {
            return Outgoing::Empty;
        }
        Outgoing::Bounded(Box::new(Bounded {
            body,
            left: bounds.body_bytes,
            pause: bounds.body_pause,
            timer: Box::pin(tokio::time::sleep(bounds.body_pause)),
            waits: Waits::No,
            progress: Arc::default(),
        }))
    }

    /// A body that the waiting layer plays from its beginning.
    pub(crate) fn replayed(body: Replay<Outgoing>) -> Outgoing {
        if body.is_end_stream() { Outgoing::Empty } else { Outgoing::Replayed(Box::new(Replayed::new(body))) }
    }

    /// The same body, once all of it has come.
    ///
    /// # Errors
    /// When it is too long or too slow, or breaks off.
    pub(crate) async fn whole(self) -> Result<Outgoing, Fault> {
        if self.is_end_stream() {
            return Ok(Outgoing::Empty);
        }
        let broken = |error: Box<dyn Error + Send + Sync>| {
            error.downcast_ref().copied().unwrap_or(Fault::BadRequest("the body broke off"))
        };
        Ok(Outgoing::Whole(Box::new(self.collect().await.map_err(broken)?)))
    }

    /// How the body gets on; nothing to be told of one that is empty, or here.
    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        match self {
            Outgoing::Empty | Outgoing::Whole(_) => None,
            Outgoing::Bounded(bounded) => Some(Arc::clone(&bounded.progress)),
            Outgoing::Replayed(replayed) => Some(Arc::clone(replayed.progress())),
        }
    }
}

impl Bounded {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.waits = Waits::No;
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(left) = self.left.checked_sub(length) else {
                    return Poll::Ready(Some(Err(Fault::TooLarge)));
                };
                self.left = left;
                self.progress.went(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(Fault::BadRequest("the body broke off")))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                if self.waits == Waits::No {
                    self.timer.set(tokio::time::sleep(self.pause));
                    self.waits = Waits::Yes;
                }
                self.timer.as_mut().poll(cx).map(|()| Some(Err(Fault::TooSlow)))
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Outgoing::Empty => Poll::Ready(None),
            Outgoing::Bounded(bounded) => bounded.poll(cx).map(|polled| {
                polled.map(|frame| {
                    frame.map_err(|fault| {
                        bounded.progress.broke(fault);
                        fault.into()
                    })
                })
            }),
            Outgoing::Whole(whole) => Pin::new(&mut **whole).poll_frame(cx).map_err(|never| match never {}),
            Outgoing::Replayed(replayed) => replayed.poll(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Outgoing::Empty => true,
            Outgoing::Bounded(bounded) => bounded.body.is_end_stream(),
            Outgoing::Whole(whole) => whole.is_end_stream(),
            Outgoing::Replayed(replayed) => replayed.body().is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Outgoing::Empty => SizeHint::with_exact(0),
            Outgoing::Bounded(bounded) => bounded.body.size_hint(),
            Outgoing::Whole(whole) => whole.size_hint(),
            Outgoing::Replayed(replayed) => replayed.body().size_hint(),
        }
    }
}
