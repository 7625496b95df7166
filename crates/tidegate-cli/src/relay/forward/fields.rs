//! Fields that are about one connection, which end here. Never here: a field that is added.

use http::header::{
    CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRANSFER_ENCODING,
    UPGRADE,
};

use super::told::{FOR, FORWARDED_HOST, PROTO};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// To a server.
    Inbound,
    /// To a caller.
    Outbound,
}

/// Takes away what is about the connection that a message came on (RFC 9110 section 7.6.1), but for `TE: trailers`,
/// which this gateway passes on since it passes trailers on, and `Trailer`, which names them. What `Connection` lists
/// is [gone](unlist) already.
pub(super) fn strip(headers: &mut HeaderMap, direction: Direction) {
    // One look at each name costs less than nine searches, and most messages have one of these or none.
    let ending: Vec<HeaderName> = headers.keys().filter(|name| is_about_the_way(name)).cloned().collect();
    for name in ending {
        match name {
            TE if direction == Direction::Inbound && wants_trailers(headers) => {
                headers.insert(TE, HeaderValue::from_static("trailers"));
            }
            other => _ = headers.remove(other),
        }
    }
}

/// Whether a field is about one connection, whether `Connection` lists it or not.
fn is_about_the_way(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "http2-settings"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// What says where a message goes, where it ends and who called isn't anybody's to take away; and what is asked of the
/// connection itself is read later.
const KEPT: [HeaderName; 10] =
    [CONNECTION, HOST, CONTENT_LENGTH, TRANSFER_ENCODING, TE, UPGRADE, FORWARDED, FOR, PROTO, FORWARDED_HOST];

/// Takes away what `Connection` lists. Of a request before anything looks at it: limits must not go by what no server
/// will see.
pub(crate) fn unlist(headers: &mut HeaderMap) {
    // Most messages have no such field, or one that says what isn't a field's name.
    let is_name =
        |name: &&[u8]| ![&b"keep-alive"[..], b"close"].iter().any(|word| name.eq_ignore_ascii_case(word));
    let lists =
        headers.get_all(CONNECTION).iter().flat_map(|list| list.as_bytes().split(|&byte| byte == b','));
    let names = lists.map(<[u8]>::trim_ascii).filter(is_name);
    let listed: Vec<HeaderName> = names.filter_map(|name| HeaderName::from_bytes(name).ok()).collect();
    for name in listed.iter().filter(|name| !KEPT.contains(name)) {
        headers.remove(name);
    }
}

/// Takes away fields with a `_` in their names. Programs behind CGI and its kin see `X_Key` and `X-Key` as one, so a
/// caller could show limits one key and the server another.
pub(crate) fn drop_underscored(headers: &mut HeaderMap) {
    let twins: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().contains('_')).cloned().collect();
    for name in twins {
        headers.remove(name);
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
        unlist(&mut headers);
        strip(&mut headers, direction);
        let mut lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        assert_eq!(lines, left, "{fields:?}");
    }

    #[test]
    fn a_field_with_an_underscore_is_no_twin_of_another() {
        let fields = ["x-api-key", "x_api_key", "Content_Length", "accept"];
        let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
        let mut headers: HeaderMap =
            fields.iter().map(|field| (name(field), HeaderValue::from_static("1"))).collect();
        drop_underscored(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "x-api-key"]);
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
        check(
            Inbound,
            &[
                ("connection", "close, X-Forwarded-For, forwarded"),
                ("x-forwarded-for", "a"),
                ("forwarded", "b"),
            ],
            &["forwarded: b", "x-forwarded-for: a"],
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
