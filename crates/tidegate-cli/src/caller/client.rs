//! The HTTP client: TLS, HTTP/2, decompression and proxies, as one service. Never here: a wait, a status, a redirect.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response};
use http_body::Body;
use tidegate::client::{Basis, Broken, WaitLayer};
use tidegate::world;
use tower_service::Service;

use super::headers::{is_harmless, is_secret};
use super::text::printable;
use super::voice::Voice;
use crate::dialects::DialectArgs;
use crate::exit::{Exit, Failure};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);

/// What we call ourselves.
pub(crate) const AGENT: &str = concat!("tidegate/", env!("CARGO_PKG_VERSION"));

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
            // What goes again is for the waiting layer to say: it counts what is sent, and knows what may be doubled.
            .retry(reqwest::retry::never())
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

/// A layer that knows how the upstreams refuse.
pub(crate) fn waiting(args: &DialectArgs) -> Result<WaitLayer, Failure> {
    let table = args.table()?;
    let chosen = args.chosen(&table)?;
    let layer = WaitLayer::new().repeat_if(broken).dialects(table).give_up_on(Basis::Told);
    Ok(match chosen {
        Some(dialect) => layer.dialect(dialect),
        None => layer,
    })
}

/// How far a request came that failed.
pub(crate) fn broken(error: &reqwest::Error) -> Broken {
    match error {
        _ if error.is_connect() => Broken::NeverSent,
        // What can't be put together now can't be later; and the time that was given is up: giving it twice more is
        // not what was typed.
        _ if error.is_builder() || error.is_timeout() => Broken::ForGood,
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
            start + &fields('>', request.headers(), |name| !is_harmless(name))
        });
        Box::pin(async move {
            let sent = world::now();
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
            let mut answer: Response<reqwest::Body> = client.execute(request).await?.into();
            answer.extensions_mut().insert(Took(world::now().since(sent)));
            voice.verbose(|| {
                let start = format!("< {:?} {}\n", answer.version(), answer.status());
                start + &fields('<', answer.headers(), is_secret)
            });
            Ok(answer)
        })
    }
}

/// Whether sending it twice may do twice what it does: neither its method nor a key keeps that from happening.
pub(crate) fn may_double<B>(request: &Request<B>) -> bool {
    let has_key = request.headers().get("idempotency-key").is_some_and(|key| !key.is_empty());
    !request.method().is_idempotent() && !has_key
}

/// The fields of a header, one a line; values that may be secret are left out.
fn fields(mark: char, headers: &HeaderMap, may_be_secret: fn(&HeaderName) -> bool) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        let value = match may_be_secret(name) || value.is_sensitive() {
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
        let shown = fields('<', &headers, is_secret);
        assert!(!shown.contains("s3cret"));
        assert!(shown.contains("< retry-after: 7"));
        headers.insert("ocp-apim-subscription-key", HeaderValue::from_static("s3cret"));
        headers.insert("accept", HeaderValue::from_static("text/csv"));
        let shown = fields('>', &headers, |name| !is_harmless(name));
        assert!(!shown.contains("s3cret"));
        assert!(shown.contains("> accept: text/csv"));
    }

    #[test]
    fn methods_and_keys_keep_a_request_from_being_doubled() {
        let rows = [("GET", "", false), ("PUT", "", false), ("POST", "k", false), ("POST", "", true)];
        for (method, key, doubles) in rows {
            let request = Request::builder().method(method).header("idempotency-key", key).body(()).unwrap();
            assert_eq!(may_double(&request), doubles, "{method} {key:?}");
        }
    }
}
