//! What a request asks for, in one spelling: target, query and host. Never here: a limit, a key, a socket.
//!
//! A limit that another spelling of the same path gets round is none. So a request's target is normalised once,
//! before anything looks at it, and what is forwarded is what was looked at. What servers read in different ways
//! (a coded slash, `..;`, an invalid code) is refused, not guessed.
//!
//! ```
//! use tidegate::path::{Rules, Target};
//! let target = Target::of(b"/v1/./x/..//%72ooms/?max=5", &Rules::default()).unwrap();
//! assert_eq!(target.path(), "/v1/rooms");
//! assert_eq!(target.path_and_query(), "/v1/rooms/?max=5");
//! assert!(Target::of(b"/v1/rooms%2F..%2Fadmin", &Rules::default()).is_err());
//! ```

mod bytes;
mod fault;
mod forward;
mod host;
mod matched;
mod query;

use std::borrow::Cow;

use http::Uri;
use http::uri::Scheme;

pub use fault::{Fault, Wrong};
pub use host::Host;
pub use query::Query;

/// What the servers behind take for the same path, where they differ.
///
/// The default is what keeps a limit whole in front of a server that nobody looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What a coded slash or backslash in a path is.
    pub coded_slashes: CodedSlashes,
    /// What `;` and what follows it in a segment are.
    pub params: Params,
    /// Whether a slash at the end makes another path.
    pub trailing_slash: Sameness,
    /// Whether the case of letters makes another path, or another name of a query parameter.
    pub case: Sameness,
    /// How long a target may be, in bytes, as sent and as forwarded: 16 KiB unless told otherwise.
    pub longest: usize,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            coded_slashes: CodedSlashes::Refuse,
            params: Params::Strip,
            trailing_slash: Sameness::Same,
            case: Sameness::Distinct,
            longest: 16 * 1024,
        }
    }
}

/// What `%2F` and `%5C` in a path are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodedSlashes {
    /// Refused. Some servers decode before they route and see a separator, others see a character of a name: the
    /// same bytes reach two resources, and a gateway can't know which.
    #[default]
    Refuse,
    /// A character of a name, as RFC 3986 section 2.2 has it and as `/projects/group%2Fname` needs it. Only for
    /// servers that are known to route before they decode. A dot segment between coded slashes is still refused.
    Keep,
}

/// What `;` and all that follows it in a segment are: the path parameters of RFC 3986 section 3.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Params {
    /// No part of the name: left out for matching, forwarded as sent. So it is for servlet containers, and a
    /// limit must hold there too. A coded `;` counts as well.
    #[default]
    Strip,
    /// A part of the name like any other.
    Keep,
    /// Refused.
    Refuse,
}

/// Whether two spellings are one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// They are the same path.
    Same,
    /// They are two paths.
    Distinct,
}

/// The target of a request, normalised.
///
/// The same resource has the same [`path`](Target::path), and a target is its own normal form. One that is normal
/// as sent costs no allocation; another costs a few, of at most three times its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Path and query, to be forwarded.
    forward: Cow<'a, str>,
    /// Where the query's `?` is in it, or its end.
    path_end: usize,
    /// The path to match, where it isn't the forwarded one.
    matched: Option<String>,
    /// The authority of an absolute-form.
    authority: Option<&'a str>,
    case: Sameness,
}

