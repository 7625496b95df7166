//! A caller's body as the waiting layer plays it, watched like any other. Never here: what is kept of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tidegate::client::{Replay, ReplayError};

use super::outgoing::{Outgoing, Progress};
use crate::relay::fault::Fault;

/// One playing of a caller's body.
#[derive(Debug)]
pub(crate) struct Replayed {
    body: Replay<Outgoing>,
    /// Of this playing alone: what an earlier one did says nothing of whether this one moves.
    progress: Arc<Progress>,
}

impl Replayed {
    pub(super) fn new(body: Replay<Outgoing>) -> Replayed {
        Replayed { body, progress: Arc::default() }
    }

    pub(super) fn body(&self) -> &Replay<Outgoing> {
        &self.body
    }

    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ReplayError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => self.progress.went(frame),
            Poll::Ready(Some(Err(ReplayError::Body(error)))) => {
                if let Some(fault) = error.downcast_ref::<Fault>() {
                    self.progress.broke(*fault);
                }
            }
            _ => {}
        }
        polled
    }
}
