//! The HTTP client: TLS, HTTP/2, decompression and proxies, as one service. Never here: a wait, a status, a redirect.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use tidegate::client::Broken;
use tidegate::world;
use tower_service::Service;

use super::headers::is_secret;
use super::items::printable;
use super::voice::Voice;
use crate::exit::{Exit, Failure};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// Sends a request once, as it is.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    voice: Voice,
}

/// How long an answer's header took to come, counted from its last sending. An extension of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took(pub(crate) Duration);

impl Http {
    /// A client that gives up on an answer of which nothing comes for `timeout`.
    pub(crate) fn new(timeout: Duration, voice: Voice) -> Result<Http, Failure> {
        // Somebody else may have installed one before; whichever it is, it serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT.min(timeout))
            .read_timeout(timeout)
            .build();
        match client {
            Ok(client) => Ok(Http { client, voice }),
            Err(error) => Err(Failure::new(
                Exit::Failed,
                format!("can't make an HTTP client: {}", super::fault::chain(&error)),
            )
            .hint("look at the variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE")),
        }
    }
}

/// How far a request came that failed.
pub(crate) fn broken(error: &reqwest::Error) -> Broken {
    match error {
        _ if error.is_connect() || error.is_builder() => Broken::NeverSent,
        // The time that was given is up: giving it twice more is not what was typed.
        _ if error.is_timeout() => Broken::ForGood,
        _ => Broken::MayBeDone,
    }
}

impl<B> Service<Request<B>> for Http
where
    B: Body<Data = Bytes> + Send + Sync + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Http { client, voice } = self.clone();
        voice.verbose(|| {
            let start = format!("> {} {}\n", request.method(), request.uri());
            start + &fields('>', request.headers())
        });
        Box::pin(async move {
            let sent = world::now();
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
            let mut answer: Response<reqwest::Body> = client.execute(request).await?.into();
            answer.extensions_mut().insert(Took(world::now().since(sent)));
            voice.verbose(|| {
                let start = format!("< {:?} {}\n", answer.version(), answer.status());
                start + &fields('<', answer.headers())
            });
            Ok(answer)
        })
    }
}

/// The fields of a header, one a line; values that are secret are left out.
fn fields(mark: char, headers: &HeaderMap) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let value = match is_secret(name) || value.is_sensitive() {
            true => "(left out: it may be a secret)".into(),
            false => printable(&String::from_utf8_lossy(value.as_bytes()), 400),
        };
        lines.push_str(&format!("{mark} {name}: {value}\n"));
    }
    lines.truncate(lines.trim_end().len());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn secrets_are_left_out_of_what_is_shown() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Bearer s3cret"));
        headers.insert("set-cookie", HeaderValue::from_static("s3cret"));
        headers.insert("retry-after", HeaderValue::from_static("7"));
        let shown = fields('<', &headers);
        assert!(!shown.contains("s3cret"));
        assert!(shown.contains("< retry-after: 7"));
    }
}
