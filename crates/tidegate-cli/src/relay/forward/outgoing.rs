//! The body of a request on its way to a server: bounded in length and in patience. Never here: what is in it.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tidegate::world;
use tidegate_core::Time;
use tokio::time::Sleep;

use crate::policy::Bounds;
use crate::relay::fault::Fault;

/// The body of a request on its way to a server.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// None, as most have.
    Empty,
    /// What a caller sends.
    Bounded(Box<Bounded>),
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

    fn broke(&self, fault: Fault) {
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

    /// How the body gets on; nothing to be told of one that is empty.
    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        match self {
            Outgoing::Empty => None,
            Outgoing::Bounded(bounded) => Some(Arc::clone(&bounded.progress)),
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
                self.progress.bytes.fetch_add(length, Ordering::Relaxed);
                self.progress.moved_nanos.store(world::now().as_nanos(), Ordering::Relaxed);
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
        let Outgoing::Bounded(bounded) = self.get_mut() else { return Poll::Ready(None) };
        bounded.poll(cx).map(|polled| {
            polled.map(|frame| {
                frame.map_err(|fault| {
                    bounded.progress.broke(fault);
                    fault.into()
                })
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Outgoing::Empty => true,
            Outgoing::Bounded(bounded) => bounded.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Outgoing::Empty => SizeHint::with_exact(0),
            Outgoing::Bounded(bounded) => bounded.body.size_hint(),
        }
    }
}
