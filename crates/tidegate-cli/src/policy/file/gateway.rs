//! The table `[gateway]` and those in it, as written. Never here: what they come to.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use tidegate::classify::KeyPart;
use tidegate_core::Quota;

use super::super::settings::Listen;
use super::super::words::{Body, CodedSlashes, Form, ForwardedField, Mode, Params, Sameness};
use super::upstreams::Upstreams;
use crate::toml_file::addresses::{Admin, LogPlace};
use crate::toml_file::doors::Tls;
use crate::toml_file::sizes::Bytes;
use crate::toml_file::words::Version;
use crate::toml_file::written::{List, Placed, Written};

/// What stands around the limits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "gateway")]
pub(in super::super) struct Gateway {
    /// Where callers come in: an address, or a list. Default: `"127.0.0.1:8080"`.
    pub(in super::super) listen: Option<List<Listen>>,
    /// Certificate and key, if callers speak TLS. Default: in the clear.
    pub(in super::super) tls: Option<Placed<Tls>>,
    /// Where operators come in, or "off". Default: `"127.0.0.1:8081"`.
    pub(in super::super) admin: Option<Written<Admin>>,
    /// The servers behind: a URL, or a list of URLs and tables.
    #[schemars(required)]
    pub(in super::super) upstreams: Option<Upstreams>,
    /// How servers are spoken to.
    pub(in super::super) upstream: Option<Placed<Terms>>,
    /// Active health checks. Default: none.
    pub(in super::super) health: Option<Placed<Health>>,
    /// How the fleet is counted, for limits per server.
    pub(in super::super) fleet: Option<Placed<Fleet>>,
    /// Memory for the counts of callers, all of it taken at the start. 1 MiB has room for about 30,000 callers under
    /// one limit. Default: `"64 MiB"`.
    pub(in super::super) memory: Option<Written<Bytes>>,
    /// Proxies in front that are believed when they tell who called them. Default: `[]`, nobody is.
    pub(in super::super) trusted_proxies: Option<List<IpNet>>,
    /// The field in which they tell it. Default: `"x-forwarded-for"`.
    pub(in super::super) forwarded_field: Option<Placed<ForwardedField>>,
    /// Fields that only trusted proxies may set, such as one that chooses a plan: from everybody else they are taken
    /// away before limits look. Default: `[]`.
    pub(in super::super) trusted_fields: Option<List<HeaderName>>,
    /// How many bits of an address make a caller.
    pub(in super::super) addresses: Option<Placed<Addresses>>,
    /// Which fields the servers are told about the caller in.
    pub(in super::super) forwarding: Option<Placed<Forwarding>>,
    /// Which spellings of a path are the same.
    pub(in super::super) paths: Option<Placed<Paths>>,
    /// How much a caller may send, and how slowly.
    pub(in super::super) bounds: Option<Placed<Bounds>>,
    /// What refusals look like.
    pub(in super::super) answers: Option<Placed<Answers>>,
    /// What becomes of callers who keep calling while told to wait. Default: nothing.
    pub(in super::super) penalty: Option<Placed<Penalty>>,
    /// What happens when servers slow down. Default: nothing.
    pub(in super::super) overload: Option<Placed<Overload>>,
    /// Where each call is noted, in JSON lines: "off", "stdout" or a file. Default: `"off"`.
    pub(in super::super) access_log: Option<Written<LogPlace>>,
    /// How long calls under way may take to end when the gateway is told to stop. Default: `"30s"`.
    pub(in super::super) drain: Option<Written<Duration>>,
}

/// How servers are spoken to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a table, such as { version = \"http2\" }; servers are in `upstreams`"
)]
#[schemars(rename = "upstream")]
pub(in super::super) struct Terms {
    /// In which HTTP. Default: `"http1"`.
    pub(in super::super) version: Option<Placed<Version>>,
    /// How long a connection may take to stand. Default: `"2s"`.
    pub(in super::super) connect: Option<Written<Duration>>,
    /// How long the head of an answer may take. Default: `"60s"`.
    pub(in super::super) answer: Option<Written<Duration>>,
    /// How long an idle connection is kept. Default: `"30s"`.
    pub(in super::super) idle: Option<Written<Duration>>,
    /// How often a call that never reached a server is tried at another one. Default: `2`.
    pub(in super::super) retries: Option<u32>,
    /// A PEM file of authorities for https, in place of the system's.
    pub(in super::super) authorities: Option<Written<PathBuf>>,
}

/// Active health checks: a GET that must be answered by a 2xx. With the defaults, a server that fails or comes back
/// is known within 2 s.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a table, such as { path = \"/healthz\" }"
)]
#[schemars(rename = "health")]
pub(in super::super) struct Health {
    /// What is asked for, such as "/healthz".
    #[schemars(required)]
    pub(in super::super) path: Option<Placed<String>>,
    /// How often. Default: `"500ms"`.
    pub(in super::super) every: Option<Written<Duration>>,
    /// How long an answer may take. Default: `"500ms"`.
    pub(in super::super) timeout: Option<Written<Duration>>,
    /// Passes in a row that bring a server into routing. Default: `2`.
    pub(in super::super) rise: Option<NonZeroU32>,
    /// Failures in a row that take it out. Default: `3`.
    pub(in super::super) fall: Option<NonZeroU32>,
}

