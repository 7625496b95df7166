//! A policy file as it is written: the tables and keys that the schema documents. Never here: what they come to.

pub(super) mod cost;
pub(super) mod gateway;
pub(super) mod limit;
pub(super) mod upstreams;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::toml_file::written::Placed;
use gateway::Gateway;
use limit::{Exempt, Limit, Priority};

/// A policy of Tidegate: the gateway, and the limits it keeps callers within.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub(super) struct File {
    /// What stands around the limits: addresses, servers, bounds.
    #[schemars(required)]
    pub(super) gateway: Option<Placed<Gateway>>,
    /// The limits. A request falls under all that match it.
    #[serde(default)]
    pub(super) limit: Vec<Placed<Limit>>,
    /// Requests that limits don't fall on.
    #[serde(default)]
    pub(super) exempt: Vec<Placed<Exempt>>,
    /// Requests that matter more or less than others when servers are overloaded. The first that holds counts.
    #[serde(default)]
    pub(super) priority: Vec<Placed<Priority>>,
}
