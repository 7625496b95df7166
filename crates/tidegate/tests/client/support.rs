//! An upstream played by hand: it keeps a log, and answers as a rule says. Never here: an assertion of its own.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tidegate::client::{Broken, Peeked, Replay, Wait, WaitError, WaitFuture, WaitLayer};
use tidegate::world;
use tidegate_core::Time;
use tower::{Layer, Service};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A request as the upstream saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// When it was sent.
    pub(crate) sent: Time,
    /// When its answer arrived, if it has.
    pub(crate) answered: Option<Time>,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    /// The length that the body promised.
    pub(crate) promised: Option<u64>,
    /// Whether the body was read to its end.
    pub(crate) whole: bool,
}

/// What the upstream does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Pass,
    /// 429, with this `Retry-After`.
    Limit(String),
    /// 503, with this `Retry-After`.
    Unavailable(String),
    Status(u16),
    /// A redirection that asks for no further call for so many seconds.
    Hint(u64),
    Break(Broken),
    Never,
}

pub(crate) fn limit(seconds: u64) -> Answer {
    Answer::Limit(seconds.to_string())
}

/// The connection broke.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broke(pub(crate) Broken);

impl fmt::Display for Broke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broke: {:?}", self.0)
    }
}

impl std::error::Error for Broke {}

type Rule = dyn Fn(usize, &Seen) -> Answer + Send + Sync;
type Appetite = dyn Fn(usize) -> usize + Send + Sync;

#[derive(Clone)]
pub(crate) struct Upstream {
    log: Arc<Mutex<Vec<Seen>>>,
    rule: Arc<Rule>,
    appetite: Arc<Appetite>,
    latency: Duration,
}

impl Upstream {
    /// Answers each request as `rule` says, which is given the request's number in order of sending.
    pub(crate) fn new(rule: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        Upstream {
            log: Arc::default(),
            rule: Arc::new(rule),
            appetite: Arc::new(|_| usize::MAX),
            latency: Duration::ZERO,
        }
    }

    /// Answers these in turn, and then lets all pass.
    pub(crate) fn script(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Vec<Answer> = answers.into_iter().collect();
        Upstream::new(move |number, _| answers.get(number).cloned().unwrap_or(Answer::Pass))
    }

    pub(crate) fn latency(self, latency: Duration) -> Self {
        Upstream { latency, ..self }
    }

    /// Reads so many bytes of a request's body before it answers.
    pub(crate) fn reads(self, appetite: impl Fn(usize) -> usize + Send + Sync + 'static) -> Self {
        Upstream { appetite: Arc::new(appetite), ..self }
    }

    pub(crate) fn log(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.log().into_iter().map(|seen| seen.path).collect()
    }

    /// A client of this upstream, and its layer.
    pub(crate) fn behind(&self, layer: WaitLayer) -> Client {
        let layer = layer.repeat_if(|broke: &Broke| broke.0);
        Client { wait: layer.layer(self.clone()), layer }
    }
}

impl<B> Service<Request<B>> for Upstream
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: fmt::Debug + Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = Broke;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Broke>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broke>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Upstream { log, rule, appetite, latency } = self.clone();
        let (parts, body) = request.into_parts();
        let seen = Seen {
            sent: world::now(),
            answered: None,
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            body: Vec::new(),
            trailers: None,
            promised: body.size_hint().exact(),
            whole: false,
        };
        let number = {
            let mut log = log.lock().unwrap();
            log.push(seen.clone());
            log.len() - 1
        };
        Box::pin(async move {
            let seen = read(seen, body, appetite(number)).await;
            let answer = rule(number, &seen);
            log.lock().unwrap()[number] = seen;
            if !latency.is_zero() {
                world::sleep_until(world::now().later(latency)).await;
            }
            let response = respond(answer).await;
            log.lock().unwrap()[number].answered = Some(world::now());
            response
        })
    }
}

