//! What all operators' addresses have in common: which pages there are, who may see them, and whether calls can be served.
//! Never here: what is on a page of its own.

use std::borrow::Cow;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::Value;

use super::guard;
use super::reply::{Refused, text_page};
use crate::relay::body::Body;
use crate::relay::listen::{Answer, Peer};

/// A page: its method, its path, and what it is for.
pub(crate) type Page = (Method, &'static str, &'static str);

/// The pages that all have.
const COMMON: [Page; 2] = [
    (Method::GET, "/healthz", "200 while the process lives"),
    (Method::GET, "/readyz", "200 while calls can be served, else 503 and why not"),
];

/// Answers operators.
pub(crate) trait Desk: Send + Sync + 'static {
    /// The pages beside those that all have.
    const PAGES: &'static [Page];

    /// Why no calls can be served now, if that is so.
    fn not_ready(&self) -> Option<Cow<'static, str>>;

    /// What only looks: a page whose method is GET.
    fn show(&self, path: &str, query: Option<&str>) -> Result<Response<Body>, Refused>;

    /// What needs to be asked for with a body, so that no page in a browser can do it.
    fn act(&self, path: &str, body: &[u8]) -> impl Future<Output = Result<Response<Body>, Refused>> + Send;
}

/// A desk, behind what is done for all.
pub(super) struct Attended<D>(pub(super) D);

impl<D: Desk> Answer for Attended<D> {
    async fn answer(&self, request: Request<Incoming>, _peer: &Peer) -> Response<Body> {
        let is_head = request.method() == Method::HEAD;
        let answer = self.attend(request).await.unwrap_or_else(Refused::into_response);
        if is_head { answer.map(|_| Body::empty()) } else { answer }
    }
}

impl<D: Desk> Attended<D> {
    async fn attend(&self, request: Request<Incoming>) -> Result<Response<Body>, Refused> {
        guard::check_host(&request)?;
        let path = request.uri().path().to_owned();
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let page = COMMON.iter().chain(D::PAGES).find(|(_, known, _)| *known == path);
        let (expected, ..) = page.ok_or_else(no_such_page::<D>)?;
        if method != expected {
            return Err(Refused::wrong_method(expected));
        }
        if *expected == Method::GET {
            return match path.as_str() {
                "/healthz" => Ok(text_page(StatusCode::OK, "ok\n")),
                "/readyz" => Ok(match self.0.not_ready() {
                    None => text_page(StatusCode::OK, "ready\n"),
                    Some(why) => text_page(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
                }),
                path => self.0.show(path, request.uri().query()),
            };
        }
        let body = guard::body(request).await?;
        self.0.act(&path, &body).await
    }
}

fn no_such_page<D: Desk>() -> Refused {
    let pages = COMMON.iter().chain(D::PAGES);
    let pages = pages.map(|(method, path, what)| (format!("{method} {path}"), Value::from(*what)));
    Refused::no_such_page(Value::Object(pages.collect()))
}
