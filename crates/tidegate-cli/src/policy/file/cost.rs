//! What a request costs, as written: a number, rows, or a table. Never here: a request.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::{HeaderName, Method};
use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::kinds::{OnHeader, OnQuery};
use crate::toml_file::sizes::Bytes;
use crate::toml_file::written::{List, Placed, Written};

/// What a request costs.
#[derive(Clone, Debug)]
pub(in super::super) enum Cost {
    Units(u64),
    Rows(Vec<Placed<Row>>),
    Table(Box<Table>),
}

/// All that can be said of a cost.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a number, a list of rows, or a table")]
#[schemars(rename = "cost-table")]
pub(in super::super) struct Table {
    /// What is charged where no row holds. Default: `1`.
    pub(in super::super) otherwise: Option<Placed<Amount>>,
    /// Costs of their own for some requests. The dearest that holds counts.
    #[serde(default)]
    pub(in super::super) rows: Vec<Placed<Row>>,
    /// A field of the answer with the true cost. What else is said here is reserved until then.
    pub(in super::super) from_header: Option<Written<HeaderName>>,
    /// Time per unit: the true cost is how long the server took to answer, begun units counted.
    pub(in super::super) from_time: Option<Written<Duration>>,
}

/// A cost of its own for requests of which all of this holds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a row, such as { query = \"max > 100\", is = 5 }"
)]
#[schemars(rename = "cost-row")]
pub(in super::super) struct Row {
    /// Conditions on query parameters.
    pub(in super::super) query: Option<List<OnQuery>>,
    /// Conditions on header fields.
    pub(in super::super) header: Option<List<OnHeader>>,
    /// One of these methods.
    pub(in super::super) method: Option<List<Method>>,
    /// The caller's address is in one of these networks.
    pub(in super::super) address: Option<List<IpNet>>,
    /// What such a request costs.
    #[schemars(required)]
    pub(in super::super) is: Option<Placed<Amount>>,
}

/// A number of units, or one for each so many bytes of the body.
#[derive(Clone, Debug)]
pub(in super::super) enum Amount {
    Units(u64),
    Body(Body),
}

/// One unit for each so many bytes of the request's body, begun ones counted, and at least one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a number of units, or a table")]
#[schemars(rename = "body-cost")]
pub(in super::super) struct Body {
    /// Bytes per unit, such as "64 KiB".
    #[schemars(required)]
    pub(in super::super) body_per_unit: Option<Written<Bytes>>,
    /// Units to reserve where the request doesn't tell its length: the body is counted as it streams. Default: `1`.
    pub(in super::super) untold: Option<u64>,
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Cost, D::Error> {
        from.deserialize_any(Costs)
    }
}

struct Costs;

impl<'de> Visitor<'de> for Costs {
    type Value = Cost;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of units, a list of rows such as { query = \"max > 100\", is = 5 }, or a table")
    }

    fn visit_i64<E: Error>(self, units: i64) -> Result<Cost, E> {
        read_units(units).map(Cost::Units)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Cost, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = items.next_element()? {
            rows.push(row);
        }
        Ok(Cost::Rows(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cost, A::Error> {
        Table::deserialize(MapAccessDeserializer::new(map)).map(|table| Cost::Table(Box::new(table)))
    }
}

impl JsonSchema for Cost {
    fn schema_name() -> Cow<'static, str> {
        "cost".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let units = generator.subschema_for::<u64>();
        let (row, table) = (generator.subschema_for::<Row>(), generator.subschema_for::<Table>());
        json_schema!({
            "description": "A number of units, a list of rows, or a table.",
            "anyOf": [units, { "type": "array", "items": row }, table]
        })
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Amount, D::Error> {
        from.deserialize_any(Amounts)
    }
}

struct Amounts;

impl<'de> Visitor<'de> for Amounts {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of units, or { body-per-unit = \"64 KiB\" }")
    }

    fn visit_i64<E: Error>(self, units: i64) -> Result<Amount, E> {
        read_units(units).map(Amount::Units)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Amount, A::Error> {
        Body::deserialize(MapAccessDeserializer::new(map)).map(Amount::Body)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "amount".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (units, body) = (generator.subschema_for::<u64>(), generator.subschema_for::<Body>());
        json_schema!({
            "description": "A number of units, or one for each so many bytes of the request's body.",
            "anyOf": [units, body]
        })
    }
}

fn read_units<E: Error>(units: i64) -> Result<u64, E> {
    u64::try_from(units).map_err(|_| E::custom(format_args!("a cost is 0 or more, not {units}")))
}
