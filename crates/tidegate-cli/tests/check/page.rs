//! `docs/policy.md` and `docs/proxy-file.md`, their tables made from the schema. Never here: what a key means.
//!
//! Write the pages anew with `UPDATE_DOCS=1 cargo test -p tidegate-cli --test check page`.

use std::fmt::Write as _;
use std::{env, fs};

use serde_json::Value;

use crate::running::{check, project};
use crate::schema::{schema, tables};

/// A page, and where it is made from.
struct Page {
    file: &'static str,
    door: &'static str,
    before: &'static str,
    /// The tables in the order of reading, by their names in the schema and in a file.
    tables: &'static [(&'static str, &'static str)],
}

const POLICY: Page = Page {
    file: "docs/policy.md",
    door: "gateway",
    before: include_str!("page/before.txt"),
    tables: &POLICY_TABLES,
};

const PROXY: Page = Page {
    file: "docs/proxy-file.md",
    door: "proxy",
    before: include_str!("page/proxy.txt"),
    tables: &PROXY_TABLES,
};

const PROXY_TABLES: [(&str, &str); 10] = [
    ("upstream", "[[upstream]]"),
    ("bucket", "[[upstream.bucket]]"),
    ("match", "[upstream.bucket.match]"),
    ("proxy", "[proxy]"),
    ("forward", "[proxy.forward]"),
    ("queue", "[proxy.queue]"),
    ("terms", "[proxy.upstream]"),
    ("bounds", "[proxy.bounds]"),
    ("tls", "[proxy.tls]"),
    ("the file", "the file"),
];

const POLICY_TABLES: [(&str, &str); 22] = [
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

fn page(from: &Page) -> String {
    let schema = schema(from.door);
    let mut page = from.before.to_owned();
    let all = tables(&schema);
    assert_eq!(all.len(), from.tables.len(), "every table has its place on the page");
    for (name, title) in from.tables.iter().filter(|(name, _)| *name != "the file") {
        let (_, keys) = all.iter().find(|(table, _)| table == name).unwrap();
        let about = schema["$defs"].get(name).unwrap_or(&schema["properties"][name]);
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

#[track_caller]
fn holds(from: &Page) {
    let (path, page) = (project(from.file), page(from));
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{} is out of date: UPDATE_DOCS=1 cargo test -p tidegate-cli --test check page",
        from.file
    );
}

#[test]
fn the_pages_are_what_the_schemas_say() {
    holds(&POLICY);
    holds(&PROXY);
}

/// The examples on a page; a part is shown without the table that it belongs to.
#[track_caller]
fn are_good(from: &Page, table: &str, least: &str) {
    let blocks: Vec<&str> =
        from.before.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 3, "{}", blocks.len());
    for block in blocks {
        let whole = if block.contains(table) { block.to_owned() } else { format!("{least}{block}") };
        let ended = check(&whole, &[]);
        assert_eq!(ended.code, Some(0), "{block}\n{}", ended.err);
    }
}

#[test]
fn every_file_on_the_pages_is_good() {
    are_good(&POLICY, "[gateway]", "[gateway]\nupstreams = \"http://127.0.0.1:9001\"\n");
    are_good(&PROXY, "[[upstream]]", "[[upstream]]\nurl = \"https://webexapis.com\"\n");
}
