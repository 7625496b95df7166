//! `docs/dialects.md`, made from the table. Never here: what a row says.
//!
//! Write the page anew with `UPDATE_DOCS=1 cargo test -p tidegate-wire --test page`.

use std::fmt::Write as _;
use std::{env, fs};

use tidegate_wire::dialect::{Dialect, Meaning, Rule, Sources, Table, Window};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/dialects.md");
const BEFORE: &str = include_str!("page/before.txt");
const AFTER: &str = include_str!("page/after.txt");

#[test]
fn the_page_is_what_the_table_says() {
    let page = page();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page,
        "docs/dialects.md isn't what dialects.toml says: write it anew with \
         UPDATE_DOCS=1 cargo test -p tidegate-wire --test page"
    );
}

fn page() -> String {
    let table = Table::built_in();
    let standard = table.named("ietf").expect("the standards are a row");
    let mut rows: Vec<&Dialect> = table.rows().collect();
    rows.sort_by_key(|row| (!is_no_provider(row), row.name.clone()));
    let mut page = BEFORE.to_owned();
    page.push_str(
        "| provider | refused when | its wait, beside `Retry-After` | announced in | counts by | source |\n",
    );
    page.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for row in rows {
        let cells = [
            provider(row),
            refusals(row, &standard),
            waits(row),
            announced(row, &standard),
            scope(row),
            source(row),
        ];
        writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")).expect("memory");
    }
    page + AFTER
}

/// The rows for those that no row names come first.
fn is_no_provider(row: &Dialect) -> bool {
    ["ietf", "generic"].contains(&row.name.as_str())
}

fn provider(row: &Dialect) -> String {
    let mut cell = format!("**{}**", row.name);
    let also: Vec<String> = row.also.iter().map(|name| code(name)).collect();
    if !also.is_empty() {
        write!(cell, " ({})", also.join(", ")).expect("memory");
    }
    for host in &row.hosts {
        write!(cell, "<br>{host}").expect("memory");
    }
    cell
}

/// The rules that aren't the standards', those of one meaning together.
fn refusals(row: &Dialect, standard: &Dialect) -> String {
    let is_own = |rule: &&Rule| row.name == standard.name || !standard.rules.contains(rule);
    let mut meanings: Vec<(String, Vec<String>)> = Vec::new();
    for rule in row.rules.iter().filter(is_own) {
        let (meaning, case) = (meaning(rule), case(rule));
        match meanings.iter_mut().find(|(known, _)| *known == meaning) {
            Some((_, cases)) => cases.push(case),
            None => meanings.push((meaning, vec![case])),
        }
    }
    if meanings.is_empty() {
        return "429".to_owned();
    }
    let said = meanings.iter().map(|(meaning, cases)| format!("{meaning}: {}", cases.join("; or ")));
    said.collect::<Vec<_>>().join("<br>")
}

fn meaning(rule: &Rule) -> String {
    let meaning = match rule.meaning {
        Meaning::Limited => "limited",
        Meaning::Terminal => "**terminal**",
        Meaning::LimitedAfter => "done, the next are limited",
        Meaning::Unavailable => "unavailable",
        Meaning::UnavailableIfTold => "unavailable if a wait is told",
        Meaning::Hint => "passed, a wait is a hint",
        Meaning::Passed => "passed",
    };
    match rule.wait {
        Some(wait) => format!("{meaning} ({} s if none is told)", wait.as_secs_f64()),
        None => meaning.to_owned(),
    }
}

fn case(rule: &Rule) -> String {
    let statuses = rule.statuses.to_string();
    let conditions: Vec<String> = rule.when.iter().map(|condition| code(&condition.to_string())).collect();
    if conditions.is_empty() { statuses } else { format!("{statuses} with {}", conditions.join(" and ")) }
}

fn waits(row: &Dialect) -> String {
    let mut parts: Vec<String> = row.waits.iter().map(|source| code(&source.to_string())).collect();
    if !row.floor.is_zero() {
        parts.push(format!("{} s at least", row.floor.as_secs_f64()));
    }
    parts.join("<br>")
}

/// The windows that aren't the standards'.
fn announced(row: &Dialect, standard: &Dialect) -> String {
    if row.name != standard.name && row.windows == standard.windows {
        return String::new();
    }
    row.windows.iter().map(window).collect::<Vec<_>>().join("<br>")
}

fn window(window: &Window) -> String {
    let columns: [(&str, &Sources); 9] = [
        ("limit", &window.limit),
        ("remaining", &window.remaining),
        ("used", &window.used),
        ("used/limit", &window.ratio),
        ("used share", &window.share),
        ("reset", &window.reset),
        ("window", &window.window),
        ("needs", &window.needs),
        ("refill/s", &window.refill),
    ];
    let columns = columns.into_iter().filter(|(_, sources)| !sources.is_empty());
    let told = columns.map(|(name, sources)| {
        let places: Vec<String> = sources.iter().map(|source| code(&source.to_string())).collect();
        format!("{name} {}", places.join(" or "))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    match &window.name {
        Some(name) => format!("_{name}_: {told}"),
        None => told,
    }
}

fn scope(row: &Dialect) -> String {
    let scope = row.scope.to_string();
    if scope.is_empty() { String::new() } else { code(&scope) }
}

fn source(row: &Dialect) -> String {
    match &row.note {
        Some(note) => format!("{}. {note}", row.source),
        None => row.source.clone(),
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
