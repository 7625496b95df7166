//! `docs/dialects.md`, made from the table. Never here: what a row says.
//!
//! Write the page anew with `UPDATE_DOCS=1 cargo test -p tidegate-wire --test page`.

use std::fmt::Write as _;
use std::{env, fs};

use tidegate_wire::dialect::{Dialect, Meaning, Rule, Sources, Table, Window};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/dialects.md");
const BEFORE: &str = include_str!("page/before.txt");
const BETWEEN: &str = include_str!("page/between.txt");

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
    page.push_str("| provider | refused with | wait told in `Retry-After`, or in | counts by | source |\n");
    page.push_str("| --- | --- | --- | --- | --- |\n");
    for row in &rows {
        let cells = [link(row), refusals(row, &standard), waits(row), scope(row), row.source.clone()];
        writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")).expect("memory");
    }
    page.push_str(BETWEEN);
    rows.iter().for_each(|row| page.push_str(&section(row, &standard)));
    page
}

/// The rows for those that no row names come first.
fn is_no_provider(row: &Dialect) -> bool {
    ["ietf", "generic"].contains(&row.name.as_str())
}

fn link(row: &Dialect) -> String {
    format!("[{}](#{})", row.name, row.name.replace('.', ""))
}

/// The rules that aren't the standards'.
fn own_rules<'r>(row: &'r Dialect, standard: &'r Dialect) -> impl Iterator<Item = &'r Rule> {
    row.rules.iter().filter(|rule| row.name == standard.name || !standard.rules.contains(rule))
}

/// The statuses of each meaning; one that needs a field or the body to tell is marked.
fn refusals(row: &Dialect, standard: &Dialect) -> String {
    let mut meanings: Vec<(&str, Vec<String>)> = vec![(LIMITED, Vec::new())];
    for rule in own_rules(row, standard) {
        let mark = if rule.when.is_empty() { "" } else { MARK };
        let statuses = rule.statuses.to_string();
        let marked = statuses.split(", ").map(|status| format!("{status}{mark}"));
        match meanings.iter_mut().find(|(known, _)| *known == meaning(rule)) {
            Some((_, known)) => known.extend(marked),
            None => meanings.push((meaning(rule), marked.collect())),
        }
    }
    // What no rule names is the standards' to say: a 429 is a refusal.
    meanings[0].1.push("429".to_owned());
    let said = meanings.iter().map(|(meaning, statuses)| match *meaning {
        LIMITED => distinct(statuses).join(", "),
        meaning => format!("{meaning}: {}", distinct(statuses).join(", ")),
    });
    said.collect::<Vec<_>>().join("<br>")
}

/// Each status once, and unmarked if it is meant without a condition, too.
fn distinct(statuses: &[String]) -> Vec<&str> {
    let mut distinct = Vec::new();
    for status in statuses.iter().map(String::as_str) {
        let plain = status.trim_end_matches(MARK);
        let status = if statuses.iter().any(|other| other == plain) { plain } else { status };
        if !distinct.contains(&status) {
            distinct.push(status);
        }
    }
    distinct
}

const MARK: &str = "\u{b0}";
const LIMITED: &str = "limited";

fn meaning(rule: &Rule) -> &'static str {
    match rule.meaning {
        Meaning::Limited => LIMITED,
        Meaning::Terminal => "**terminal**",
        Meaning::LimitedAfter => "done, the next are limited",
        Meaning::Unavailable => "unavailable",
        Meaning::UnavailableIfTold => "unavailable if a wait is told",
        Meaning::Hint => "passed, a wait is a hint",
        Meaning::Passed => "passed",
    }
}

fn waits(row: &Dialect) -> String {
    let mut parts = codes(&row.waits);
    if !row.floor.is_zero() {
        parts.push(format!("{} s at least", row.floor.as_secs_f64()));
    }
    parts.join("<br>")
}

fn scope(row: &Dialect) -> String {
    let scope = row.scope.to_string();
    if scope.is_empty() { String::new() } else { code(&scope) }
}

/// All that the row says beyond the table.
fn section(row: &Dialect, standard: &Dialect) -> String {
    let mut section = format!("\n### {}\n\n", row.name);
    let mut item = |text: String| writeln!(section, "- {text}").expect("memory");
    if let Some(note) = &row.note {
        item(note.clone());
    }
    if !row.also.is_empty() {
        item(format!("also called {}", row.also.join(", ")));
    }
    if !row.hosts.is_empty() {
        item(format!("spoken by {}", row.hosts.join(", ")));
    }
    if !row.bucket.is_empty() {
        item(format!("names the bucket in {}", codes(&row.bucket).join(" or ")));
    }
    own_rules(row, standard).for_each(|rule| item(said(rule)));
    if row.name == standard.name || row.windows != standard.windows {
        row.windows.iter().for_each(|window| item(announced(window)));
    }
    section
}

fn said(rule: &Rule) -> String {
    let conditions: Vec<String> = rule.when.iter().map(|condition| code(&condition.to_string())).collect();
    let mut text = match rule.statuses.to_string() {
        statuses if conditions.is_empty() => statuses,
        statuses => format!("{statuses} with {}", conditions.join(" and ")),
    };
    write!(text, ": {}", meaning(rule)).expect("memory");
    if let Some(wait) = rule.wait {
        write!(text, ", {} s if none is told", wait.as_secs_f64()).expect("memory");
    }
    if let Some(scope) = &rule.scope {
        write!(text, ", counts by {}", code(&scope.to_string())).expect("memory");
    }
    text
}

fn announced(window: &Window) -> String {
    let columns: [(&str, &Sources); 9] = [
        ("limit", &window.limit),
        ("remaining", &window.remaining),
        ("used", &window.used),
        ("used/limit", &window.ratio),
        ("used share", &window.share),
        ("reset", &window.reset),
        ("window", &window.window),
        ("needs", &window.needs),
        ("refill per second", &window.refill),
    ];
    let columns = columns.into_iter().filter(|(_, sources)| !sources.is_empty());
    let told: Vec<String> =
        columns.map(|(name, sources)| format!("{name} {}", codes(sources).join(" or "))).collect();
    let name = window.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("announces{name} {}", told.join(", "))
}

fn codes(sources: &Sources) -> Vec<String> {
    sources.iter().map(|source| code(&source.to_string())).collect()
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
