//! `docs/policy.md`, its tables made from the schema. Never here: what a key means.
//!
//! Write the page anew with `UPDATE_DOCS=1 cargo test -p tidegate-cli --test check page`.

use std::fmt::Write as _;
use std::{env, fs};

use serde_json::Value;

use crate::running::{check, project};
use crate::schema::{schema, tables};

const BEFORE: &str = include_str!("page/before.txt");

/// The tables in the order of reading, by their names in the schema and in a file.
const TABLES: [(&str, &str); 22] = [
    ("gateway", "[gateway]"),
    ("server", "[[gateway.upstreams]]"),
    ("tls", "[gateway.tls]"),
    ("upstream", "[gateway.upstream]"),
    ("health", "[gateway.health]"),
    ("fleet", "[gateway.fleet]"),
    ("addresses", "[gateway.addresses]"),
    ("forwarding", "[gateway.forwarding]"),
    ("paths", "[gateway.paths]"),
    ("bounds", "[gateway.bounds]"),
    ("answers", "[gateway.answers]"),
    ("penalty", "[gateway.penalty]"),
    ("overload", "[gateway.overload]"),
    ("limit", "[[limit]]"),
    ("match", "[limit.match]"),
    ("cost-table", "[limit.cost]"),
    ("cost-row", "[[limit.cost.rows]]"),
    ("body-cost", "a cost by body"),
    ("plan", "[[limit.plan]]"),
    ("exempt", "[[exempt]]"),
    ("priority", "[[priority]]"),
    ("the file", "the file"),
];

fn page() -> String {
    let schema = schema();
    let mut page = BEFORE.to_owned();
    let all = tables(&schema);
    assert_eq!(all.len(), TABLES.len(), "every table has its place on the page");
    for (name, title) in TABLES.iter().filter(|(name, _)| *name != "the file") {
        let (_, keys) = all.iter().find(|(table, _)| table == name).unwrap();
        let about = match *name {
            "gateway" => &schema["properties"]["gateway"],
            name => &schema["$defs"][name],
        };
        let title = if title.starts_with('[') { format!("`{title}`") } else { (*title).to_owned() };
        writeln!(page, "\n### {title}\n\n{}\n", about["description"].as_str().unwrap()).unwrap();
        writeln!(page, "| key | |\n| --- | --- |").unwrap();
        let required = about["required"].as_array().cloned().unwrap_or_default();
        for (key, about) in *keys {
            let must = if required.contains(&Value::from(key.as_str())) { " **Needed.**" } else { "" };
            let described = about["description"].as_str().unwrap().replace('|', "\\|");
            writeln!(page, "| `{key}` | {described}{}{must} |", words(&schema, about)).unwrap();
        }
    }
    page
}

/// The words that a key chooses between, each with what it means.
fn words(schema: &Value, about: &Value) -> String {
    let of = about["items"].get("$ref").or(about.get("$ref")).and_then(Value::as_str).unwrap_or_default();
    let choices = schema.pointer(of.trim_start_matches('#')).and_then(|choice| choice["oneOf"].as_array());
    let words = choices.into_iter().flatten().filter_map(|choice| {
        let meaning = choice["description"].as_str()?.trim_end_matches('.');
        Some(format!("<br>`\"{}\"`: {meaning}.", choice["const"].as_str()?))
    });
    words.collect()
}

#[test]
fn the_page_is_what_the_schema_says() {
    let path = project("docs/policy.md");
    let page = page();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/policy.md is out of date: UPDATE_DOCS=1 cargo test -p tidegate-cli --test check page"
    );
}

#[test]
fn every_policy_on_the_page_is_good() {
    let blocks: Vec<&str> =
        BEFORE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 3, "{}", blocks.len());
    for block in blocks {
        // A part is shown without the gateway that it belongs to.
        let whole = match block.contains("[gateway]") {
            true => block.to_owned(),
            false => format!("[gateway]\nupstreams = \"http://127.0.0.1:9001\"\n{block}"),
        };
        let ended = check(&whole, &[]);
        assert_eq!(ended.code, Some(0), "{block}\n{}", ended.err);
    }
}