/// How the fleet is counted, for limits per server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "fleet")]
pub(in super::super) struct Fleet {
    /// How many servers are counted at least, and while health is unknown. Default: 1, or all of them if they
    /// weigh less together.
    pub(in super::super) floor: Option<Placed<f64>>,
    /// How many are counted at most. Default: no bound.
    pub(in super::super) ceiling: Option<Placed<f64>>,
    /// Failures of real calls in a row that take a server out for a while; 0 for never. Default: `5`.
    pub(in super::super) passive_failures: Option<u32>,
}

/// How many bits of an address make a caller.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "addresses")]
pub(in super::super) struct Addresses {
    /// Of an IPv4 address, at most 32. Default: `32`.
    pub(in super::super) v4_bits: Option<Placed<u8>>,
    /// Of an IPv6 address, at most 128. A household has a whole /64. Default: `64`.
    pub(in super::super) v6_bits: Option<Placed<u8>>,
}

/// Which fields the servers are told about the caller in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "forwarding")]
pub(in super::super) struct Forwarding {
    /// `X-Forwarded-For`, `-Proto` and `-Host`. Default: `true`.
    pub(in super::super) x_forwarded: Option<bool>,
    /// `Forwarded` (RFC 7239). Default: `false`.
    pub(in super::super) forwarded: Option<bool>,
    /// Whether the servers see the caller's Host, or their own. Default: `true`.
    pub(in super::super) keep_host: Option<bool>,
    /// Whether fields with a `_` in their names are passed on. Many servers can't tell `X_Key` from `X-Key`, so that a
    /// caller could show the limits another key than the server. Default: `false`.
    pub(in super::super) underscores: Option<bool>,
}

/// Which spellings of a path are the same. The defaults keep a limit whole in front of any server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "paths")]
pub(in super::super) struct Paths {
    /// What a coded slash or backslash is. Default: `"refuse"`.
    pub(in super::super) coded_slashes: Option<Placed<CodedSlashes>>,
    /// What `;` and what follows it in a segment are. Default: `"strip"`.
    pub(in super::super) params: Option<Placed<Params>>,
    /// Whether a slash at the end makes another path. Default: `"same"`.
    pub(in super::super) trailing_slash: Option<Placed<Sameness>>,
    /// Whether the case of letters makes another path, or another name of a query parameter. Default: `"distinct"`.
    pub(in super::super) case: Option<Placed<Sameness>>,
    /// How long path and query may be. Default: `"16 KiB"`.
    pub(in super::super) longest: Option<Written<Bytes>>,
}

/// How much a caller may send, and how slowly.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "bounds")]
pub(in super::super) struct Bounds {
    /// All of a request's head. Default: `"32 KiB"`.
    pub(in super::super) head: Option<Written<Bytes>>,
    /// Number of fields in a head. Default: `100`.
    pub(in super::super) fields: Option<NonZeroUsize>,
    /// A body. Default: `"64 MiB"`.
    pub(in super::super) body: Option<Written<Bytes>>,
    /// How long a head may take to arrive. Default: `"10s"`.
    pub(in super::super) head_time: Option<Written<Duration>>,
    /// How long a body may pause. Default: `"30s"`.
    pub(in super::super) body_pause: Option<Written<Duration>>,
    /// How long a connection may be idle between requests. Default: `"75s"`.
    pub(in super::super) idle: Option<Written<Duration>>,
    /// Connections at once. Default: `10000`.
    pub(in super::super) connections: Option<NonZeroU32>,
}

/// What refusals look like.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "answers")]
pub(in super::super) struct Answers {
    /// The body where the caller's Accept leaves it open. Default: `"problem"`.
    pub(in super::super) body: Option<Placed<Body>>,
    /// In which fields limits are announced; `[]` for none. Default: `["ratelimit"]`.
    pub(in super::super) fields: Option<Vec<Placed<Form>>>,
    /// Up to how much is added to a wait by chance, so that a reset releases no herd. Default: `"0s"`.
    pub(in super::super) jitter: Option<Written<Duration>>,
    /// The field of tracking ids. Default: `"TrackingID"`.
    pub(in super::super) tracking: Option<Written<HeaderName>>,
}

/// Callers who keep calling while told to wait: past what is forgiven, their waits grow.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "penalty")]
pub(in super::super) struct Penalty {
    /// Whether it refuses. Default: `"enforce"`.
    pub(in super::super) mode: Option<Placed<Mode>>,
    /// Who a caller is; the address stands in for what is missing. Default: `"bearer"`.
    pub(in super::super) key: Option<List<KeyPart>>,
    /// How many calls against a told wait are forgiven, and how fast that comes back. Default: `"20 per minute"`.
    pub(in super::super) forgiven: Option<Written<Quota>>,
    /// The longest wait. Default: `"10m"`.
    pub(in super::super) longest: Option<Written<Duration>>,
    /// Calls within this time after a refusal were on their way already. Default: `"1s"`.
    pub(in super::super) grace: Option<Written<Duration>>,
}

/// What happens when servers slow down: how many calls each can have in flight is learned.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "overload")]
pub(in super::super) struct Overload {
    /// Whether it refuses. Default: `"enforce"`.
    pub(in super::super) mode: Option<Placed<Mode>>,
    /// Calls in flight per server, at least. Default: `4`.
    pub(in super::super) least: Option<Placed<NonZeroU32>>,
    /// At most. Default: `10000`.
    pub(in super::super) most: Option<Placed<NonZeroU32>>,
    /// At first. Default: `64`.
    pub(in super::super) first: Option<Placed<NonZeroU32>>,
}
