//! A proxy's file as it is written: the table `[proxy]` and those in it. Never here: what they come to, an upstream.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;
use tidegate_core::Quota;

use super::upstream::Upstream;
use super::words::Revalidate;
use crate::proxy::settings::HostPattern;
use crate::relay::settings::Listen;
use crate::toml_file::addresses::{Admin, LogPlace};
use crate::toml_file::doors::Tls;
use crate::toml_file::sizes::Bytes;
use crate::toml_file::words::Version;
use crate::toml_file::written::{List, Placed, Written};

/// A proxy of Tidegate: the APIs that are called through it, and how.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct File {
    /// What is the same for all calls: addresses, bounds, forward mode.
    pub(super) proxy: Option<Placed<Proxy>>,
    /// The APIs that callers find here in place of their own addresses.
    #[serde(default)]
    pub(super) upstream: Vec<Placed<Upstream>>,
}

/// What is the same for all calls.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "proxy")]
pub(super) struct Proxy {
    /// Where callers come in: an address, or a list. Default: `"127.0.0.1:8430"`.
    pub(super) listen: Option<List<Listen>>,
    /// Where operators come in, or "off". Default: `"127.0.0.1:8431"`.
    pub(super) admin: Option<Written<Admin>>,
    /// Certificate and key, if callers speak TLS to the proxy itself. Default: in the clear.
    pub(super) tls: Option<Placed<Tls>>,
    /// Fields that tell callers apart who are to get fair shares; the first that a request has counts, else its token,
    /// else its address. Default: `[]`.
    pub(super) callers: Option<List<HeaderName>>,
    /// A field by which callers say how much a call matters: `high`, `normal` or `low`. Default: none.
    pub(super) priority: Option<Written<HeaderName>>,
    /// How long a call may take that doesn't say so itself, by `Tidegate-Deadline` or `Prefer: wait=N`. Default: as long
    /// as it takes.
    pub(super) deadline: Option<Written<Duration>>,
    /// The longest wait that is sat out when an API tells one; a longer one is handed back. Default: `"1h"`.
    pub(super) max_wait: Option<Written<Duration>>,
    /// How long calls under way may take to end when the proxy is told to stop. Default: `"30s"`.
    pub(super) drain: Option<Written<Duration>>,
    /// Files of rows that say how APIs say "slow down", beside those that are built in. Those of the last file are found
    /// first. Default: `[]`.
    pub(super) dialects: Option<List<PathBuf>>,
    /// Where each call is noted, in JSON lines: "off", "stdout" or a file. Default: `"off"`.
    pub(super) access_log: Option<Written<LogPlace>>,
    /// How much a caller may send, and how slowly.
    pub(super) bounds: Option<Placed<Bounds>>,
    /// How upstreams are spoken to.
    pub(super) upstream: Option<Placed<Terms>>,
    /// How much may wait.
    pub(super) queue: Option<Placed<Queue>>,
    /// Forward mode: callers name whole URLs, or open tunnels, as `HTTP_PROXY` and `HTTPS_PROXY` have them do. `{}` opens
    /// it to all hosts. Default: off.
    pub(super) forward: Option<Placed<Forward>>,
}

/// How much a caller may send, and how slowly.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "bounds")]
pub(super) struct Bounds {
    /// All of a request's head. Default: `"64 KiB"`.
    pub(super) head: Option<Written<Bytes>>,
    /// Number of fields in a head. Default: `100`.
    pub(super) fields: Option<NonZeroUsize>,
    /// A body. It streams through; what is kept of it is bounded in `[proxy.queue]`. Default: `"1024 GiB"`.
    pub(super) body: Option<Written<Bytes>>,
    /// How long a head may take to arrive. Default: `"30s"`.
    pub(super) head_time: Option<Written<Duration>>,
    /// How long a body may pause. Default: `"60s"`.
    pub(super) body_pause: Option<Written<Duration>>,
    /// How long a connection may be idle between requests. Default: `"2m"`.
    pub(super) idle: Option<Written<Duration>>,
    /// Connections at once; each caller who waits has one. Default: `20000`.
    pub(super) connections: Option<NonZeroU32>,
}

/// How upstreams are spoken to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a table, such as { connect = \"5s\" }; APIs are in [[upstream]]"
)]
#[schemars(rename = "terms")]
pub(super) struct Terms {
    /// In which HTTP. Default: `"http1"`.
    pub(super) version: Option<Placed<Version>>,
    /// How long a connection may take to stand. Default: `"10s"`.
    pub(super) connect: Option<Written<Duration>>,
    /// How long the head of an answer may take, from when the request was sent. Default: `"10m"`.
    pub(super) answer: Option<Written<Duration>>,
    /// How long an idle connection is kept. Default: `"60s"`.
    pub(super) idle: Option<Written<Duration>>,
    /// A PEM file of authorities for https, in place of the system's.
    pub(super) authorities: Option<Written<PathBuf>>,
}

/// How much may wait. At a bound a caller is answered 503 at once.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "queue")]
pub(super) struct Queue {
    /// Calls that wait in one bucket. Default: `10000`.
    pub(super) waiters: Option<NonZeroUsize>,
    /// Memory for heads and kept bodies of all that wait. Default: `"256 MiB"`.
    pub(super) memory: Option<Written<Bytes>>,
    /// Buckets. Default: `10000`.
    pub(super) buckets: Option<NonZeroUsize>,
    /// A body is kept for a second sending up to so much in memory, then in a file. Default: `"64 KiB"`.
    pub(super) body_memory: Option<Written<Bytes>>,
    /// And up to so much in all; a larger one is sent once. Default: `"1 GiB"`.
    pub(super) body_spill: Option<Written<Bytes>>,
}

/// Forward mode: callers name whole URLs, or open tunnels.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table; `{}` for all hosts")]
#[schemars(rename = "forward")]
pub(super) struct Forward {
    /// The hosts that may be called; `*.` in front means all below. Default: all, which only callers on this machine may.
    pub(super) hosts: Option<List<HostPattern>>,
    /// The hosts whose TLS is opened, so that calls are paced and repeated one by one: callers must trust the proxy's own
    /// authority. Default: `[]`, tunnels are passed through unread.
    pub(super) intercept: Option<List<HostPattern>>,
    /// The folder of that authority's certificate and key, made when first needed. Default: the folder `tidegate` in the
    /// user's data folder.
    pub(super) authority: Option<Written<PathBuf>>,
    /// Whether identical GETs at one time are one call, for hosts that no upstream names. Default: `true`.
    pub(super) coalesce: Option<bool>,
    /// Whether answers are kept and asked about by their ETag, for hosts that no upstream names. Default: `"off"`.
    pub(super) revalidate: Option<Placed<Revalidate>>,
    /// How many refusals are risked per host that no upstream names. Default: `"1000 per 10 minutes"`.
    pub(super) refusals: Option<Written<Quota>>,
}
