//! What of a request depends on the server it goes to: version, authority, `Host`. Never here: a connection.

use http::header::{CONNECTION, HOST, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Version};

use crate::policy::{UpstreamAddress, UpstreamVersion};

/// Whose `Host` a server sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostSeen {
    /// The one that the caller named.
    Callers,
    /// The server's own.
    Own,
}

/// How requests are made out to one server.
#[derive(Debug)]
pub(super) struct Aim {
    scheme: Scheme,
    /// Its own authority.
    authority: Authority,
    host: HeaderValue,
    seen: HostSeen,
    version: UpstreamVersion,
}

impl Aim {
    pub(super) fn at(address: &UpstreamAddress, version: UpstreamVersion, seen: HostSeen) -> Aim {
        let (scheme, authority) = match address {
            UpstreamAddress::Http(authority) => (Scheme::HTTP, authority.clone()),
            UpstreamAddress::Https(authority) => (Scheme::HTTPS, authority.clone()),
            // A socket file has no name of its own that would mean anything in a `Host`.
            UpstreamAddress::Unix(_) => (Scheme::HTTP, Authority::from_static("localhost")),
        };
        // An authority has only characters that a field's value may have.
        let host = HeaderValue::from_str(authority.as_str());
        let host = host.unwrap_or_else(|_| HeaderValue::from_static("localhost"));
        Aim { scheme, authority, host, seen, version }
    }

    /// Makes a request out to this server.
    pub(super) fn take<B>(&self, request: &mut Request<B>) {
        if self.seen == HostSeen::Own || !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, self.host.clone());
        }
        match self.version {
            UpstreamVersion::Http1 => *request.version_mut() = Version::HTTP_11,
            UpstreamVersion::Http2 => self.take_http2(request),
        }
    }

    /// HTTP/2 has the host in `:authority` (RFC 9113 section 8.3.1), and knows no connection's fields (8.2.2).
    fn take_http2<B>(&self, request: &mut Request<B>) {
        *request.version_mut() = Version::HTTP_2;
        let headers = request.headers_mut();
        for name in [CONNECTION, UPGRADE, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        if headers.get(TE).is_some_and(|te| te != "trailers") {
            headers.remove(TE);
        }
        let host = headers.remove(HOST);
        let named = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(named.unwrap_or_else(|| self.authority.clone()));
        // A path, an authority and a scheme always make a URI.
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aimed(version: UpstreamVersion, seen: HostSeen, host: Option<&str>) -> Request<()> {
        let address = UpstreamAddress::Https(Authority::from_static("inner:8443"));
        let mut request = Request::builder().uri("/v1/rooms?max=5");
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let mut request = request.body(()).unwrap();
        Aim::at(&address, version, seen).take(&mut request);
        request
    }

    #[track_caller]
    fn check(seen: HostSeen, host: Option<&str>, expected: &str) {
        let old = aimed(UpstreamVersion::Http1, seen, host);
        assert_eq!(old.uri().to_string(), "/v1/rooms?max=5");
        assert_eq!(old.headers()[HOST], expected);
        let new = aimed(UpstreamVersion::Http2, seen, host);
        assert_eq!(new.uri().to_string(), format!("https://{expected}/v1/rooms?max=5"));
        assert!(!new.headers().contains_key(HOST));
    }

    #[test]
    fn a_server_sees_the_host_that_the_policy_says() {
        check(HostSeen::Callers, Some("api.example"), "api.example");
        check(HostSeen::Callers, None, "inner:8443");
        check(HostSeen::Own, Some("api.example"), "inner:8443");
    }
}
