//! Whole calls that are saved, or aren't: what the tests of them share. Never here: a pure rule, which is tested where it
//! stands.

mod answers;
mod followers;
mod leaders;
mod revalidated;
mod walks;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty};
use tidegate_core::Time;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;

/// What a call comes to here.
type Answered = Result<Response<Body>, Failed>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failed {
    Late,
    Refused,
}

impl From<Late> for Failed {
    fn from(Late: Late) -> Failed {
        Failed::Late
    }
}

/// A call as an upstream sees it, which the test answers.
#[derive(Debug)]
struct Seen {
    request: Request<Empty<Bytes>>,
    answer: tokio::sync::oneshot::Sender<Answered>,
}

impl Seen {
    fn answer(self, answer: Response<Body>) {
        // Its caller may have gone.
        let _ = self.answer.send(Ok(answer));
    }
}

/// Calls through what is saved, to an upstream that is the test.
struct Played {
    saved: Arc<Saved>,
    manner: Manner,
    to: mpsc::UnboundedSender<Seen>,
    seen: mpsc::UnboundedReceiver<Seen>,
    sent: Arc<AtomicUsize>,
}

impl Played {
    fn new(revalidate: Revalidate) -> Played {
        Played::within(BOUNDS, revalidate)
    }

    fn within(bounds: Bounds, revalidate: Revalidate) -> Played {
        let (to, seen) = mpsc::unbounded_channel();
        let manner = Manner { revalidate, ..Manner::default() };
        Played { saved: Arc::new(Saved::within(bounds)), manner, to, seen, sent: Arc::default() }
    }

    /// A call on a task of its own.
    fn call(&self, request: Request<Empty<Bytes>>) -> JoinHandle<Answered> {
        self.call_by(None, request)
    }

    fn call_by(&self, deadline: Option<Time>, request: Request<Empty<Bytes>>) -> JoinHandle<Answered> {
        tokio::spawn(self.calling(deadline, request))
    }

    /// A call that goes on when it is polled, and not otherwise.
    fn calling(
        &self,
        deadline: Option<Time>,
        request: Request<Empty<Bytes>>,
    ) -> impl Future<Output = Answered> + Send + use<> {
        let (saved, manner, to, sent) =
            (Arc::clone(&self.saved), self.manner.clone(), self.to.clone(), Arc::clone(&self.sent));
        async move {
            let send = |request| {
                let (answer, answered) = tokio::sync::oneshot::channel();
                sent.fetch_add(1, Ordering::Relaxed);
                to.send(Seen { request, answer }).unwrap();
                async { answered.await.unwrap_or(Err(Failed::Refused)) }
            };
            saved.call(&manner, deadline, request, send).await
        }
    }

    /// Many calls that ask the same, and the first of them as the upstream sees it, once the others follow.
    async fn crowd(&mut self, count: usize) -> (Vec<JoinHandle<Answered>>, Seen) {
        let calls: Vec<_> = (0..count).map(|_| self.call(get("/a", &[]))).collect();
        let first = self.seen.recv().await.unwrap();
        self.until_following(count - 1).await;
        (calls, first)
    }

    async fn until_following(&self, count: usize) {
        while self.saved.figures().following != count as u64 {
            tokio::task::yield_now().await;
        }
    }

    /// One call and its answer to the end, where the upstream answers with this.
    async fn turn(
        &mut self,
        request: Request<Empty<Bytes>>,
        answer: Response<Body>,
    ) -> (Request<Empty<Bytes>>, Got) {
        let call = self.call(request);
        let Seen { request, answer: to } = self.seen.recv().await.unwrap();
        to.send(Ok(answer)).unwrap();
        (request, got(call).await)
    }

    fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }
}

/// A request for this, with these fields.
fn get(target: &str, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
    let mut request = Request::get(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Empty::new()).unwrap()
}

/// An answer with this status, these fields and this body.
fn answer(status: u16, fields: &[(&str, &str)], body: &str) -> Response<Body> {
    let mut answer = Response::builder().status(status);
    for (name, value) in fields {
        answer = answer.header(*name, *value);
    }
    answer.body(Body::whole(Bytes::copy_from_slice(body.as_bytes()))).unwrap()
}

/// What a caller got, to the end.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    status: u16,
    shared: bool,
    kept: bool,
    body: String,
}

async fn got(call: JoinHandle<Answered>) -> Got {
    read(call.await.unwrap().unwrap()).await
}

/// What all of them got, each read at once: who goes first is one of them, and the others wait for its reading.
async fn all(calls: impl IntoIterator<Item = JoinHandle<Answered>>) -> Vec<Got> {
    let reading: Vec<_> = calls.into_iter().map(|call| tokio::spawn(got(call))).collect();
    let mut all = Vec::new();
    for reading in reading {
        all.push(reading.await.unwrap());
    }
    all
}

async fn read(answer: Response<Body>) -> Got {
    let (parts, body) = answer.into_parts();
    let is = |name: HeaderName| parts.headers.contains_key(name);
    let (status, shared, kept) = (parts.status.as_u16(), is(SHARED), is(KEPT));
    let body = body.collect().await.unwrap().to_bytes();
    Got { status, shared, kept, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// A body whose pieces come when the test sends them, and whose end comes when it drops the sender.
struct Piped(mpsc::UnboundedReceiver<Bytes>);

fn piped() -> (mpsc::UnboundedSender<Bytes>, Body) {
    let (pieces, piped) = mpsc::unbounded_channel();
    (pieces, Body::through(Piped(piped)))
}

impl HttpBody for Piped {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
