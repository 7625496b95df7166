//! Where a request goes: which upstream, or which host in forward mode, and the target as that sees it. Never here: a
//! refusal's words, a connection.
//!
//! Paths go on byte for byte: an API may tell `%2F` from `/`, and whoever calls is asking for themselves. All that is
//! kept from leaving is the base path of an upstream.

use http::uri::{Authority, PathAndQuery, Uri};

use super::settings::{At, Base, Scheme, Upstream};

/// An upstream that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found<'p> {
    /// Its number among those that there are.
    pub(crate) number: usize,
    /// The path behind the prefix: begins with a slash, or is empty.
    pub(crate) rest: &'p str,
}

/// Finds the upstream that a request to this host and path is meant for: by its host, or else by the longest prefix.
/// The host is in lower case and without port.
pub(crate) fn find<'u, 'p>(
    upstreams: impl IntoIterator<Item = &'u Upstream>,
    host: &str,
    path: &'p str,
) -> Option<Found<'p>> {
    let fits = upstreams.into_iter().enumerate().filter_map(|(number, upstream)| match &upstream.at {
        At::Host(name) => (name == host).then_some((usize::MAX, Found { number, rest: path })),
        At::Prefix(prefix) => {
            let rest = behind(path, prefix)?;
            Some((prefix.len(), Found { number, rest }))
        }
    });
    fits.max_by_key(|(weight, _)| *weight).map(|(_, found)| found)
}

/// What of a path is behind a prefix that ends where a segment does.
fn behind<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix)?;
    (prefix.is_empty() || rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// How much of a path at an upstream's host is the upstream's base path; `None` if it doesn't lie below that.
pub(crate) fn below(base: &Base, path: &str) -> Option<usize> {
    let rest = behind(path, &base.path)?;
    let stays = base.path.is_empty() || !rest.split('/').any(is_dots);
    stays.then_some(base.path.len())
}

/// Why a target can't go to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Astray {
    /// A dot segment could lead out of the path that the upstream is bound to.
    DotSegment,
    /// It is no target that a URL can have.
    NoTarget,
}

/// The URL that a request goes to: below the upstream's base, the path behind the prefix, and the query.
///
/// # Errors
/// When the path could lead out of the base, or makes no URL.
pub(crate) fn there(base: &Base, rest: &str, query: Option<&str>) -> Result<Uri, Astray> {
    if !base.path.is_empty() && rest.split('/').any(is_dots) {
        return Err(Astray::DotSegment);
    }
    let path = base.path.as_str();
    let slash = if path.is_empty() && rest.is_empty() { "/" } else { "" };
    let (mark, query) = query.map_or(("", ""), |query| ("?", query));
    let target = [path, slash, rest, mark, query].concat();
    let target = PathAndQuery::try_from(target).map_err(|_| Astray::NoTarget)?;
    url(base.scheme, base.authority.clone(), target).ok_or(Astray::NoTarget)
}

/// The URL of a target at an origin.
pub(crate) fn url(scheme: Scheme, authority: Authority, target: PathAndQuery) -> Option<Uri> {
    Uri::builder().scheme(scheme.name()).authority(authority).path_and_query(target).build().ok()
}

/// Whether a segment is `.` or `..`, however it is written.
fn is_dots(segment: &str) -> bool {
    let segment = segment.split(';').next().unwrap_or_default();
    let plain = segment.replace("%2e", ".").replace("%2E", ".");
    matches!(plain.as_str(), "." | "..")
}

/// Whether two authorities are one place, where a missing port is the scheme's own.
pub(crate) fn is_same_place(scheme: Scheme, one: &Authority, other: &Authority) -> bool {
    let port = |authority: &Authority| authority.port_u16().unwrap_or(scheme.usual_port());
    one.host().eq_ignore_ascii_case(other.host()) && port(one) == port(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::settings::Manner;

    fn upstream(name: &str, at: At) -> Upstream {
        Upstream { name: name.into(), base: base(""), at, token: None, manner: Manner::default() }
    }

    fn base(path: &str) -> Base {
        Base {
            scheme: Scheme::Https,
            authority: Authority::from_static("api.example:8443"),
            path: path.into(),
        }
    }

    #[track_caller]
    fn check(host: &str, path: &str, found: Option<(&str, &str)>) {
        let at = [
            ("all", At::Prefix(String::new())),
            ("webex", At::Prefix("/webex".into())),
            ("rooms", At::Prefix("/webex/rooms".into())),
            ("named", At::Host("webex.local".into())),
        ];
        let upstreams: Vec<Upstream> = at.into_iter().map(|(name, at)| upstream(name, at)).collect();
        let got = find(&upstreams, host, path).map(|got| (upstreams[got.number].name.as_str(), got.rest));
        assert_eq!(got, found, "{host} {path}");
    }

    #[test]
    fn a_host_comes_first_and_then_the_longest_prefix() {
        check("127.0.0.1", "/v1/rooms", Some(("all", "/v1/rooms")));
        check("127.0.0.1", "/webex/v1/rooms", Some(("webex", "/v1/rooms")));
        check("127.0.0.1", "/webex", Some(("webex", "")));
        check("127.0.0.1", "/webex/", Some(("webex", "/")));
        check("127.0.0.1", "/webexes", Some(("all", "/webexes")));
        check("127.0.0.1", "/webex/rooms/5", Some(("rooms", "/5")));
        check("webex.local", "/webex/rooms/5", Some(("named", "/webex/rooms/5")));
        assert_eq!(find(&[upstream("a", At::Prefix("/a".into()))], "h", "/b"), None);
    }

    #[test]
    fn a_target_is_joined_to_the_base_and_otherwise_left_as_it_is() {
        let url = |path, rest, query| there(&base(path), rest, query).map(|url| url.to_string());
        let at = |target: &str| Ok(format!("https://api.example:8443{target}"));
        assert_eq!(url("", "/v1/%2f/../x//", Some("a=%20b&&")), at("/v1/%2f/../x//?a=%20b&&"));
        assert_eq!(url("", "", None), at("/"));
        assert_eq!(url("/v1", "", Some("")), at("/v1?"));
        assert_eq!(url("/v1", "/rooms", None), at("/v1/rooms"));
        for rest in ["/../admin", "/a/%2e%2E/..", "/.", "/..;x/a"] {
            assert_eq!(url("/v1", rest, None), Err(Astray::DotSegment), "{rest}");
        }
        assert_eq!(url("/v1", "/...", None), at("/v1/..."));
    }

    #[test]
    fn what_lies_below_a_base_is_known_by_whole_segments() {
        for (path, length) in
            [("/v1", Some(3)), ("/v1/x", Some(3)), ("/v1x", None), ("/v2", None), ("/v1/%2e./v2", None)]
        {
            assert_eq!(below(&base("/v1"), path), length, "{path}");
        }
        assert_eq!(below(&base(""), "/../x"), Some(0));
    }

    #[test]
    fn a_place_is_the_same_with_its_usual_port() {
        let same = |one: &'static str, other: &'static str| {
            is_same_place(Scheme::Https, &Authority::from_static(one), &Authority::from_static(other))
        };
        assert!(same("API.example", "api.example:443"));
        assert!(!same("api.example", "api.example:80"));
    }
}
