//! What a policy file comes to: all that a gateway runs with, checked and typed. Never here: TOML, a default's reason.

use std::num::NonZeroU32;
use std::time::Duration;

use tidegate::classify::client::Trust;
use tidegate::classify::{KeyPart, Mode, Policy};
use tidegate::server::Answers;
use tidegate_core::Quota;

pub(crate) use crate::relay::settings::{
    AccessLog, Bounds, Forwarding, Listen, Tls, UpstreamAddress, UpstreamTerms, UpstreamVersion,
};

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
