//! Requests that are never forwarded, whatever the limits say. Never here: what the parser refuses by itself.

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{Request, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::policy::Bounds;
use crate::relay::fault::Fault;

/// Looks whether a request can be forwarded at all.
///
/// # Errors
/// When its method or framing has no place behind a gateway, or its body is known to be too large.
pub(crate) fn check(request: &Request<Incoming>, bounds: &Bounds) -> Result<(), Fault> {
    if super::is_about_the_way(request.method()) {
        return Err(Fault::NotServed(match request.extensions().get::<hyper::ext::Protocol>() {
            Some(_) => "a change of protocol isn't served over HTTP/2: ask for it over HTTP/1.1",
            None => "CONNECT and TRACE aren't served here",
        }));
    }
    let headers = request.headers();
    if headers.len() > bounds.fields.get() {
        return Err(Fault::HeadTooLarge);
    }
    // A server behind would refuse it, or take another host for granted (RFC 9112 section 3.2).
    let is_absolute = request.uri().authority().is_some();
    if is_absolute && request.version() == Version::HTTP_11 && !headers.contains_key(HOST) {
        return Err(Fault::BadRequest("a request in HTTP/1.1 has a Host"));
    }
    if request.version() >= Version::HTTP_2 && headers.contains_key(TRANSFER_ENCODING) {
        return Err(Fault::BadRequest("HTTP/2 has no Transfer-Encoding"));
    }
    // The parser takes any list that ends in "chunked"; what a server makes of the rest is anybody's guess.
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(Fault::BadRequest("the only transfer coding that is taken is chunked"));
    }
    if headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(Fault::BadRequest("there is more than one Content-Length"));
    }
    match request.body().size_hint().exact() {
        Some(length) if length > bounds.body_bytes => Err(Fault::TooLarge),
        _ => Ok(()),
    }
}
