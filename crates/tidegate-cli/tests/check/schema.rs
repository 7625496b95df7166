//! The printed JSON Schema: every key is described, and an example has each. Never here: what a key means.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::running::{check_in, project};

/// The schema of a door's file.
pub(crate) fn schema(door: &str) -> Value {
    serde_json::from_str(&check_in(&project("."), &["--schema", door]).good()).unwrap()
}

/// Every table with its keys: those of `$defs`, the root's own, and those that stand in a key.
pub(crate) fn tables(schema: &Value) -> Vec<(String, &serde_json::Map<String, Value>)> {
    let mut tables = Vec::new();
    gather("the file", schema, &mut tables);
    for (name, table) in schema["$defs"].as_object().unwrap() {
        gather(name, table, &mut tables);
    }
    tables
}

fn gather<'s>(name: &str, table: &'s Value, tables: &mut Vec<(String, &'s serde_json::Map<String, Value>)>) {
    let Some(keys) = table.get("properties").and_then(Value::as_object) else { return };
    // What a table must have stands in its own place too.
    if !tables.iter().any(|(other, _)| other == name) {
        tables.push((name.to_owned(), keys));
    }
    for (key, about) in keys {
        gather(key, about, tables);
    }
}

#[test]
fn the_gateway_s_is_the_one_that_is_meant_if_none_is_named() {
    let unnamed = check_in(&project("."), &["--schema"]).good();
    assert_eq!(serde_json::from_str::<Value>(&unnamed).unwrap(), schema("gateway"));
}

#[test]
fn every_key_is_described_and_no_table_takes_others() {
    are_described(&schema("gateway"), 18);
    are_described(&schema("proxy"), 10);
}

#[track_caller]
fn are_described(schema: &Value, least: usize) {
    let tables = tables(schema);
    assert!(tables.len() >= least, "{}", tables.len());
    for (table, keys) in tables {
        for (key, about) in keys {
            let described = about["description"].as_str().unwrap_or_default();
            assert!(described.ends_with('.') && described.len() > 8, "{table}: {key}: {described:?}");
        }
    }
    assert_eq!(schema["additionalProperties"], false);
    for (name, table) in schema["$defs"].as_object().unwrap() {
        assert!(table.get("properties").is_none() || table["additionalProperties"] == false, "{name}");
    }
}

#[test]
fn the_references_have_every_key() {
    has_every_key("examples/policies/everything.toml", &schema("gateway"));
    has_every_key("examples/proxies/everything.toml", &schema("proxy"));
}

#[track_caller]
fn has_every_key(reference: &str, schema: &Value) {
    let keys: BTreeSet<&str> =
        tables(schema).iter().flat_map(|(_, keys)| keys.keys().map(String::as_str)).collect();
    let text = fs::read_to_string(project(reference)).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let mut written = BTreeSet::new();
    collect(&toml::Value::Table(file), &mut written);
    let missing: Vec<_> = keys.into_iter().filter(|key| !written.contains(*key)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "{reference} hasn't got them");
}

fn collect(value: &toml::Value, keys: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                keys.insert(key.clone());
                collect(value, keys);
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        _ => {}
    }
}
