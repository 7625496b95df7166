//! Enters into the ledger what is sent that must not be sent twice. Never here: sending it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use reqwest::Url;
use tidegate::client::Broken;
use tower_service::Service;

use super::ledger::Ledger;
use crate::caller::client::{Http, broken, may_double};

/// The client, with a ledger beside it.
#[derive(Clone, Debug)]
pub(crate) struct Entered {
    http: Http,
    ledger: Arc<Ledger>,
}

/// The number of the URL that a request is part of the work on. An extension of requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkOn(pub(crate) u64);

impl Entered {
    pub(crate) fn new(http: Http, ledger: Arc<Ledger>) -> Entered {
        Entered { http, ledger }
    }

    /// Enters that what was sent for a URL is not done, whatever its status looked like.
    pub(crate) fn undone(&self, target: u64) {
        self.ledger.undone(target);
    }
}

impl<B> Service<Request<B>> for Entered
where
    B: Body<Data = Bytes> + Send + Sync + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<B>>::poll_ready(&mut self.http, cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let ledger = self.ledger.clone();
        let mark = request.extensions().get().filter(|_| may_double(&request)).map(|&WorkOn(target)| target);
        let url = Url::parse(&request.uri().to_string());
        let answer = self.http.call(request);
        Box::pin(async move {
            if let (Some(target), Ok(url)) = (mark, url) {
                ledger.sent(target, url);
            }
            let answered = answer.await;
            // Who is stopped before this leaves the mark behind, and so does an answer that may mean "done".
            if let Some(target) = mark.filter(|_| is_undone(&answered)) {
                ledger.undone(target);
            }
            answered
        })
    }
}

/// Whether a request counts as not done: it never left, or its answer says so.
fn is_undone<B>(answered: &Result<Response<B>, reqwest::Error>) -> bool {
    match answered {
        Ok(answer) => says_undone(answer.status()),
        Err(error) => error.is_builder() || broken(error) == Broken::NeverSent,
    }
}

/// Whether the status says that nothing was done: the request was refused, or is to be sent elsewhere. The redirects
/// that turn a POST into a GET come after the deed, and a server or gateway that failed may have failed after it.
fn says_undone(status: StatusCode) -> bool {
    match status.as_u16() {
        301..=303 => false,
        501 | 503 => true,
        code => (300..500).contains(&code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_put_together_is_not_tried_again() {
        let nowhere = Request::builder().uri("/no/host").body(reqwest::Body::default()).unwrap();
        let error = reqwest::Request::try_from(nowhere).unwrap_err();
        assert!(error.is_builder());
        assert_eq!(broken(&error), Broken::ForGood);
        assert!(is_undone::<()>(&Err(error)));
    }

    #[test]
    fn a_server_that_failed_may_have_done_it() {
        let undone = |code: &u16| says_undone(StatusCode::from_u16(*code).unwrap());
        let codes = [200, 201, 301, 302, 303, 307, 308, 400, 404, 429, 500, 501, 502, 503, 504];
        let said: Vec<u16> = codes.into_iter().filter(undone).collect();
        assert_eq!(said, [307, 308, 400, 404, 429, 501, 503]);
    }
}
