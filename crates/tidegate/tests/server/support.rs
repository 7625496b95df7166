//! A service under limits in a line, and what it saw. Never here: a promise.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tidegate::classify::{Limit, Policy};
use tidegate::server::{Counted, LimitLayer, Limited};
use tidegate::store::Table;
use tower::{Layer, ServiceExt};

/// A limit on all calls of a token.
pub(crate) fn limit(name: &str, quota: &str) -> Limit {
    Limit::new(name, vec!["bearer".parse().unwrap()], quota.parse().unwrap())
}

pub(crate) fn layer(limits: Vec<Limit>) -> LimitLayer {
    LimitLayer::of(Policy { limits, ..Policy::default() }).unwrap()
}

/// A call of a token.
pub(crate) fn call(method: &str, target: &str, token: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(target).header("host", "api.example");
    request.header("authorization", format!("Bearer {token}")).body(Full::default()).unwrap()
}

/// An inner service that hands on the fields that it is made with, and writes down what it is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Echo {
    pub(crate) seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    pub(crate) fields: HeaderMap,
}

impl Echo {
    pub(crate) fn with(fields: &[(&'static str, &'static str)]) -> Echo {
        let mut echo = Echo::default();
        for &(name, value) in fields {
            echo.fields.append(name, value.parse().unwrap());
        }
        echo
    }

    /// The targets that it was asked for.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(target, _)| target.clone()).collect()
    }
}

impl tower::Service<Request<Counted<Full<Bytes>>>> for Echo {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Counted<Full<Bytes>>>) -> Self::Future {
        self.seen.lock().unwrap().push((request.uri().to_string(), request.headers().clone()));
        let mut answer = Response::new(Full::from("hello"));
        answer.headers_mut().extend(self.fields.clone());
        std::future::ready(Ok(answer))
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Heard {
    /// All lines of a field.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect()
    }
}

/// Asks a service, and reads the answer to its end.
pub(crate) async fn ask(service: &Limited<Echo, Table>, request: Request<Full<Bytes>>) -> Heard {
    let answer = service.clone().oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Heard { status: head.status, headers: head.headers, body }
}

/// An echo under these limits.
pub(crate) fn world(limits: Vec<Limit>) -> (Limited<Echo, Table>, Echo) {
    let echo = Echo::default();
    (layer(limits).layer(echo.clone()), echo)
}
