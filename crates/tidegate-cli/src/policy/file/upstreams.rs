//! The servers behind, as written: a URL, a table, or a list of both. Never here: a connection.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::settings::UpstreamAddress;
use crate::toml_file::kinds::Name;
use crate::toml_file::written::{Placed, Readable as _, Written};

/// A server with more to say about it than where it is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a server's URL, or a table")]
#[schemars(rename = "server")]
pub(in super::super) struct Server {
    /// Where it is.
    #[schemars(required)]
    pub(in super::super) url: Option<Written<UpstreamAddress>>,
    /// What people call it. Default: the URL.
    pub(in super::super) name: Option<Written<Name>>,
    /// How many servers it counts for, such as 0.5. Default: `1`.
    pub(in super::super) weight: Option<Placed<f64>>,
    /// How many calls it may have in flight. Default: no bound.
    pub(in super::super) at_once: Option<NonZeroU32>,
}

/// A server, in either form.
#[derive(Clone, Debug)]
pub(in super::super) enum Entry {
    Url(String),
    Server(Box<Server>),
}

/// All servers.
#[derive(Clone, Debug)]
pub(in super::super) struct Upstreams {
    pub(in super::super) entries: Vec<Placed<Entry>>,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Entry, D::Error> {
        from.deserialize_any(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a server's URL, or a table")
    }

    fn visit_str<E>(self, url: &str) -> Result<Entry, E> {
        Ok(Entry::Url(url.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        Server::deserialize(MapAccessDeserializer::new(map)).map(|server| Entry::Server(Box::new(server)))
    }
}

/// One, or a list.
enum OneOrMany {
    One(Entry),
    Many(Vec<Placed<Entry>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<OneOrMany, D::Error> {
        from.deserialize_any(OneOrManyEntries)
    }
}

struct OneOrManyEntries;

impl<'de> Visitor<'de> for OneOrManyEntries {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("servers: a URL, a table, or a list of both")
    }

    fn visit_str<E: serde::de::Error>(self, url: &str) -> Result<OneOrMany, E> {
        Entries.visit_str(url).map(OneOrMany::One)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany, A::Error> {
        Entries.visit_map(map).map(OneOrMany::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
        let mut many = Vec::new();
        while let Some(item) = items.next_element()? {
            many.push(item);
        }
        Ok(OneOrMany::Many(many))
    }
}

impl<'de> Deserialize<'de> for Upstreams {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Upstreams, D::Error> {
        let Placed { value, span } = Placed::<OneOrMany>::deserialize(from)?;
        let entries = match value {
            OneOrMany::One(value) => vec![Placed { value, span }],
            OneOrMany::Many(entries) => entries,
        };
        Ok(Upstreams { entries })
    }
}

impl JsonSchema for Upstreams {
    fn schema_name() -> Cow<'static, str> {
        "upstreams".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let url = generator.subschema_for::<Written<UpstreamAddress>>();
        let server = generator.subschema_for::<Server>();
        let description = format!("{}, or a table; or a list of both", UpstreamAddress::EXPECTED);
        let one = [url, server];
        json_schema!({
            "description": description,
            "anyOf": [one[0], one[1], { "type": "array", "items": { "anyOf": one } }]
        })
    }
}
