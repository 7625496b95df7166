//! Who is let in to operators: nobody's web page, and nothing endless. Never here: what is then done.
//!
//! A browser on the same machine reaches the admin address, too, and a page of anybody's may make it send requests.
//! Such a page can turn a name of its own to this address (DNS rebinding), but then its name stands in `Host`. And
//! it can send a form anywhere, but not one of type `application/json` without being asked first.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use tidegate::path::Host;

use super::reply::Refused;

/// How large a body may be, in bytes.
pub(crate) const MOST_BODY: usize = 64 * 1024;

/// How long a body may take.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(10);

/// Lets in who names an address, `localhost`, or a name without a dot: nobody's page can have one.
///
/// # Errors
/// When the request names a host that a page of anybody's may have.
pub(crate) fn check_host<B>(request: &Request<B>) -> Result<(), Refused> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let host = Host::of(authority, request.headers()).map_err(|_| {
        Refused::new(StatusCode::BAD_REQUEST, "the request has no one Host", "send one Host field")
    })?;
    if is_ours(host.name()) {
        return Ok(());
    }
    Err(Refused::new(
        StatusCode::MISDIRECTED_REQUEST,
        "the admin address isn't known by this name, which any web page might have",
        "name it by its address, by localhost, or by a name without a dot",
    ))
}

/// Whether a name in lower case is an address, `localhost`, or has no dot.
pub(crate) fn is_ours(name: &str) -> bool {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok() || !name.contains('.')
}

/// The whole body of a request that does something.
///
/// # Errors
/// When it isn't said to be JSON, or is too large, too slow, or breaks off.
pub(crate) async fn body(request: Request<Incoming>) -> Result<Bytes, Refused> {
    if !is_json(request.headers()) {
        return Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "what changes or asks about something is sent as JSON",
            "add `Content-Type: application/json`",
        ));
    }
    let whole = Limited::new(request.into_body(), MOST_BODY).collect();
    match tokio::time::timeout(BODY_TIME, whole).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large",
            format!("at most {MOST_BODY} bytes are taken"),
        )),
        Ok(Err(_)) => Err(Refused::new(StatusCode::BAD_REQUEST, "the body broke off", "send it again")),
        Err(_) => Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly", "send it again")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter().map(HeaderValue::as_bytes);
    let (Some(kind), None) = (kinds.next(), kinds.next()) else { return false };
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    #[track_caller]
    fn check(host: &str, status: Option<StatusCode>) {
        let request = Request::get("/state").header(HOST, host).body(()).unwrap();
        let refused = check_host(&request).err().map(|refused| refused.into_response().status());
        assert_eq!(refused, status, "{host}");
    }

    #[test]
    fn no_name_of_a_web_page_is_let_in() {
        for host in
            ["127.0.0.1:9900", "[::1]:9900", "[fe80::1]", "localhost", "LOCALHOST:1", "10.1.2.3", "gateway"]
        {
            check(host, None);
        }
        for host in ["evil.example", "localhost.evil.example:9900", "127.0.0.1.nip.io", "a.localhost"] {
            check(host, Some(StatusCode::MISDIRECTED_REQUEST));
        }
        check("", Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn only_json_does_something() {
        let is_json = |kinds: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for kind in kinds {
                headers.append(CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            is_json(&headers)
        };
        assert!(is_json(&["application/json"]) && is_json(&["Application/JSON ; charset=utf-8"]));
        for kinds in [&[][..], &["text/plain"], &["application/jsonx"], &["text/plain;application/json"]] {
            assert!(!is_json(kinds), "{kinds:?}");
        }
        assert!(!is_json(&["application/json", "text/plain"]));
    }
}
