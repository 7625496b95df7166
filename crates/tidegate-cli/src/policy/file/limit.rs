//! The tables `[[limit]]`, `[[exempt]]` and `[[priority]]`, as written. Never here: what they come to.

use std::num::NonZeroU32;

use http::Method;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use tidegate::classify::{HostPattern, KeyPart, Template};
use tidegate_core::Quota;

use super::super::kinds::{Group, OnHeader, OnQuery, Prefix};
use super::super::words::{Class, Missing, Mode, Per};
use super::cost::Cost;
use crate::toml_file::kinds::Name;
use crate::toml_file::written::{List, Placed, Written};

/// A limit: which requests, whose, how much may pass, at what cost.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "limit")]
pub(in super::super) struct Limit {
    /// What people call it, once per file. Callers see it in the RateLimit fields.
    #[schemars(required)]
    pub(in super::super) name: Option<Written<Name>>,
    /// Which requests it falls on. Default: all.
    #[serde(rename = "match")]
    pub(in super::super) on: Option<Placed<Match>>,
    /// Whose count a request takes from: bearer, ip, host, header:NAME, cookie:NAME, path:PLACE, or a list of them;
    /// `[]` for one count that all share.
    #[schemars(required)]
    pub(in super::super) key: Option<List<KeyPart>>,
    /// What becomes of a request that lacks a part of the key. Default: `"refuse"`.
    pub(in super::super) missing: Option<Placed<Missing>>,
    /// How much may pass, per key. A limit has this, or `at-once`, or both.
    pub(in super::super) quota: Option<Written<Quota>>,
    /// How many calls may be in flight, per key. Default: no bound.
    pub(in super::super) at_once: Option<NonZeroU32>,
    /// How much of the fleet the quota is for. Default: `"fleet"`.
    pub(in super::super) per: Option<Placed<Per>>,
    /// Whether it refuses. Default: `"enforce"`.
    pub(in super::super) mode: Option<Placed<Mode>>,
    /// Of the limits with the same word here, only the first that matches falls on a request. Default: all fall.
    pub(in super::super) first_of: Option<Written<Group>>,
    /// What a request costs: a number, a list of rows of which the dearest that holds counts, or a table.
    /// Default: `1`.
    pub(in super::super) cost: Option<Placed<Cost>>,
    /// Other quotas for some callers; the first that clearly holds counts.
    #[serde(default)]
    pub(in super::super) plan: Vec<Placed<Plan>>,
}

/// Which requests. All of it must hold; what is left out always does.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a table, such as { path = \"/v1/rooms\" }"
)]
#[schemars(rename = "match")]
pub(in super::super) struct Match {
    /// One of these methods; GET has HEAD with it.
    pub(in super::super) method: Option<List<Method>>,
    /// The path: `{id}` stands for one segment, `{*rest}` at the end for all that follows, be it nothing.
    pub(in super::super) path: Option<Written<Template>>,
    /// One of these hosts; `*.` in front means all below.
    pub(in super::super) host: Option<List<HostPattern>>,
    /// Conditions on header fields.
    pub(in super::super) header: Option<List<OnHeader>>,
    /// Conditions on query parameters.
    pub(in super::super) query: Option<List<OnQuery>>,
    /// The caller's address is in one of these networks.
    pub(in super::super) address: Option<List<IpNet>>,
}

/// Another quota for some callers. Say in one way who they are, and in one what they get.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "plan")]
pub(in super::super) struct Plan {
    /// What people call it.
    #[schemars(required)]
    pub(in super::super) name: Option<Written<Name>>,
    /// Callers whose key begins so; of a key of several parts, the first.
    pub(in super::super) key_starts: Option<Written<Prefix>>,
    /// Requests with such a header field. For fields that a trusted server in front sets.
    pub(in super::super) header: Option<Written<OnHeader>>,
    /// Requests with such a query parameter.
    pub(in super::super) query: Option<Written<OnQuery>>,
    /// Requests with one of these methods.
    pub(in super::super) method: Option<List<Method>>,
    /// Callers from one of these networks.
    pub(in super::super) address: Option<List<IpNet>>,
    /// Their quota, in place of the limit's.
    pub(in super::super) quota: Option<Written<Quota>>,
    /// `true`: the limit doesn't fall on them.
    pub(in super::super) exempt: Option<Placed<bool>>,
}

/// Requests that limits don't fall on. All of `match` must clearly hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "exempt")]
pub(in super::super) struct Exempt {
    /// What people call it.
    #[schemars(required)]
    pub(in super::super) name: Option<Written<Name>>,
    /// Which requests.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub(in super::super) on: Option<Placed<Match>>,
    /// The limits that don't fall on them, by name. Default: all limits.
    pub(in super::super) from: Option<List<Name>>,
}

/// Requests that matter more or less than others. All of `match` must clearly hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "priority")]
pub(in super::super) struct Priority {
    /// What people call it.
    #[schemars(required)]
    pub(in super::super) name: Option<Written<Name>>,
    /// Which requests.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub(in super::super) on: Option<Placed<Match>>,
    /// How much they matter.
    #[schemars(required)]
    pub(in super::super) class: Option<Placed<Class>>,
}
