//! What went wrong on the way, in words: who was called, what happened, what to do. Never here: an answer's status.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::Url;
use rustls::CertificateError;
use tidegate::client::{Patience, WaitError};

use super::proxy::{self, Proxy};
use super::units::spoken;
use crate::exit::{Exit, Failure};

/// Why a request came to no answer.
pub(crate) fn of_wait(error: &WaitError<reqwest::Error>, url: &Url, timeout: Duration) -> Failure {
    match error {
        WaitError::Overdue { wait, beyond, .. } => overdue(*wait, *beyond, url),
        WaitError::Unanswered { after, .. } => {
            let took = spoken(*after);
            Failure::new(
                Exit::Overdue,
                format!("no answer from {url} within {took}, when the deadline passed"),
            )
            .hint("the request may have been done; a longer --deadline waits longer")
        }
        WaitError::Unknown(error) => {
            let failure = of_transport(error, url, timeout);
            if error.is_builder() {
                return failure;
            }
            failure.hint("the request may have been done, so it isn't sent again: look whether it was; an Idempotency-Key header would allow it")
        }
        WaitError::Inner(error) => of_transport(error, url, timeout),
        other => Failure::new(Exit::Failed, format!("{url}: {other}")),
    }
}

fn overdue(wait: Duration, beyond: Patience, url: &Url) -> Failure {
    let told = spoken(wait);
    let (bound, flag) = match beyond {
        Patience::MaxWait(most) => (format!("--max-wait {}", spoken(most)), "--max-wait"),
        _ => ("what --deadline leaves".to_owned(), "--deadline"),
    };
    Failure::new(
        Exit::Overdue,
        format!("{url} is to be called again in {told}, which is longer than {bound}"),
    )
    .hint(format!("come back then, or wait longer with {flag}"))
}

/// Why a connection, or what came over it, broke.
pub(crate) fn of_transport(error: &reqwest::Error, url: &Url, timeout: Duration) -> Failure {
    let place = place(url);
    let unreachable = |what: String| Failure::new(Exit::Unreachable, what);
    if error.is_connect()
        && find::<rustls::Error>(error).is_none()
        && let Some(proxy) = proxy::of(url)
    {
        return of_proxy(error, url, &proxy);
    }
    if error.is_timeout() {
        let span = spoken(timeout);
        return match error.is_connect() {
            true => unreachable(format!("can't connect to {place} within {span}"))
                .hint("is the host up, and does a firewall or a missing proxy stand between?"),
            false => {
                unreachable(format!("nothing came from {url} for {span}")).hint("--timeout waits longer")
            }
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return of_tls(tls, &place);
    }
    if let Some(http) = find::<hyper::Error>(error)
        && let Some(failure) = of_http(http, url)
    {
        return failure;
    }
    let why = chain(error);
    let io = find::<io::Error>(error).map(io::Error::kind);
    if io == Some(io::ErrorKind::ConnectionRefused) {
        return unreachable(format!("can't connect to {place}: connection refused"))
            .hint("nothing listens there: is the port right, and is the server running?");
    }
    if error.is_connect() && why.contains("tls handshake eof") {
        return no_tls(&place);
    }
    if why.contains("dns error") {
        return unreachable(format!("can't find the host of {place}: {why}"))
            .hint("is the name right, and is there a network?");
    }
    // What unpacks a body fails with an I/O error that no HTTP error stands around.
    match (error.is_connect(), error.is_decode() || (error.is_body() && io.is_some())) {
        (true, _) => unreachable(format!("can't connect to {place}: {why}")),
        (_, true) => unreachable(format!("the body from {url} can't be decoded: {why}"))
            .hint("'-H Accept-Encoding: identity' asks for it uncompressed"),
        _ => unreachable(format!("the exchange with {url} broke: {why}")),
    }
}

/// Why there was no connection through a proxy. Whether the proxy is at fault or what is behind it, the client
/// doesn't tell for sure.
fn of_proxy(error: &reqwest::Error, url: &Url, proxy: &Proxy) -> Failure {
    let why = match find::<io::Error>(error).map(io::Error::kind) {
        _ if error.is_timeout() => "it took too long".to_owned(),
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        _ => chain(error),
    };
    let (place, host) = (place(url), url.host_str().unwrap_or_default());
    Failure::new(Exit::Unreachable, format!("can't connect to {place} through {proxy}: {why}")).hint(format!(
        "is the proxy running, and is its address right? NO_PROXY={host} goes there without it"
    ))
}

fn of_tls(error: &rustls::Error, place: &str) -> Failure {
    let unreachable = |what: String| Failure::new(Exit::Unreachable, what);
    match error {
        rustls::Error::InvalidMessage(_) => no_tls(place),
        rustls::Error::InvalidCertificate(why) => {
            let why = match why {
                CertificateError::UnknownIssuer => "nobody known has issued it".to_owned(),
                other => other.to_string(),
            };
            unreachable(format!("the certificate of {place} isn't to be trusted: {why}"))
                .hint("SSL_CERT_FILE names a file with a certificate authority of your own")
        }
        other => unreachable(format!("no TLS with {place}: {other}")),
    }
}

fn no_tls(place: &str) -> Failure {
    Failure::new(Exit::Unreachable, format!("{place} doesn't answer in TLS"))
        .hint("does it speak plain HTTP? then write http://")
}

fn of_http(error: &hyper::Error, url: &Url) -> Option<Failure> {
    let unreachable = |what: String| Failure::new(Exit::Unreachable, what);
    if error.is_parse_too_large() {
        Some(unreachable(format!("the header of the answer from {url} is too large")))
    } else if error.is_parse() {
        let failure = unreachable(format!("what came from {url} is no HTTP: {error}"));
        let may_be_tls = url.scheme() == "http";
        Some(if may_be_tls { failure.hint("does it speak TLS? then write https://") } else { failure })
    } else if error.is_incomplete_message() || is_cut(error) {
        Some(unreachable(format!("the answer from {url} broke off before its end")))
    } else {
        None
    }
}

/// Whether a body ended before its announced length, or a chunked one without its end.
fn is_cut(error: &hyper::Error) -> bool {
    find::<io::Error>(error).is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof)
}

/// `host:port`, as it is connected to.
fn place(url: &Url) -> String {
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        _ => url.to_string(),
    }
}

/// The innermost cause of this type. An I/O error may hide another error inside.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut found = None;
    let mut next = Some(error);
    while let Some(error) = next {
        found = error.downcast_ref::<E>().or(found);
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    found
}

/// The causes below an error, without what reqwest says itself: it repeats the URL.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if causes.last().is_none_or(|last: &String| !last.contains(&text)) {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}
