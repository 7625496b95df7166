//! What a policy file comes to: all that a gateway runs with, checked and typed. Never here: TOML, a default's reason.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use tidegate::classify::client::Trust;
use tidegate::classify::{KeyPart, Mode, Policy};
use tidegate::server::Answers;
use tidegate_core::Quota;

/// A whole policy file.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// What stands around the limits.
    pub(crate) gateway: Gateway,
    /// The limits.
    pub(crate) policy: Policy,
}

/// What stands around the limits.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    /// Where callers come in; at least one.
    pub(crate) listen: Vec<Listen>,
    /// Certificate and key, if callers speak TLS.
    pub(crate) tls: Option<Tls>,
    /// Where operators come in; `None` for nowhere.
    pub(crate) admin: Option<Listen>,
    /// The servers behind.
    pub(crate) upstreams: Vec<Upstream>,
    /// How upstreams are spoken to.
    pub(crate) upstream: UpstreamTerms,
    /// Active health checks.
    pub(crate) health: Option<Health>,
    /// How the fleet is counted.
    pub(crate) fleet: FleetTerms,
    /// Bytes for keys' states.
    pub(crate) memory_bytes: usize,
    /// Which proxies in front are believed.
    pub(crate) trust: Trust,
    /// Fields that only those proxies may set: from everybody else they are taken away.
    pub(crate) trusted_fields: Vec<http::HeaderName>,
    /// Which forwarding fields are written for the upstream.
    pub(crate) forwarding: Forwarding,
    /// How much a caller may send, and how slowly.
    pub(crate) bounds: Bounds,
    /// What refusals look like.
    pub(crate) answers: Answers,
    /// Callers who keep calling while told to wait.
    pub(crate) penalty: Option<Penalty>,
    /// What happens when servers slow down.
    pub(crate) overload: Option<Overload>,
    /// Where each call is noted.
    pub(crate) access_log: AccessLog,
    /// How long calls under way may take to end when the gateway is told to stop.
    pub(crate) drain: Duration,
}

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

/// A server behind the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// What people call it: the URL unless told otherwise. Once per file.
    pub(crate) name: String,
    pub(crate) address: UpstreamAddress,
    /// How many servers it counts for, in thousandths: 1000 unless told otherwise.
    pub(crate) weight_thousandths: NonZeroU32,
    /// How many calls it may have in flight, if that is bounded by hand.
    pub(crate) at_once: Option<NonZeroU32>,
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

/// Active health checks: a GET that must be answered by a 2xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) path: String,
    pub(crate) every: Duration,
    pub(crate) timeout: Duration,
    /// Passes in a row that bring a server into routing.
    pub(crate) rise: u32,
    /// Failures in a row that take it out.
    pub(crate) fall: u32,
}

/// How the fleet is counted, for limits per server; in thousandths of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FleetTerms {
    /// What is counted at least, and while health is unknown.
    pub(crate) floor_thousandths: u32,
    /// What is counted at most.
    pub(crate) ceiling_thousandths: Option<u32>,
    /// Failures of real calls in a row that take a server out for a while; `None`: never.
    pub(crate) passive_failures: Option<NonZeroU32>,
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

/// Callers who keep calling while told to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Penalty {
    pub(crate) mode: Mode,
    /// Who a caller is; an address stands in for what is missing.
    pub(crate) key: Vec<KeyPart>,
    /// How many calls against a told wait are forgiven, and how fast that comes back.
    pub(crate) forgiven: Quota,
    /// The longest wait.
    pub(crate) longest: Duration,
    /// Calls that were on their way when the refusal was sent.
    pub(crate) grace: Duration,
}

/// What happens when servers slow down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overload {
    pub(crate) mode: Mode,
    /// Calls in flight per server: at least, at most, and at first.
    pub(crate) least: NonZeroU32,
    pub(crate) most: NonZeroU32,
    pub(crate) first: NonZeroU32,
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
