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
mod tests;
