//! One HTTP/1.1 connection to a server, driven by whoever uses it. Never here: where it is kept.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tidegate::world;
use tidegate_core::Time;
use tokio::time::Sleep;

use super::SendError;
use super::attentive::Attentive;
use crate::relay::fault::Fault;
use crate::relay::forward::{Outgoing, Progress};
use crate::relay::reach::Unreached;
use crate::relay::stream::Stream;

/// A connection that carries one call at a time.
pub(super) struct Live {
    sender: SendRequest<Outgoing>,
    connection: Connection<TokioIo<Attentive>, Outgoing>,
    state: State,
    /// Rings when an answer may be late. It goes on from call to call, since to set a timer costs more than to look
    /// at one that rings too early.
    timer: Pin<Box<Sleep>>,
    /// Since when nobody uses it.
    pub(super) idle_since: Time,
}

/// Whether a connection may be driven on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Ended,
}

impl Live {
    pub(super) fn new(
        sender: SendRequest<Outgoing>,
        connection: Connection<TokioIo<Attentive>, Outgoing>,
    ) -> Live {
        // It has rung: the first call sets it.
        let timer = Box::pin(tokio::time::sleep(Duration::ZERO));
        Live { sender, connection, state: State::Open, timer, idle_since: world::now() }
    }

    /// Moves bytes both ways, as far as that goes now.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if self.state == State::Open && Pin::new(&mut self.connection).poll(cx).is_ready() {
            // What went wrong, if anything did, is told to the call.
            self.state = State::Ended;
        }
    }

    /// Whether it can carry another call.
    pub(super) fn is_free(&self) -> bool {
        self.state == State::Open && self.sender.is_ready()
    }

    /// Whether the server has neither closed it nor said anything out of turn.
    pub(super) fn is_alive(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.is_free()
    }

    /// Sends a request and waits for the head of the answer, for no longer than `within` after the request's body
    /// last moved.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Outgoing>,
        within: Duration,
    ) -> Result<Response<Incoming>, Box<SendError>> {
        let progress = request.body().progress();
        let mut answer = pin!(self.sender.try_send_request(request));
        let (connection, state) = (&mut self.connection, &mut self.state);
        let answered = poll_fn(|cx| {
            if *state == State::Open && Pin::new(&mut *connection).poll(cx).is_ready() {
                *state = State::Ended;
            }
            answer.as_mut().poll(cx)
        });
        match in_time(answered, self.timer.as_mut(), within, progress.as_deref()).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(mut error)) => Err(match error.take_message() {
                Some(request) => SendError::never(Fault::Unreachable(Unreached::Closed), Some(request)),
                None => SendError::perhaps(fault_of(progress.as_ref())),
            }),
            None => Err(SendError::perhaps(Fault::UpstreamSlow)),
        }
    }

    /// The bytes' way itself, after the server changed to another protocol, and what it said in that already.
    pub(super) fn into_tunnel(mut self) -> Option<(Stream, Bytes)> {
        self.drive(&mut Context::from_waker(Waker::noop()));
        if self.state == State::Open {
            return None;
        }
        let parts = self.connection.into_parts();
        Some((parts.io.into_inner().into_inner(), parts.read_buf))
    }
}

/// What `work` comes to, or `None` when neither an answer came nor the request's body moved for so long. The timer may
/// ring at any time until then.
pub(super) async fn in_time<F: Future>(
    work: F,
    mut timer: Pin<&mut Sleep>,
    within: Duration,
    progress: Option<&Progress>,
) -> Option<F::Output> {
    let mut work = pin!(work);
    let began = world::now();
    poll_fn(|cx| {
        // The timer first: work that never pauses uses up the task's budget, and a timer without budget never ends.
        let mut is_due = timer.as_mut().poll(cx).is_ready();
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        while is_due {
            let moved = progress.map_or(began, |progress| progress.moved().max(began));
            let left = moved.later(within).since(world::now());
            if left.is_zero() {
                return Poll::Ready(None);
            }
            timer.set(tokio::time::sleep(left));
            is_due = timer.as_mut().poll(cx).is_ready();
        }
        Poll::Pending
    })
    .await
}

/// Why a call broke: its own body's fault, or the server's.
pub(super) fn fault_of(progress: Option<&Arc<Progress>>) -> Fault {
    progress.and_then(|progress| progress.fault()).unwrap_or(Fault::UpstreamBroke)
}