impl<'a> Target<'a> {
    /// The normal form of a request target, as it stands in the request line or in `:path`.
    ///
    /// Takes the origin-form, the absolute-form and `*` of RFC 9112 section 3.2. Empty segments and dot segments
    /// are resolved, never above the root; codes of characters that need none are decoded (RFC 3986 section
    /// 6.2.2), other codes are written in capitals, and characters that need a code get one.
    ///
    /// # Errors
    /// When the target is none, or servers would disagree about what it asks for.
    pub fn of(raw: &'a [u8], rules: &Rules) -> Result<Target<'a>, Fault> {
        check_length(raw.len(), rules)?;
        if raw == b"*" {
            return Ok(Target::normal(Cow::Borrowed("*"), 1, None, None, rules));
        }
        if raw.first() == Some(&b'/') {
            return Target::of_origin(raw, None, 0, None, rules);
        }
        let start = scheme_end(raw).ok_or(Fault::new(Wrong::NoPath, 0))?;
        let length = raw[start..].iter().position(|byte| b"/?#".contains(byte)).unwrap_or(raw.len() - start);
        let authority = std::str::from_utf8(&raw[start..start + length]);
        let authority = authority.map_err(|_| Fault::new(Wrong::HostCharacter, start))?;
        Target::of_origin(&raw[start + length..], None, start + length, Some(authority), rules)
    }

    /// The normal form of a target that the `http` crate has read, which drops a fragment.
    ///
    /// # Errors
    /// As for [`Target::of`].
    pub fn of_uri(uri: &'a Uri, rules: &Rules) -> Result<Target<'a>, Fault> {
        if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS) {
            return Err(Fault::new(Wrong::NoPath, 0));
        }
        let authority = uri.authority().map(|authority| authority.as_str());
        match uri.path_and_query() {
            Some(all) if all.as_str() == "*" => Target::of(b"*", rules),
            Some(all) => {
                check_length(all.as_str().len(), rules)?;
                Target::of_origin(all.as_str().as_bytes(), Some(all.as_str()), 0, authority, rules)
            }
            None => Err(Fault::new(Wrong::NoPath, 0)),
        }
    }

    /// `text` is `raw` as text, where that is known.
    fn of_origin(
        raw: &'a [u8],
        text: Option<&'a str>,
        offset: usize,
        authority: Option<&'a str>,
        rules: &Rules,
    ) -> Result<Target<'a>, Fault> {
        let scanned = forward::scan(raw);
        let path_end = scanned.end;
        let (path, query) = raw.split_at(path_end);
        query::check(query).map_err(|found| found.moved(offset + path_end))?;
        if scanned.normal {
            let all = text.map_or_else(|| std::str::from_utf8(raw), Ok);
            let all = all.map_err(|error| Fault::new(Wrong::Query, offset + error.valid_up_to()))?;
            let matched = matched::of_plain(&all[..path_end], rules);
            return Ok(Target::normal(Cow::Borrowed(all), path_end, matched, authority, rules));
        }
        let mut forward = forward::normalised(path, rules).map_err(|fault| fault.moved(offset))?;
        let (path_end, matched) = (forward.len(), matched::of(&forward, rules));
        let query = std::str::from_utf8(query);
        forward.push_str(
            query.map_err(|error| Fault::new(Wrong::Query, offset + path.len() + error.valid_up_to()))?,
        );
        check_length(forward.len(), rules)?;
        Ok(Target::normal(Cow::Owned(forward), path_end, matched, authority, rules))
    }

    fn normal(
        forward: Cow<'a, str>,
        path_end: usize,
        matched: Option<String>,
        authority: Option<&'a str>,
        rules: &Rules,
    ) -> Target<'a> {
        Target { forward, path_end, matched, authority, case: rules.case }
    }

    /// The path that limits look at: equal for all spellings of one resource. Begins with `/`, or is `*`.
    ///
    /// Every character is in it in one way only: decoded if it may stand in a segment, coded in capitals if not.
    pub fn path(&self) -> &str {
        self.matched.as_deref().unwrap_or(&self.forward[..self.path_end])
    }

    /// What to forward: the path normalised, but with its reserved characters, path parameters and slash at the
    /// end as they were sent, and the query untouched.
    pub fn path_and_query(&self) -> &str {
        &self.forward
    }

    /// Whether the target was sent in its normal form, so that it can be forwarded as it came.
    pub fn is_as_sent(&self) -> bool {
        matches!(self.forward, Cow::Borrowed(_))
    }

    /// The query's parameters.
    pub fn query(&self) -> Query<'_> {
        Query::new(self.forward.get(self.path_end + 1..).unwrap_or_default(), self.case)
    }

    /// The authority that an absolute-form names, as sent.
    pub fn authority(&self) -> Option<&'a str> {
        self.authority
    }
}

fn check_length(length: usize, rules: &Rules) -> Result<(), Fault> {
    let longest = rules.longest;
    if length > longest { Err(Fault::new(Wrong::TooLong { longest }, longest)) } else { Ok(()) }
}

/// Where the authority begins after `http://` or `https://`, in letters of any case.
fn scheme_end(raw: &[u8]) -> Option<usize> {
    ["http://", "https://"].into_iter().find_map(|scheme| {
        let found = raw.get(..scheme.len())?.eq_ignore_ascii_case(scheme.as_bytes());
        found.then_some(scheme.len())
    })
}
