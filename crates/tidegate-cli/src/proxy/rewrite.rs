//! An upstream's addresses in its answers, as the caller finds them: back through here. Never here: a body, a request,
//! a redirect that is followed.
//!
//! Only what lies below the upstream's own base is rewritten. What leads elsewhere stays as it is, even where that is
//! another upstream of this proxy: callers take their token along within one host, and it isn't meant for another's.

use std::borrow::Cow;

use http::header::{CONTENT_LOCATION, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION, SET_COOKIE};
use tidegate::path::Host;
use tidegate_wire::link;

use super::settings::{Base, Scheme};

/// Where an upstream is, by its own address and by the caller's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// Its own.
    pub(crate) base: &'a Base,
    /// `http` or `https`, as the caller came here.
    pub(crate) scheme: &'a str,
    /// The host, perhaps with a port, by which the caller came here.
    pub(crate) host: &'a str,
    /// The path before all others here; no slash at its end, and empty for the root.
    pub(crate) prefix: &'a str,
}

/// What a reference may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allowed {
    Any,
    Whole,
}

impl View<'_> {
    /// Rewrites what an answer's fields say of where to go: the next page, what was made, what goes on meanwhile.
    pub(crate) fn rewrite(&self, headers: &mut HeaderMap) {
        for (name, value) in headers.iter_mut() {
            if let Some(Ok(seen)) = self.field(name, value.as_bytes()).map(HeaderValue::try_from) {
                *value = seen;
            }
        }
    }

    fn field(&self, name: &HeaderName, value: &[u8]) -> Option<Vec<u8>> {
        if name == LINK {
            return link::retarget(value, |link| self.reference(link.target, Allowed::Any));
        }
        let allowed = if is_address(name) {
            Allowed::Any
        } else if is_page(name) {
            Allowed::Whole
        } else if name == SET_COOKIE {
            return self.cookie(std::str::from_utf8(value).ok()?).map(String::into_bytes);
        } else {
            return None;
        };
        self.reference(std::str::from_utf8(value).ok()?.trim(), allowed).map(String::into_bytes)
    }

    /// What to write in place of a reference; `None` where it is right as it is, or says nothing that can be read.
    fn reference(&self, reference: &str, allowed: Allowed) -> Option<String> {
        // Some read a backslash as a slash: what it means isn't for here to decide.
        if reference.chars().any(|char| char == '\\' || char == ' ' || char.is_control()) {
            return None;
        }
        let scheme = self.base.scheme.name();
        let after_scheme = match reference.split_once(':') {
            Some((named, rest)) if named.eq_ignore_ascii_case(scheme) => Some(rest),
            _ if allowed == Allowed::Any => Some(reference),
            _ => None,
        };
        if let Some(after) = after_scheme?.strip_prefix("//") {
            let (authority, path) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
            let is_here = self.base.is_at(&Host::read(authority.as_bytes()).ok()?);
            let seen = self.below(path).filter(|_| is_here).map(|seen| self.whole(&seen));
            // Without a scheme it means the upstream's own, where the caller would read the one that it came by.
            let is_bare = reference.starts_with("//") && self.scheme != scheme;
            return seen.or_else(|| is_bare.then(|| format!("{scheme}:{reference}")));
        }
        // What is relative to the page itself leads from the one place to the other by the same steps.
        if !reference.starts_with('/') || self.base.path == self.prefix {
            return None;
        }
        Some(match self.below(reference) {
            // Else it would name a host.
            Some(seen) if seen.starts_with("//") => self.whole(&seen),
            Some(seen) => seen.into_owned(),
            None => format!("{scheme}://{}{reference}", self.base.authority),
        })
    }

    /// A path of the upstream's with what follows it, as it is here; `None` if it isn't below the base.
    fn below<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        let rest = path.strip_prefix(self.base.path.as_str())?;
        let is_below = rest.is_empty() || rest.starts_with(['/', '?', '#']);
        if !is_below || has_dots(rest) {
            return None;
        }
        let slash = if self.prefix.is_empty() && !rest.starts_with('/') { "/" } else { "" };
        Some(match (self.prefix, slash) {
            ("", "") => Cow::Borrowed(rest),
            (prefix, slash) => Cow::Owned(format!("{prefix}{slash}{rest}")),
        })
    }

    fn whole(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.host)
    }

    /// A cookie for a path of the upstream's is for the same path here, so that it comes back, and to no other upstream
    /// behind this host. Its `Domain` stays: without it, a cookie for many hosts would be one for all that
    /// listens on this machine. Whoever keeps cookies refuses one of another domain.
    fn cookie(&self, cookie: &str) -> Option<String> {
        if self.base.path == self.prefix {
            return None;
        }
        let mut changed = None;
        let attributes = cookie.split(';').enumerate().map(|(number, attribute)| {
            let path = attribute.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("path"));
            let seen = path.filter(|_| number > 0).and_then(|(_, path)| self.cookie_path(path.trim()));
            match seen {
                Some(seen) => Cow::Borrowed(&*changed.insert(format!(" Path={seen}"))).into_owned(),
                None => attribute.to_owned(),
            }
        });
        let written = attributes.collect::<Vec<_>>().join(";");
        changed.map(|_| written)
    }

    fn cookie_path(&self, path: &str) -> Option<String> {
        let is_above = self.base.path.strip_prefix(path.trim_end_matches('/'));
        match is_above.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            Some(_) if path.starts_with('/') => {
                Some(if self.prefix.is_empty() { "/" } else { self.prefix }.into())
            }
            _ => self.below(path).filter(|_| path.starts_with('/')).map(Cow::into_owned),
        }
    }
}

