//! One connection in HTTP, from its first request to its end. Never here: what is answered.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{Method, Request, Version};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tidegate::world;
use tidegate_core::Time;

use super::guarded::Guarded;
use super::opening::{Opened, Spoken};
use super::pulse::{Call, Due, Pulse, shortest};
use super::strict::Strict;
use super::within::Within;
use super::{Answer, Hall, Peer};
use crate::policy::Bounds;
use crate::relay::body::Body;
use crate::relay::drain::{Told, news};

/// How many calls one HTTP/2 connection may have in flight.
const MOST_STREAMS: u32 = 128;

/// How much of one call's body, and of all on a connection, is taken in before a server has taken it.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How much of an answer waits in memory for a caller who reads slowly, over HTTP/2.
const SEND_BUFFER: usize = 128 * 1024;

/// How often a caller may open calls and take them back before they are looked at, and make faults, before the
/// connection is closed: CVE-2023-44487 and what came after it.
const MOST_PENDING_RESETS: usize = 20;
const MOST_FAULTS: usize = 256;

/// How many fields hyper reads of a head unless it is told otherwise.
const PARSED_FIELDS: usize = 100;

/// The smallest buffer that hyper takes.
const LEAST_BUFFER: usize = 8192;

/// Both versions of HTTP, set up.
#[derive(Debug)]
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub(super) fn within(bounds: &Bounds) -> Protocols {
        let head = bounds.head_bytes.get();
        let mut http1 = http1::Builder::new();
        http1.header_read_timeout(None).max_header_size(head).max_buf_size(head.max(LEAST_BUFFER));
        // Fewer are refused before a call is forwarded; said here, any number costs every head a thousand steps.
        if bounds.fields.get() > PARSED_FIELDS {
            http1.max_headers(bounds.fields.get());
        }
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(MOST_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(MOST_PENDING_RESETS)
            .max_local_error_reset_streams(MOST_FAULTS)
            .enable_connect_protocol()
            .keep_alive_interval(bounds.idle)
            .keep_alive_timeout(bounds.head_time);
        Protocols { http1, http2 }
    }
}

/// What calls on one connection share.
struct Connected<A> {
    answers: Arc<A>,
    peer: Peer,
    pulse: Arc<Pulse>,
    goes_on: Mutex<Option<Within>>,
}

/// What became of a connection.
#[derive(Debug)]
pub(super) struct Served {
    /// How many calls on it were cut.
    pub(super) cut: usize,
    /// What it goes on as, if it is no HTTP of its own any more.
    pub(super) goes_on: Option<Within>,
}

/// Serves a connection until it ends, or goes on as something else.
pub(super) async fn serve<A: Answer>(hall: &Hall<A>, opened: Opened, peer: Peer, came: Time) -> Served {
    let pulse = Pulse::new(came);
    let (answers, goes_on) = (Arc::clone(&hall.answers), Mutex::new(None));
    let connected = Arc::new(Connected { answers, peer, pulse: Arc::clone(&pulse), goes_on });
    let shared = Arc::clone(&connected);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        let call = Call::start(&shared.pulse);
        if request.version() == Version::HTTP_2 {
            // Its heads are the parser's: what is known is that one was whole.
            shared.pulse.read(false);
        }
        let asks_for_tunnel = *request.method() == Method::CONNECT;
        let is_alone = request.version() < Version::HTTP_2;
        if request.headers().contains_key(UPGRADE) || asks_for_tunnel {
            // What becomes a tunnel stays in flight when its answer has ended.
            request.extensions_mut().insert(call.clone());
        }
        async move {
            let mut answer = shared.answers.answer(request, &shared.peer).await;
            if asks_for_tunnel && is_alone && !answer.status().is_success() {
                // What is said next may be meant for who is at the tunnel's other end.
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if let Some(within) = answer.extensions_mut().remove() {
                *shared.goes_on.lock().unwrap_or_else(PoisonError::into_inner) = Some(within);
            }
            Ok::<_, Infallible>(answer.map(|body| Counted { body, _call: call }))
        }
    });
    let strict = (opened.version == Spoken::Http1).then(|| Strict::new(hall.bounds.head_bytes.get()));
    let stream = TokioIo::new(Guarded::new(opened.stream, opened.early, strict, Arc::clone(&pulse)));
    let watch = Watch { pulse: &pulse, bounds: &hall.bounds, told: &hall.told };
    let cut = match opened.version {
        Spoken::Http1 => {
            let connection = hall.protocols.http1.serve_connection(stream, service).with_upgrades();
            watch.over(pin!(connection), |connection| connection.graceful_shutdown()).await
        }
        Spoken::Http2 => {
            let connection = hall.protocols.http2.serve_connection(stream, service);
            watch.over(pin!(connection), |connection| connection.graceful_shutdown()).await
        }
    };
    let goes_on = connected.goes_on.lock().unwrap_or_else(PoisonError::into_inner).take();
    Served { cut, goes_on }
}

/// Looks after one connection's times, and its end.
struct Watch<'a> {
    pulse: &'a Arc<Pulse>,
    bounds: &'a Bounds,
    told: &'a Told,
}

/// How a connection ended.
enum End {
    Closed,
    Overdue,
    Cut,
}

impl Watch<'_> {
    /// Drives a connection until it ends, and waits for what became a tunnel. Says how many calls were cut.
    async fn over<C: Future>(&self, mut connection: Pin<&mut C>, last: impl Fn(Pin<&mut C>)) -> usize {
        let mut draining = Some(Box::pin(async {
            self.told.clone().draining().await;
            // A request may be here that nobody has looked at.
            if self.pulse.calls() == 0 {
                news().await;
            }
        }));
        let mut cut = Box::pin(self.told.clone().cut());
        let mut timer = pin!(tokio::time::sleep(shortest(self.bounds)));
        let mut listens = false;
        let end = poll_fn(|cx| {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Closed);
            }
            // Polled at first, so that it wakes this task, and then when it has something to say.
            let listened = std::mem::replace(&mut listens, true);
            if listened && !self.told.has_news() {
                // As nearly always.
            } else if let Some(told) = &mut draining {
                if told.as_mut().poll(cx).is_ready() {
                    draining = None;
                    last(connection.as_mut());
                    // It may be that nothing keeps it open.
                    cx.waker().wake_by_ref();
                }
            } else if cut.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Cut);
            }
            while timer.as_mut().poll(cx).is_ready() {
                match self.pulse.due(world::now(), self.bounds) {
                    Due::Now => return Poll::Ready(End::Overdue),
                    Due::In(left) => timer.set(tokio::time::sleep(left)),
                }
            }
            Poll::Pending
        });
        match end.await {
            End::Cut => self.pulse.calls(),
            End::Overdue => 0,
            End::Closed if self.pulse.is_tunnel() => tokio::select! {
                () = self.pulse.quiet() => 0,
                () = cut => self.pulse.calls(),
            },
            End::Closed => 0,
        }
    }
}

/// The body of an answer; the call is in flight until it has ended.
struct Counted {
    body: Body,
    _call: Call,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
