//! Where a tunnel leads: a host and a port. Never here: whether it may.

use std::fmt;

use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use tidegate::path::Host;

use crate::proxy::refusal::Refusal;
use crate::relay::fault::Fault;

/// The port of a place that doesn't name one, within TLS.
const USUAL_PORT: u16 = 443;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In lower case; an IPv6 address in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    authority: Authority,
}

impl Place {
    /// What a CONNECT names.
    ///
    /// # Errors
    /// When that isn't a host and a port, and nothing else.
    pub(super) fn of(uri: &Uri) -> Result<Place, Refusal> {
        let unread =
            || Refusal::from(Fault::BadRequest("a CONNECT names a host and a port, such as a.example:443"));
        let named = uri.authority().filter(|_| uri.path_and_query().is_none()).ok_or_else(unread)?;
        let host = Host::read(named.as_str().as_bytes()).map_err(|_| unread())?;
        let port = host.port().ok_or_else(unread)?;
        let authority = Authority::try_from(format!("{}:{port}", host.name())).map_err(|_| unread())?;
        Ok(Place { host: host.name().to_owned(), port, authority })
    }

    /// The host as resolvers and certificates have it.
    pub(super) fn bare(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// As an origin within TLS has it: without the port that goes without saying.
    pub(super) fn authority(&self) -> Authority {
        let without_port = (self.port == USUAL_PORT).then(|| Authority::try_from(self.host.as_str()));
        without_port.and_then(Result::ok).unwrap_or_else(|| self.authority.clone())
    }

    /// Its origin, as what paces calls has it.
    pub(super) fn origin(&self) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(self.authority());
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        // A scheme, an authority and a path always make a URI.
        Uri::from_parts(parts).unwrap_or_default()
    }
}

/// As the caller named it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.authority.fmt(f)
    }
}

/// Whether a host, as a request within TLS names it, is that of an authority.
pub(super) fn is_same(host: &Host<'_>, authority: &Authority) -> bool {
    let port = |port: Option<u16>| port.unwrap_or(USUAL_PORT);
    host.name() == authority.host() && port(host.port()) == port(authority.port_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_in_one_way() {
        let rows = [
            (
                "API.Example.com.:443",
                Some(("api.example.com", "api.example.com", "https://api.example.com/")),
            ),
            ("a:8443", Some(("a", "a", "https://a:8443/"))),
            ("[0::1]:443", Some(("[::1]", "::1", "https://[::1]/"))),
            ("127.0.0.1:80", Some(("127.0.0.1", "127.0.0.1", "https://127.0.0.1:80/"))),
            ("a", None),
            ("a:0", None),
            ("user@a:443", None),
            ("https://a:443/", None),
            ("/a:443", None),
            ("127.1:443", None),
        ];
        for (target, expected) in rows {
            let place = target.parse::<Uri>().ok().and_then(|uri| Place::of(&uri).ok());
            let read =
                place.map(|place| (place.host.clone(), place.bare().to_owned(), place.origin().to_string()));
            let expected =
                expected.map(|(host, bare, url)| (host.to_owned(), bare.to_owned(), url.to_owned()));
            assert_eq!(read, expected, "{target}");
        }
    }
}
