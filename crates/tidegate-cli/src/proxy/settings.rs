//! What a proxy runs with, checked and typed, from flags or a file alike. Never here: TOML, a flag, a default's reason.

use std::path::PathBuf;
use std::time::Duration;

use http::uri::Authority;
use http::{HeaderName, Method};
use tidegate::classify::Template;
use tidegate_core::Quota;
use tidegate_wire::dialect::Table;

use crate::policy::{AccessLog, Bounds, Listen, Tls, UpstreamTerms};

/// All that a proxy runs with.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where callers come in; at least one.
    pub(crate) listen: Vec<Listen>,
    /// Certificate and key, if callers speak TLS to the proxy itself.
    pub(crate) tls: Option<Tls>,
    /// Where operators come in; `None` for nowhere.
    pub(crate) admin: Option<Listen>,
    /// Base-URL mode: whose API is behind which part of the proxy. Names are told once each.
    pub(crate) upstreams: Vec<Upstream>,
    /// Forward mode: absolute-form requests and CONNECT; `None` refuses both.
    pub(crate) forward: Option<Forward>,
    /// How hosts are called in forward mode that no upstream names.
    pub(crate) manner: Manner,
    /// How upstreams are spoken to.
    pub(crate) terms: UpstreamTerms,
    /// How much a caller may send, and how slowly.
    pub(crate) bounds: Bounds,
    /// How much may wait.
    pub(crate) queue: Queue,
    /// What tells callers apart who are to get fair shares, the first that a request has; else its token, else its
    /// address.
    pub(crate) callers: Vec<HeaderName>,
    /// A field by which callers say `high`, `normal` or `low`.
    pub(crate) priority: Option<HeaderName>,
    /// How long a call may take that has no deadline of its own; `None`: as long as it takes.
    pub(crate) deadline: Option<Duration>,
    /// The longest told wait that is sat out.
    pub(crate) max_wait: Duration,
    /// How providers say "slow down": the built-in table, with rows of the user's own.
    pub(crate) dialects: Table,
    /// Where each call is noted.
    pub(crate) access_log: AccessLog,
    /// How long calls under way may take to end when the proxy is told to stop.
    pub(crate) drain: Duration,
}

/// An API of somebody else's, and where it is found here.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    /// What people call it: its host unless told otherwise.
    pub(crate) name: String,
    /// Its address.
    pub(crate) base: Base,
    /// Which requests are meant for it.
    pub(crate) at: At,
    /// What is put into its requests, in place of whatever callers send there.
    pub(crate) token: Option<Token>,
    pub(crate) manner: Manner,
}

/// `https://host:port/path`; the path has no slash at its end, and is empty for the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) path: String,
}

/// How an upstream is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// Which requests are meant for an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Those below this path, which is taken away: `/webex`. No slash at its end; empty for all.
    Prefix(String),
    /// Those that name this host, without port, in lower case.
    Host(String),
}

/// A secret that is put into requests to one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The field that it goes into: `Authorization` unless told otherwise.
    pub(crate) field: HeaderName,
    /// What stands before it: `Bearer ` unless told otherwise.
    pub(crate) scheme: String,
    pub(crate) source: TokenSource,
}

/// Where a secret is read from, when the proxy starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenSource {
    /// A variable of the environment.
    Variable(String),
    /// A file; white space at its end doesn't count.
    File(PathBuf),
}

/// How an upstream is called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// Whether identical GETs at one time are one call.
    pub(crate) coalesce: Coalesce,
    /// Whether answers are kept and asked about by their ETag.
    pub(crate) revalidate: Revalidate,
    /// How many refusals are risked in how long; `None`: the usual 1,000 per 10 minutes.
    pub(crate) refusals: Option<Quota>,
    /// What shares a limit, where that is known. The first that matches counts.
    pub(crate) buckets: Vec<Bucket>,
    /// The name of the dialect it speaks, if that isn't told by its host.
    pub(crate) dialect: Option<String>,
}

/// Whether identical GETs at one time are one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Coalesce {
    #[default]
    On,
    Off,
}

/// Whether answers are kept and asked about by their ETag, where a 304 costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Revalidate {
    #[default]
    Off,
    /// Answers to requests without a token or cookie that don't say that they are private.
    Public,
    /// The others, too: each for the token that got it.
    Private,
}

/// Requests that share a limit.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    /// Of these methods; none for all.
    pub(crate) methods: Vec<Method>,
    /// At these paths, as the upstream sees them.
    pub(crate) paths: Vec<Template>,
    /// The limit itself, if it is known: no call goes that it would refuse.
    pub(crate) quota: Option<Quota>,
}

/// Forward mode.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    /// The hosts that may be called; `None`: all.
    pub(crate) hosts: Option<Vec<HostPattern>>,
    /// Which hosts' TLS is opened, if that was asked for.
    pub(crate) intercept: Option<Intercept>,
}

/// Hosts whose TLS is opened, by certificates of our own authority.
#[derive(Clone, Debug)]
pub(crate) struct Intercept {
    /// Only these.
    pub(crate) hosts: Vec<HostPattern>,
    /// Where the authority's certificate and key are kept.
    pub(crate) folder: PathBuf,
}

/// `api.example.com`, or `*.example.com` for all names below it. In lower case, without port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostPattern {
    Exactly(String),
    Below(String),
}

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Calls per bucket.
    pub(crate) waiters: usize,
    /// Heads and kept bodies of all waiting calls, in memory.
    pub(crate) memory_bytes: u64,
    /// Buckets.
    pub(crate) buckets: usize,
    /// A body is kept for a second sending up to so many bytes in memory, then in a file.
    pub(crate) body_memory_bytes: u64,
    /// And up to so many in all.
    pub(crate) body_spill_bytes: u64,
}

impl Manner {
    /// The first bucket that a call fits; `None` if what shares its limit isn't known. The path is the upstream's.
    pub(crate) fn bucket(&self, method: &Method, path: &str) -> Option<&Bucket> {
        self.buckets.iter().find(|Bucket { methods, paths, .. }| {
            (methods.is_empty() || methods.contains(method))
                && (paths.is_empty() || paths.iter().any(|template| template.fits(path)))
        })
    }
}

impl Config {
    /// Which hosts' TLS is opened, if that was asked for.
    pub(crate) fn intercept(&self) -> Option<&Intercept> {
        self.forward.as_ref()?.intercept.as_ref()
    }
}

impl HostPattern {
    /// Whether a host, in lower case and without port, is one of these.
    pub(crate) fn has(&self, host: &str) -> bool {
        match self {
            HostPattern::Exactly(name) => name == host,
            HostPattern::Below(parent) => host
                .strip_suffix(parent.as_str())
                .is_some_and(|child| child.len() > 1 && child.ends_with('.')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_names_below_and_not_for_the_name_itself() {
        let below = HostPattern::Below("example.com".into());
        let rows = [("a.example.com", true), ("a.b.example.com", true), ("example.com", false)];
        for (host, is) in rows.into_iter().chain([("badexample.com", false), (".example.com", false)]) {
            assert_eq!(below.has(host), is, "{host}");
        }
        assert!(HostPattern::Exactly("a.b".into()).has("a.b"));
    }
}
