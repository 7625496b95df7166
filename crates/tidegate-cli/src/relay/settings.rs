//! How callers come in and servers are spoken to, checked and typed, whichever door it is for. Never here: a default.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// An address and a port; port 0 takes any.
    Tcp(SocketAddr),
    /// A socket file, written `unix:/path`.
    Unix(PathBuf),
}

/// Files for TLS, PEM; read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamAddress {
    /// `http://host:port`, spoken to in the clear.
    Http(http::uri::Authority),
    /// `https://host:port`.
    Https(http::uri::Authority),
    /// `unix:/path`.
    Unix(PathBuf),
}

/// How upstreams are spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpstreamTerms {
    pub(crate) version: UpstreamVersion,
    /// How long a connection may take to stand.
    pub(crate) connect: Duration,
    /// How long the head of an answer may take.
    pub(crate) answer: Duration,
    /// How long an idle connection is kept.
    pub(crate) idle: Duration,
    /// How often a call that never reached a server is tried at another one.
    pub(crate) retries: u32,
    /// A PEM file of authorities for `https` upstreams, in place of the system's.
    pub(crate) authorities: Option<PathBuf>,
}

/// Which HTTP upstreams are spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UpstreamVersion {
    #[default]
    Http1,
    /// By ALPN over TLS, by prior knowledge in the clear.
    Http2,
}

/// Which forwarding fields are written for the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forwarding {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    pub(crate) x_forwarded: bool,
    /// `Forwarded` (RFC 7239).
    pub(crate) forwarded: bool,
    /// Whether the upstream sees the caller's `Host`, or its own.
    pub(crate) keep_host: bool,
    /// Whether fields with a `_` in their names go on: many servers can't tell `X_Key` from `X-Key`.
    pub(crate) underscores: bool,
}

/// How much a caller may send, and how slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// All of a request's head, in bytes.
    pub(crate) head_bytes: NonZeroUsize,
    /// Number of fields in a head.
    pub(crate) fields: NonZeroUsize,
    /// A body, in bytes.
    pub(crate) body_bytes: u64,
    /// How long a head may take to arrive.
    pub(crate) head_time: Duration,
    /// How long a body may pause.
    pub(crate) body_pause: Duration,
    /// How long a connection may be idle between requests.
    pub(crate) idle: Duration,
    /// Connections at once.
    pub(crate) connections: NonZeroU32,
}

/// Where each call is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccessLog {
    Off,
    /// JSON lines on standard output.
    Stdout,
    /// JSON lines in a file, opened anew on SIGHUP.
    File(PathBuf),
}
