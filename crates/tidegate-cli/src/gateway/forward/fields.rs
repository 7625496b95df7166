//! Fields that are about one connection, which end here. Never here: a field that is added.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// To a server.
    Inbound,
    /// To a caller.
    Outbound,
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// Always about one connection, whether `Connection` lists them or not. The number of each is small, and so most are
/// not there: looking is cheaper than removing.
const HOP_BY_HOP: [HeaderName; 7] = [
    KEEP_ALIVE,
    PROXY_CONNECTION,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HTTP2_SETTINGS,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Takes away what is about the connection that a message came on (RFC 9110 section 7.6.1), but for `TE: trailers`,
/// which this gateway passes on since it passes trailers on, and `Trailer`, which names them.
pub(super) fn strip(headers: &mut HeaderMap, direction: Direction) {
    if headers.contains_key(CONNECTION) {
        strip_listed(headers);
    }
    for name in HOP_BY_HOP {
        if headers.contains_key(&name) {
            headers.remove(name);
        }
    }
    if headers.contains_key(TE) {
        let wants = direction == Direction::Inbound && wants_trailers(headers);
        headers.remove(TE);
        if wants {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
    }
}

/// Takes away what `Connection` lists, and itself.
fn strip_listed(headers: &mut HeaderMap) {
    let lists: Vec<HeaderValue> = headers.get_all(CONNECTION).iter().cloned().collect();
    headers.remove(CONNECTION);
    let names = lists.iter().flat_map(|list| list.as_bytes().split(|&byte| byte == b','));
    for name in names.filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok()) {
        // What says where a message goes, and where it ends, isn't anybody's to take away.
        if ![HOST, CONTENT_LENGTH, TE].contains(&name) {
            headers.remove(name);
        }
    }
}

/// Whether the sender takes trailers (RFC 9110 section 10.1.4).
fn wants_trailers(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(TE).iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    codings.map(<[u8]>::trim_ascii).any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(direction: Direction, fields: &[(&str, &str)], left: &[&str]) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        strip(&mut headers, direction);
        let mut lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        assert_eq!(lines, left, "{fields:?}");
    }

    #[test]
    fn what_is_about_one_connection_ends_here() {
        use Direction::{Inbound, Outbound};
        check(Inbound, &[("accept", "*/*")], &["accept: */*"]);
        check(Inbound, &[("connection", "close")], &[]);
        check(
            Inbound,
            &[("Connection", "X-One, x-two"), ("x-one", "1"), ("X-Two", "2"), ("x", "3")],
            &["x: 3"],
        );
        check(
            Inbound,
            &[("connection", "a"), ("connection", " b ,, c"), ("a", "1"), ("b", "2"), ("c", "3")],
            &[],
        );
        check(
            Inbound,
            &[("connection", "host, content-length"), ("host", "h"), ("content-length", "5")],
            &["content-length: 5", "host: h"],
        );
        check(Inbound, &[("keep-alive", "timeout=5"), ("proxy-connection", "keep-alive")], &[]);
        check(
            Inbound,
            &[("proxy-authorization", "Basic x"), ("authorization", "Bearer y")],
            &["authorization: Bearer y"],
        );
        check(Inbound, &[("te", "gzip;q=0.5, trailers"), ("connection", "te")], &["te: trailers"]);
        check(Inbound, &[("te", "gzip")], &[]);
        check(Outbound, &[("te", "trailers")], &[]);
        check(Inbound, &[("transfer-encoding", "chunked"), ("trailer", "x-sum")], &["trailer: x-sum"]);
        check(Inbound, &[("connection", "upgrade"), ("upgrade", "h2c"), ("http2-settings", "AAM")], &[]);
        check(
            Outbound,
            &[("proxy-authenticate", "Basic"), ("www-authenticate", "Basic")],
            &["www-authenticate: Basic"],
        );
        check(Inbound, &[("connection", "\"quoted, not a name\""), ("x", "1")], &["x: 1"]);
    }
}
