//! What a server is told of who called: `Forwarded` and `X-Forwarded-*`. Never here: what callers said being believed.

use std::net::IpAddr;

use http::header::{FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue};

use crate::policy::Forwarding;
use crate::relay::listen::Peer;

/// Whether what a peer says of who called it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Believed {
    /// It is a proxy that the policy trusts: what it says is passed on, and it is added.
    Peer,
    /// It isn't: whatever it says is replaced.
    Nobody,
}

pub(super) const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(super) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Writes the fields that the policy wants. Those of a peer that isn't believed go away even where none are written:
/// a server might believe them.
pub(super) fn tell(headers: &mut HeaderMap, peer: &Peer, believed: Believed, forwarding: Forwarding) {
    // One look at each name costs less than a search for each that there may be.
    if believed == Believed::Nobody {
        let said: Vec<HeaderName> = headers.keys().filter(|name| tells_of_caller(name)).cloned().collect();
        for name in said {
            headers.remove(name);
        }
    }
    if forwarding.x_forwarded {
        let known = headers.contains_key(FOR).then(|| listed(headers, &FOR, peer.field.as_bytes()));
        headers.insert(FOR, known.unwrap_or_else(|| peer.field.clone()));
        if !headers.contains_key(PROTO) {
            headers.insert(PROTO, HeaderValue::from_static(peer.scheme()));
        }
        if let (Some(host), false) = (headers.get(HOST).cloned(), headers.contains_key(FORWARDED_HOST)) {
            headers.insert(FORWARDED_HOST, host);
        }
    }
    if forwarding.forwarded {
        let element = element(headers.get(HOST), peer);
        let all = listed(headers, &FORWARDED, element.as_bytes());
        headers.insert(FORWARDED, all);
    }
}

/// Whether servers may take a field for a proxy's word of who called, or of where. Some read `_` as `-`, since
/// CGI's names have no `-`.
fn tells_of_caller(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    let begins = |with: &[u8]| name.len() >= with.len() && is_but_for_lines(&name[..with.len()], with);
    match name[0] {
        b'f' => name == b"forwarded",
        b'x' => begins(b"x-forwarded-") || is_but_for_lines(name, b"x-real-ip"),
        b't' => is_but_for_lines(name, b"true-client-ip"),
        _ => false,
    }
}

/// Whether two names are the same, where `_` is `-`.
fn is_but_for_lines(name: &[u8], other: &[u8]) -> bool {
    let same = |(&one, &other): (&u8, &u8)| one == other || (one == b'_' && other == b'-');
    name.len() == other.len() && name.iter().zip(other).all(same)
}

/// All values of a list field with one more behind them.
fn listed(headers: &HeaderMap, name: &HeaderName, last: &[u8]) -> HeaderValue {
    let values = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let all: Vec<&[u8]> = values.chain([last]).collect();
    // What is joined came out of fields, or is made of characters that they may have.
    HeaderValue::from_bytes(&all.join(&b", "[..])).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// This hop, as RFC 7239 section 4 writes one.
fn element(host: Option<&HeaderValue>, peer: &Peer) -> String {
    let node = match peer.address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"[{address}]\""),
    };
    let mut element = format!("for={node};proto={}", peer.scheme());
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        match is_plain {
            true => element.push_str(&format!(";host={host}")),
            false => {
                element.push_str(&format!(";host=\"{}\"", host.replace('\\', "\\\\").replace('"', "\\\"")))
            }
        }
    }
    element
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::listen::Security;

    fn told(peer: &str, believed: Believed, said: &[(&'static str, &'static str)]) -> HeaderMap {
        let peer = Peer::new(peer.parse().unwrap(), Security::Clear);
        let mut headers = HeaderMap::new();
        for &(name, value) in said {
            headers.append(name, HeaderValue::from_static(value));
        }
        let forwarding =
            Forwarding { x_forwarded: true, forwarded: true, keep_host: true, underscores: false };
        tell(&mut headers, &peer, believed, forwarding);
        headers
    }

    #[test]
    fn a_stranger_s_word_is_replaced_and_a_trusted_proxy_s_goes_on() {
        let said = [
            ("host", "api.example:8080"),
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-for", "7.7.7.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "for=6.6.6.6"),
        ];
        let headers = told("192.0.2.7", Believed::Nobody, &said);
        assert_eq!(headers["x-forwarded-for"], "192.0.2.7");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["x-forwarded-host"], "api.example:8080");
        assert_eq!(headers["forwarded"], "for=192.0.2.7;proto=http;host=\"api.example:8080\"");
        let headers = told("192.0.2.7", Believed::Peer, &said);
        assert_eq!(headers["x-forwarded-for"], "6.6.6.6, 7.7.7.7, 192.0.2.7");
        assert_eq!(headers.get_all("x-forwarded-for").iter().count(), 1);
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(headers["forwarded"], "for=6.6.6.6, for=192.0.2.7;proto=http;host=\"api.example:8080\"");
    }

    #[test]
    fn an_address_of_ipv6_is_quoted_where_the_standard_wants_it() {
        let headers = told("2001:db8::1", Believed::Nobody, &[("host", "a.example")]);
        assert_eq!(headers["x-forwarded-for"], "2001:db8::1");
        assert_eq!(headers["forwarded"], "for=\"[2001:db8::1]\";proto=http;host=a.example");
    }

    #[test]
    fn a_stranger_s_word_goes_away_even_where_nothing_is_written() {
        let peer = Peer::new("192.0.2.7".parse().unwrap(), Security::Tls);
        let mut headers = HeaderMap::new();
        headers.insert(FOR, HeaderValue::from_static("6.6.6.6"));
        headers.insert(FORWARDED, HeaderValue::from_static("for=6.6.6.6"));
        let forwarding =
            Forwarding { x_forwarded: false, forwarded: false, keep_host: true, underscores: false };
        tell(&mut headers, &peer, Believed::Peer, forwarding);
        assert_eq!(headers.len(), 2, "a trusted proxy's word stays");
        tell(&mut headers, &peer, Believed::Nobody, forwarding);
        assert!(headers.is_empty(), "{headers:?}");
    }

    #[test]
    fn no_field_that_a_server_may_believe_is_a_stranger_s() {
        let said = [
            ("x_forwarded_for", "6.6.6.6"),
            ("x-forwarded_proto", "https"),
            ("x-forwarded-port", "1"),
            ("x-forwarded-prefix", "/x"),
            ("x-real-ip", "6.6.6.6"),
            ("x_real_ip", "6.6.6.6"),
            ("true-client-ip", "6.6.6.6"),
            ("x-forwarder", "stays"),
            ("x-real-ipa", "stays"),
        ];
        let of_gateway = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];
        let headers = told("192.0.2.7", Believed::Nobody, &said);
        let mut left: Vec<_> =
            headers.keys().map(HeaderName::as_str).filter(|name| !of_gateway.contains(name)).collect();
        left.sort_unstable();
        assert_eq!(left, ["x-forwarder", "x-real-ipa"]);
        assert_eq!(told("192.0.2.7", Believed::Peer, &said)["x-real-ip"], "6.6.6.6");
    }
}
