//! A provider played word for word: statuses, fields and bodies that come in pieces. Never here: an assertion.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tidegate::client::{Peeked, Replay, Wait, WaitError, WaitLayer};
use tidegate::world;
use tidegate_core::Time;
use tokio::time::Sleep;
use tower::{Layer, Service, ServiceExt};

/// An answer as a provider gives it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<Piece>,
}

/// A piece of a body.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    /// Nothing for so long.
    Pause(Duration),
    Breaks,
}

pub(crate) fn reply(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Reply {
    let headers = headers.iter().map(|&(name, value)| (name, value.to_owned())).collect();
    Reply { status, headers, body: vec![Piece::Data(body.into())] }
}

impl Reply {
    pub(crate) fn pieces(self, pieces: impl IntoIterator<Item = Piece>) -> Reply {
        Reply { body: pieces.into_iter().collect(), ..self }
    }
}

/// A body that gives its pieces one by one, and counts how many were asked for.
pub(crate) struct Flow {
    pieces: VecDeque<Piece>,
    asked: Arc<AtomicUsize>,
    pause: Option<Pin<Box<Sleep>>>,
    tells_length: bool,
}

/// The body broke off.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BrokeOff;

impl fmt::Display for BrokeOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body broke off")
    }
}

impl std::error::Error for BrokeOff {}

impl Body for Flow {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        match self.pieces.pop_front() {
            None => Poll::Ready(None),
            Some(Piece::Pause(span)) => {
                self.pause = Some(Box::pin(tokio::time::sleep(span)));
                self.poll_frame(cx)
            }
            Some(piece) => {
                self.asked.fetch_add(1, Relaxed);
                Poll::Ready(Some(match piece {
                    Piece::Data(data) => Ok(Frame::data(data)),
                    Piece::Trailers(trailers) => Ok(Frame::trailers(trailers)),
                    _ => Err(BrokeOff),
                }))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let sizes = self.pieces.iter().map(|piece| match piece {
            Piece::Data(data) => data.len() as u64,
            _ => 0,
        });
        if self.tells_length { SizeHint::with_exact(sizes.sum()) } else { SizeHint::new() }
    }
}

/// A provider that gives its replies in turn, and the last one from then on.
#[derive(Clone)]
pub(crate) struct Provider {
    replies: Arc<Vec<Reply>>,
    log: Arc<Mutex<Vec<(Time, Bytes)>>>,
    asked: Arc<AtomicUsize>,
    tells_length: bool,
}

impl Provider {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Provider {
        let replies = Arc::new(replies.into_iter().collect());
        Provider { replies, log: Arc::default(), asked: Arc::default(), tells_length: false }
    }

    /// Its bodies know how long they are.
    pub(crate) fn tells_length(self) -> Provider {
        Provider { tells_length: true, ..self }
    }

    pub(crate) fn behind(&self, layer: &WaitLayer) -> Wait<Provider> {
        layer.layer(self.clone())
    }

    /// When each request was sent, and its body.
    pub(crate) fn log(&self) -> Vec<(Time, Bytes)> {
        self.log.lock().unwrap().clone()
    }

    /// How long after the request before each request was sent.
    pub(crate) fn gaps(&self) -> Vec<Duration> {
        self.log().windows(2).map(|pair| pair[1].0.since(pair[0].0)).collect()
    }

    /// How many pieces of its bodies were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Relaxed)
    }
}

impl Service<Request<Replay<Full<Bytes>>>> for Provider {
    type Response = Response<Flow>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Flow>, std::io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Replay<Full<Bytes>>>) -> Self::Future {
        let Provider { replies, log, asked, tells_length } = self.clone();
        let sent = world::now();
        Box::pin(async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let number = {
                let mut log = log.lock().unwrap();
                log.push((sent, body));
                log.len() - 1
            };
            let Reply { status, headers, body } = replies[number.min(replies.len() - 1)].clone();
            let mut answer = Response::builder().status(status);
            for (name, value) in headers {
                answer = answer.header(name, value);
            }
            Ok(answer.body(Flow { pieces: body.into(), asked, pause: None, tells_length }).unwrap())
        })
    }
}

pub(crate) type Called = Result<Response<Peeked<Flow>>, WaitError<std::io::Error>>;

/// Posts a text to a URL.
pub(crate) async fn call(client: &Wait<Provider>, url: &str) -> Called {
    client.clone().oneshot(Request::post(url).body(Full::from("what is sent")).unwrap()).await
}