async fn read<B>(mut seen: Seen, body: B, appetite: usize) -> Seen
where
    B: Body<Data = Bytes>,
    B::Error: fmt::Debug,
{
    let mut body = pin!(body);
    while seen.body.len() < appetite {
        match body.frame().await.map(|frame| frame.expect("the body goes on").into_data()) {
            Some(Ok(data)) => seen.body.extend_from_slice(&data),
            Some(Err(other)) => seen.trailers = other.into_trailers().ok(),
            None => {
                seen.whole = true;
                break;
            }
        }
    }
    seen
}

async fn respond(answer: Answer) -> Result<Response<Full<Bytes>>, Broke> {
    let (status, retry_after) = match answer {
        Answer::Pass => (200, None),
        Answer::Limit(wait) => (429, Some(wait)),
        Answer::Unavailable(wait) => (503, Some(wait)),
        Answer::Status(status) => (status, None),
        Answer::Hint(seconds) => (301, Some(seconds.to_string())),
        Answer::Break(broken) => return Err(Broke(broken)),
        Answer::Never => std::future::pending().await,
    };
    let mut response = Response::builder().status(status);
    if let Some(wait) = retry_after {
        response = response.header("retry-after", wait);
    }
    Ok(response.body(Full::from("answered")).unwrap())
}

/// A client behind the layer under test.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) wait: Wait<Upstream>,
    pub(crate) layer: WaitLayer,
}

pub(crate) type Outcome = Result<Response<Peeked<Full<Bytes>>>, WaitError<Broke>>;

impl Client {
    pub(crate) fn send(&self, request: Request<Chunks>) -> WaitFuture<Full<Bytes>, Broke> {
        self.wait.clone().call(request)
    }

    pub(crate) fn get(&self, path: &str) -> WaitFuture<Full<Bytes>, Broke> {
        self.send(get(path))
    }
}

pub(crate) fn get(path: &str) -> Request<Chunks> {
    Request::get(format!("http://upstream.test{path}")).body(Chunks::default()).unwrap()
}

pub(crate) fn post(path: &str, body: Chunks) -> Request<Chunks> {
    Request::post(format!("http://upstream.test{path}")).body(body).unwrap()
}

/// A body of these chunks.
#[derive(Clone, Default)]
pub(crate) struct Chunks {
    pub(crate) chunks: VecDeque<Bytes>,
    pub(crate) trailers: Option<HeaderMap>,
    /// How often to be pending before each chunk.
    pub(crate) hesitates: u8,
    pub(crate) hesitated: u8,
    pub(crate) tells: Tells,
}

/// Whether a body knows its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tells {
    #[default]
    Length,
    Nothing,
}

impl Chunks {
    pub(crate) fn of<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Chunks { chunks: chunks.into_iter().map(Bytes::copy_from_slice).collect(), ..Chunks::default() }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.hesitated < self.hesitates {
            self.hesitated += 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.hesitated = 0;
        let data = self.chunks.pop_front().map(Frame::data);
        Poll::Ready(data.or_else(|| self.trailers.take().map(Frame::trailers)).map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.tells {
            Tells::Length => SizeHint::with_exact(self.chunks.iter().map(|chunk| chunk.len() as u64).sum()),
            Tells::Nothing => SizeHint::default(),
        }
    }
}

/// Whether the service type of the layer is what people expect.
pub(crate) fn is_service<S, B>(_: &S)
where
    S: Service<Request<B>> + Clone + Send + Sync + 'static,
    Upstream: Service<Request<Replay<B>>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
}

/// Checks a span against what was told: never less, and hardly more than the jitter that may be added.
#[track_caller]
pub(crate) fn check_waited(waited: Duration, told: Duration) {
    let most = told + (told / 16).min(Duration::from_millis(250)) + Duration::from_millis(2);
    assert!(waited >= told, "waited only {waited:?} of {told:?}");
    assert!(waited <= most, "waited {waited:?}, and {told:?} was told");
}