impl Scheme {
    /// As it stands before `://`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port that is meant where none is named.
    pub(crate) fn usual_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl Base {
    /// Whether a host, as it stands in an address of the same scheme, is this one's.
    fn is_at(&self, host: &Host<'_>) -> bool {
        let port = |host: &Host<'_>| host.port().unwrap_or(self.scheme.usual_port());
        let own = Host::read(self.authority.as_str().as_bytes());
        own.is_ok_and(|own| own.name() == host.name() && port(&own) == port(host))
    }
}

/// Fields whose value is one reference. The last two say where work that goes on can be asked about: in the guidelines
/// of Azure's APIs, and of those that follow them.
fn is_address(name: &HeaderName) -> bool {
    matches!(name, &LOCATION | &CONTENT_LOCATION)
        || matches!(name.as_str(), "operation-location" | "azure-asyncoperation")
}

/// Fields of an API's own for other pages, such as `X-Next-Page`: they hold numbers and marks as often as addresses, so
/// only whole addresses count.
fn is_page(name: &HeaderName) -> bool {
    let is_word = |word| matches!(word, "next" | "prev" | "previous" | "first" | "last");
    name.as_str().split(['-', '_']).any(is_word)
}

/// Whether a path has segments that lead up, or nowhere: they might lead out of the base.
fn has_dots(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|segment| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == "." || plain == ".."
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Base {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let scheme = if scheme == "http" { Scheme::Http } else { Scheme::Https };
        Base { scheme, authority: authority.parse().unwrap(), path: path.into() }
    }

    /// What a field's value becomes.
    fn seen(url: &str, prefix: &str, name: &str, value: &str) -> String {
        let base = base(url);
        let view = View { base: &base, scheme: "http", host: "127.0.0.1:8430", prefix };
        let name = HeaderName::try_from(name).unwrap();
        let mut headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_str(value).unwrap())]);
        view.rewrite(&mut headers);
        String::from_utf8(headers[name].as_bytes().to_vec()).unwrap()
    }

    const HERE: &str = "http://127.0.0.1:8430";

    #[track_caller]
    fn check(url: &str, prefix: &str, rows: &[(&str, &str)]) {
        for (value, expected) in rows {
            let expected = expected.replace("HERE", HERE);
            assert_eq!(seen(url, prefix, "location", value), expected, "{value} of {url} at {prefix:?}");
        }
    }

    #[track_caller]
    fn unchanged(url: &str, prefix: &str, values: &[&str]) {
        values.iter().for_each(|value| check(url, prefix, &[(value, value)]));
    }

    #[test]
    fn what_is_below_the_base_leads_back_through_here() {
        check(
            "https://webexapis.com",
            "",
            &[
                ("https://webexapis.com/v1/rooms?cursor=x#y", "HERE/v1/rooms?cursor=x#y"),
                ("HTTPS://WebexAPIs.com.:443/v1", "HERE/v1"),
                ("//webexapis.com/v1", "HERE/v1"),
                ("https://webexapis.com", "HERE/"),
                ("https://webexapis.com?a=https://webexapis.com/", "HERE/?a=https://webexapis.com/"),
            ],
        );
        check(
            "http://[::1]:9001/api/v1",
            "/one",
            &[
                ("http://[0:0::1]:9001/api/v1/rooms", "HERE/one/rooms"),
                ("/api/v1/rooms?a=/api/v1", "/one/rooms?a=/api/v1"),
                ("/api/v1", "/one"),
                ("/api/v1?x", "/one?x"),
                ("/api/v1//x", "/one//x"),
            ],
        );
        check(
            "https://a/api",
            "",
            &[
                ("/api", "/"),
                ("/api?x", "/?x"),
                ("/api/x", "/x"),
                ("/api//evil.example/x", "HERE//evil.example/x"),
            ],
        );
        check("https://a", "/one", &[("/", "/one/"), ("/x", "/one/x"), ("https://a", "HERE/one")]);
    }

    #[test]
    fn a_path_beside_the_base_is_named_with_its_host() {
        check(
            "https://a/api/v1",
            "/one",
            &[
                ("/api/v2/rooms", "https://a/api/v2/rooms"),
                ("/api/v1beta", "https://a/api/v1beta"),
                ("/api/v1/../v2", "https://a/api/v1/../v2"),
                ("/api/v1/%2E./v2", "https://a/api/v1/%2E./v2"),
                ("/", "https://a/"),
            ],
        );
    }

    #[test]
    fn what_leads_elsewhere_or_to_nowhere_stays_as_it_is() {
        unchanged(
            "https://a/api",
            "/one",
            &[
                "https://b/api/x",
                "https://a:8443/api/x",
                "http://a/api/x",
                "http://a:443/api/x",
                "https://a/apis",
                "https://a/api/../x",
                "https://a/api/./x",
                "https://user@a/api/x",
                "https://a.b/api/x",
                "https://a\\@b/api/x",
                "/\\b/api",
                "/api/x y",
                "https:/a/api",
                "https:///api",
                "https://",
                "https://[::1/api",
                "mailto:x@a",
                "x",
                "?page=2",
                "../x",
                "",
            ],
        );
        unchanged("https://a", "", &["/x", "/", "/../x"]);
        unchanged("http://a", "", &["//b/x", "//a:81/x"]);
        unchanged("https://a/one", "/one", &["/one/x", "/two", "/"]);
    }

    #[test]
    fn what_has_no_scheme_keeps_the_upstream_s() {
        check("https://a", "", &[("//b/x", "https://b/x"), ("//a:8443/x", "https://a:8443/x")]);
        check("https://a/api", "/one", &[("//b/api", "https://b/api"), ("//a/x", "https://a/x")]);
    }

    #[test]
    fn each_field_is_read_in_its_own_way() {
        let rows = [
            ("content-location", "/v1/rooms/1", "/one/rooms/1"),
            ("operation-location", "https://a/v1/jobs/1", "HERE/one/jobs/1"),
            ("azure-asyncoperation", "https://a/v1/jobs/1", "HERE/one/jobs/1"),
            ("x-next-page", "https://a/v1/rooms?page=2", "HERE/one/rooms?page=2"),
            ("x-next-page", "/v1/rooms", "/v1/rooms"),
            ("x-next-page", "2", "2"),
            ("x-previous-url", "https://b/v1/rooms", "https://b/v1/rooms"),
            ("access-control-allow-origin", "https://a/v1", "https://a/v1"),
            ("x-context", "https://a/v1", "https://a/v1"),
            (
                "link",
                "<https://a/v1/rooms?p=2>; rel=\"next\"; title=\"<https://a/v1>\", </v1/x>;rel=prev , <?p=9>; rel=last",
                "<HERE/one/rooms?p=2>; rel=\"next\"; title=\"<https://a/v1>\", </one/x>;rel=prev , <?p=9>; rel=last",
            ),
            ("link", "<https://a/v1/x; rel=next", "<https://a/v1/x; rel=next"),
        ];
        for (name, value, expected) in rows {
            let expected = expected.replace("HERE", HERE);
            assert_eq!(seen("https://a/v1", "/one", name, value), expected, "{name}: {value}");
        }
    }

    #[test]
    fn every_line_of_a_field_is_rewritten() {
        let base = base("https://a");
        let view = View { base: &base, scheme: "https", host: "proxy.local", prefix: "" };
        let mut headers = HeaderMap::new();
        for value in ["<https://a/1>; rel=next", "<https://b/2>; rel=prev", "<https://a/3>; rel=last"] {
            headers.append(LINK, HeaderValue::from_static(value));
        }
        headers.append(LOCATION, HeaderValue::from_bytes(b"https://a/\xff").unwrap());
        view.rewrite(&mut headers);
        let links: Vec<_> = headers.get_all(LINK).iter().map(|value| value.to_str().unwrap()).collect();
        let expected = [
            "<https://proxy.local/1>; rel=next",
            "<https://b/2>; rel=prev",
            "<https://proxy.local/3>; rel=last",
        ];
        assert_eq!(links, expected);
        assert_eq!(headers[LOCATION].as_bytes(), b"https://a/\xff");
    }

    #[test]
    fn cookies_come_back_and_go_to_no_other_upstream() {
        let rows = [
            ("s=1; Path=/; Secure", "s=1; Path=/one; Secure"),
            ("s=1;path=/v1/rooms;HttpOnly", "s=1; Path=/one/rooms;HttpOnly"),
            ("s=1; Path=/v1", "s=1; Path=/one"),
            ("s=1; Path=/v1/", "s=1; Path=/one"),
            ("s=1; Path=/v2", "s=1; Path=/v2"),
            ("s=1; Path=x", "s=1; Path=x"),
            ("s=1; Domain=a", "s=1; Domain=a"),
            ("path=/v1", "path=/v1"),
        ];
        for (cookie, expected) in rows {
            assert_eq!(seen("https://a/v1", "/one", "set-cookie", cookie), expected, "{cookie}");
        }
        assert_eq!(seen("https://a/v1", "", "set-cookie", "s=1; Path=/"), "s=1; Path=/");
        assert_eq!(seen("https://a", "", "set-cookie", "s=1; Path=/x"), "s=1; Path=/x");
    }
}
