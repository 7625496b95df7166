//! The table `[[upstream]]` and those in it, as written. Never here: what they come to.

use std::path::PathBuf;

use http::{HeaderName, Method};
use schemars::JsonSchema;
use serde::Deserialize;
use tidegate::classify::Template;
use tidegate_core::Quota;

use super::texts::{HostName, Mount, Variable};
use super::words::Revalidate;
use crate::proxy::settings::Base;
use crate::toml_file::kinds::Name;
use crate::toml_file::written::{List, Placed, Written};

/// An API of somebody else's, and where callers find it here. With neither `prefix` nor `host` it is everywhere, so it
/// must be the only one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "upstream")]
pub(super) struct Upstream {
    /// Its base URL.
    #[schemars(required)]
    pub(super) url: Option<Written<Base>>,
    /// What people call it, once per file. Default: its host.
    pub(super) name: Option<Written<Name>>,
    /// Requests below this path are meant for it; the path itself is taken away. The longest that fits counts.
    pub(super) prefix: Option<Written<Mount>>,
    /// Requests that name this host are meant for it.
    pub(super) host: Option<Written<HostName>>,
    /// The variable of the environment with the token that is put into its requests, in place of whatever callers send.
    pub(super) token_env: Option<Written<Variable>>,
    /// The file with that token.
    pub(super) token_file: Option<Written<PathBuf>>,
    /// The field that it goes into. Default: `"Authorization"`.
    pub(super) token_field: Option<Written<HeaderName>>,
    /// The word before it; "" for none. Default: "Bearer" in `Authorization`, none in another field.
    pub(super) token_scheme: Option<Placed<String>>,
    /// Whether identical GETs at one time are one call. Default: `true`.
    pub(super) coalesce: Option<bool>,
    /// Whether answers are kept and asked about by their ETag, for APIs where a 304 costs nothing. Default: `"off"`.
    pub(super) revalidate: Option<Placed<Revalidate>>,
    /// How many refusals are risked: when they are spent, one call at a time probes. Default: `"1000 per 10 minutes"`.
    pub(super) refusals: Option<Written<Quota>>,
    /// Whose way to say "slow down" it has, by name. Default: told by its host.
    pub(super) dialect: Option<Placed<String>>,
    /// What shares a limit, where that is known; the first that matches counts. What matches none is told apart by method
    /// and path, without ids.
    #[serde(default)]
    pub(super) bucket: Vec<Placed<Bucket>>,
}

/// Requests that share a limit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
#[schemars(rename = "bucket")]
pub(super) struct Bucket {
    /// What people call it, once per upstream.
    #[schemars(required)]
    pub(super) name: Option<Written<Name>>,
    /// Which requests. Default: all.
    #[serde(rename = "match")]
    pub(super) on: Option<Placed<Match>>,
    /// The limit itself, if it is known: no call goes that it would refuse. Default: it is learned.
    pub(super) quota: Option<Written<Quota>>,
}

/// Which requests. All of it must hold; what is left out always does.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a table, such as { path = \"/v1/rooms\" }"
)]
#[schemars(rename = "match")]
pub(super) struct Match {
    /// One of these methods; GET has HEAD with it.
    pub(super) method: Option<List<Method>>,
    /// One of these paths, as the API sees them: `{id}` stands for one segment, `{*rest}` at the end for all that follows,
    /// be it nothing.
    pub(super) path: Option<List<Template>>,
}
