//! A request as a server gets it, and an answer as a caller gets it. Never here: a connection, a limit.
//!
//! What is forwarded is what was matched: the normalised target, and the fields that limits saw, without those that
//! are about one connection only (RFC 9110 section 7.6.1). No `Via` is added: section 7.6.3 asks a gateway for one,
//! but widespread servers answer requests that have it without compression, or in HTTP/1.0; one that is there is
//! passed on.

mod fields;
mod outgoing;
mod refused;
mod replayed;
mod told;
mod upgrade;

use http::header::{
    CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use tidegate::path::Target;

pub(crate) use fields::{drop_underscored, unlist};
pub(crate) use outgoing::{Outgoing, Progress};
pub(crate) use refused::check;
pub(crate) use told::Believed;
pub(crate) use upgrade::Upgrade;

use super::body::Body;
use super::fault::Fault;
use super::listen::Peer;
use crate::policy::{Bounds, Forwarding};

/// How requests are forwarded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Which forwarding fields are written.
    pub(crate) forwarding: Forwarding,
    /// How large a body may be, and how slow.
    pub(crate) bounds: Bounds,
}

/// How an answer's end is told from a break: in the extensions of what [`answer`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By its length or its coding.
    Told,
    /// Not at all: by the end of the connection (RFC 9112 section 6.3).
    ByClose,
}

/// What to forward in place of the target as it came; `None` where it came in its normal form.
pub(crate) fn normal_form(target: &Target<'_>) -> Option<PathAndQuery> {
    match target.is_as_sent() {
        true => None,
        // A normal form has only characters that a path may have.
        false => PathAndQuery::try_from(target.path_and_query()).ok(),
    }
}

/// The request as it is forwarded, once it was [checked](check), and the caller's side of a change of protocol, if it
/// asks for one. `normal` is the target's [normal form](normal_form).
pub(crate) fn request(
    mut request: Request<Incoming>,
    normal: Option<PathAndQuery>,
    peer: &Peer,
    believed: Believed,
    terms: &Terms,
) -> (Request<Outgoing>, Option<Upgrade>) {
    let upgrade = Upgrade::take(&mut request);
    let (mut parts, body) = request.into_parts();
    let uri = std::mem::take(&mut parts.uri).into_parts();
    if let (Some(authority), false) = (&uri.authority, parts.headers.contains_key(HOST))
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        parts.headers.insert(HOST, host);
    }
    parts.uri = normal.or(uri.path_and_query).map(Uri::from).unwrap_or_default();
    fields::strip(&mut parts.headers, fields::Direction::Inbound);
    // Whether to go on was asked of this gateway: it asks the caller for the body when a server wants it.
    if parts.headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        parts.headers.remove(EXPECT);
    }
    join_cookies(&mut parts);
    told::tell(&mut parts.headers, peer, believed, terms.forwarding);
    if let Some(upgrade) = &upgrade {
        upgrade.ask(&mut parts.headers);
    }
    let body = Outgoing::new(body, &terms.bounds);
    let is_counted = body.size_hint().exact().is_some();
    if !body.is_end_stream() && !is_counted {
        // Said by hand, since hyper gives a GET no body of unknown length by itself.
        parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    parts.extensions = http::Extensions::new();
    (Request::from_parts(parts, body), upgrade)
}

/// HTTP/2 may send cookies one by one, HTTP/1.1 not (RFC 9113 section 8.2.3).
fn join_cookies(parts: &mut http::request::Parts) {
    if parts.version != Version::HTTP_2 || parts.headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let all: Vec<&[u8]> = parts.headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        parts.headers.insert(COOKIE, joined);
    }
}

/// A copy to send again, should the first be lost in a way that leaves open whether it was processed: only of a
/// request that is idempotent and has no body. Make it before sending, and only where there is somewhere to retry.
pub(crate) fn replay(request: &Request<Outgoing>, upgrade: Option<&Upgrade>) -> Option<Request<Outgoing>> {
    let may = request.method().is_idempotent() && request.body().is_end_stream() && upgrade.is_none();
    may.then(|| {
        let mut copy = Request::new(Outgoing::empty());
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.headers_mut() = request.headers().clone();
        copy
    })
}

/// The answer as the caller gets it. `held` is let go when the call has ended: when its body has, or when the tunnel
/// that it became has.
///
/// # Errors
/// When the server changed to a protocol that nobody asked for, or said in two ways where its answer ends.
pub(crate) fn answer(
    answer: Response<Body>,
    upgrade: Option<Upgrade>,
    held: impl Send + 'static,
) -> Result<Response<Body>, Fault> {
    let (mut parts, body) = answer.into_parts();
    let end = end_of(&parts);
    parts.version = Version::HTTP_11;
    parts.extensions = http::Extensions::new();
    parts.extensions.insert(end);
    if !is_framed_plainly(&parts.headers) {
        return Err(Fault::UpstreamBroke);
    }
    fields::unlist(&mut parts.headers);
    if parts.status != StatusCode::SWITCHING_PROTOCOLS {
        fields::strip(&mut parts.headers, fields::Direction::Outbound);
        return Ok(Response::from_parts(parts, body.holding(held)));
    }
    let upgrade = upgrade.ok_or(Fault::UpstreamBroke)?;
    let (stream, said) = body.into_tunnel().ok_or(Fault::UpstreamBroke)?;
    let agreed = parts.headers.get(UPGRADE).cloned();
    fields::strip(&mut parts.headers, fields::Direction::Outbound);
    upgrade.answer(&mut parts.headers, agreed);
    upgrade.open(stream, said, held);
    Ok(Response::from_parts(parts, Body::empty()))
}

fn end_of(answer: &http::response::Parts) -> End {
    let headers = &answer.headers;
    let has_none = matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let is_told = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    if is_told || has_none || answer.version == Version::HTTP_2 { End::Told } else { End::ByClose }
}

/// Whether an answer says in one way where it ends: its caller would be told what `Content-Length` has, and get what
/// the coding has (RFC 9112 section 6.3).
fn is_framed_plainly(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return true };
    let is_chunked = codings.next().is_none() && coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    is_chunked && !headers.contains_key(CONTENT_LENGTH)
}

/// Whether a method is one that a gateway can't pass on.
fn is_about_the_way(method: &Method) -> bool {
    matches!(*method, Method::CONNECT | Method::TRACE)
}
