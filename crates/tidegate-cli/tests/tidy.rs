//! The house rules that no compiler holds: who may import whom, and what every file owes its reader.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

/// What a crate may depend on, and what never, whatever else it needs.
struct Room {
    name: &'static str,
    may_use_ours: &'static [&'static str],
    never: &'static [&'static str],
}

/// The house. Tests and examples of a crate may use more from outside, but of ours no more than this.
const HOUSE: [Room; 5] = [
    Room { name: "tidegate-core", may_use_ours: &[], never: &["*"] },
    Room {
        name: "tidegate-wire",
        may_use_ours: &["tidegate-core"],
        never: &["tokio", "hyper", "hyper-util", "reqwest", "rand", "fastrand", "getrandom", "clap"],
    },
    Room {
        name: "tidegate",
        may_use_ours: &["tidegate-core", "tidegate-wire"],
        never: &["hyper", "hyper-util", "reqwest", "axum", "toml", "clap", "rustls"],
    },
    Room {
        name: "tidegate-sim",
        may_use_ours: &["tidegate-core"],
        never: &["tokio", "hyper", "reqwest", "http", "getrandom", "fastrand", "clap"],
    },
    Room {
        name: "tidegate-cli",
        may_use_ours: &["tidegate-core", "tidegate-wire", "tidegate", "tidegate-sim"],
        never: &[],
    },
];

/// The longest a source file may be before it holds more than one idea.
const LONGEST_FILE: usize = 450;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// Every file of the project below `folder` with one of the endings, build products left out.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).expect("a folder of the project can be read");
    for path in entries.map(|entry| entry.expect("an entry can be read").path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "target" | ".git" | "corpus" | "artifacts") {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Runs a check over files and fails with all that it finds.
#[track_caller]
fn hold(endings: &[&str], check: impl Fn(&str, &str) -> Vec<String>) {
    let root = root();
    let files = files(&root, endings);
    assert!(!files.is_empty(), "no files with {endings:?}: this check checks nothing");
    let mut faults = Vec::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).unwrap_or_default();
        faults.extend(check(&name, &text));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The packages that a manifest's tables of these kinds name, under whatever name they are used.
fn dependencies(manifest: &Table, kinds: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for kind in kinds {
        let entries = manifest.get(*kind).and_then(|table| table.as_table()).into_iter().flatten();
        names.extend(entries.map(|(name, entry)| {
            let package = entry.get("package").and_then(|package| package.as_str());
            package.unwrap_or(name).to_owned()
        }));
    }
    let targets = manifest.get("target").and_then(|table| table.as_table());
    let nested = targets.into_iter().flat_map(Table::values).filter_map(|target| target.as_table());
    names.extend(nested.flat_map(|target| dependencies(target, kinds)));
    names
}

/// What the workspace gives under names that are not the packages' own.
fn renamed_for_all(workspace: &str) -> Vec<String> {
    let workspace: Table = workspace.parse().expect("a manifest is TOML");
    let shared = workspace.get("workspace").and_then(|table| table.get("dependencies")?.as_table());
    let renamed = shared.into_iter().flatten().filter(|(_, entry)| entry.get("package").is_some());
    renamed.map(|(name, _)| format!("{name}: a dependency of the workspace has its package's name")).collect()
}

fn faults_of_manifest(room: &Room, manifest: &str) -> Vec<String> {
    let manifest: Table = manifest.parse().expect("a manifest is TOML");
    let mut faults = Vec::new();
    for name in dependencies(&manifest, &["dependencies", "dev-dependencies", "build-dependencies"]) {
        if name.starts_with("tidegate") && !room.may_use_ours.contains(&name.as_str()) {
            faults.push(format!("{} must not import {name}: see ARCHITECTURE.md, the house", room.name));
        }
    }
    for name in dependencies(&manifest, &["dependencies", "build-dependencies"]) {
        if room.never.contains(&"*") || room.never.contains(&name.as_str()) {
            faults.push(format!("{} must never depend on {name}", room.name));
        }
    }
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
    if inherits != Some(true) {
        faults.push(format!("{} doesn't take the workspace's lints", room.name));
    }
    faults
}

fn faults_of_source(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let head = text.lines().next().unwrap_or_default();
    if head.strip_prefix("//! ").is_none_or(|sentence| sentence.len() < 20) {
        faults.push(format!("{name}:1: the first line must say what belongs here: `//! ...`"));
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        faults.push(format!("{name}: {lines} lines hold more than one idea (at most {LONGEST_FILE})"));
    }
    // Clippy denies it too, but sees only the configuration that is built.
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| silences(line.trim_start())) {
        faults.push(format!("{name}:{number}: a silenced lint needs `#[expect(.., reason = ..)]`: {line}"));
    }
    faults
}

/// Whether an attribute on this line, or its continuation, allows what a lint forbids.
fn silences(line: &str) -> bool {
    let is_attribute = line.starts_with("#[") || line.starts_with("#![");
    let in_attribute = line.contains("[allow(") || (line.contains("cfg_attr(") && line.contains(" allow("));
    (is_attribute && in_attribute) || line.starts_with("allow(")
}

/// In the engine even `std` can't be named, so no clock can be. Its test modules may; what follows them may not.
fn faults_of_engine(name: &str, text: &str) -> Vec<String> {
    let named = shipped(text).into_iter().filter(|(_, line)| {
        let code = line.split("//").next().unwrap_or_default();
        code.contains("std::") || code.contains("extern crate std")
    });
    named.map(|(number, _)| format!("{name}:{number}: the engine is no_std")).collect()
}

/// The lines that aren't in a test item, with their numbers. Where one ends is read off its indentation, which is
/// the formatter's.
fn shipped(text: &str) -> Vec<(usize, &str)> {
    let mut lines = (1..).zip(text.lines());
    let mut shipped = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            shipped.push((number, line));
            continue;
        }
        let margin = line.len() - line.trim_start().len();
        let is_last = |line: &str| {
            let own = line.get(margin..).unwrap_or_default();
            own.starts_with('}') || (!own.starts_with([' ', '#']) && own.ends_with([';', '}', ',']))
        };
        lines.by_ref().find(|(_, line)| is_last(line));
    }
    shipped
}

fn faults_of_text(name: &str, text: &str) -> Vec<String> {
    let paths = ["/root/", "/home/", "/Users/"];
    let told = (1..).zip(text.lines()).filter(|(_, line)| paths.iter().any(|path| line.contains(path)));
    told.map(|(number, _)| format!("{name}:{number}: a path of somebody's machine")).collect()
}

/// Links of a page to files of the project that aren't there.
fn dead_links(page: &Path, text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next());
    let local = targets.filter(|target| !target.is_empty() && !target.contains(':'));
    let folder = page.parent().unwrap_or(page);
    let dead = local.filter(|target| !folder.join(target).exists());
    dead.map(|target| format!("{}: links to {target}, which isn't there", page.display())).collect()
}

#[test]
fn imports_point_one_way() {
    let mut faults = Vec::new();
    for room in &HOUSE {
        let path = root().join("crates").join(room.name).join("Cargo.toml");
        let manifest = fs::read_to_string(path).expect("a room has a manifest");
        faults.extend(faults_of_manifest(room, &manifest));
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    faults.extend(renamed_for_all(&workspace));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let rooms = fs::read_dir(root().join("crates")).expect("crates can be listed").count();
    assert_eq!(rooms, HOUSE.len(), "every crate has its place in the house");
}

#[test]
fn every_source_file_says_what_belongs_there_and_is_short() {
    hold(&[".rs"], faults_of_source);
}

#[test]
fn the_engine_names_no_clock() {
    hold(&[".rs"], |name, text| {
        if name.starts_with("crates/tidegate-core/src") { faults_of_engine(name, text) } else { Vec::new() }
    });
    let lib = fs::read_to_string(root().join("crates/tidegate-core/src/lib.rs")).unwrap();
    assert!(lib.lines().any(|line| line == "#![no_std]"));
}

#[test]
fn no_file_names_a_machine() {
    hold(&[".rs", ".md", ".toml", ".json", ".sh", ".py"], |name, text| {
        if name.ends_with("tidy.rs") { Vec::new() } else { faults_of_text(name, text) }
    });
}

#[test]
fn no_page_links_to_nothing() {
    let pages = files(&root(), &[".md"]);
    let faults: Vec<String> = pages
        .iter()
        .flat_map(|page| dead_links(page, &fs::read_to_string(page).unwrap_or_default()))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_vector_file_is_explained() {
    let folder = root().join("vectors");
    let readme = fs::read_to_string(folder.join("README.md")).expect("vectors/README.md is there");
    for file in files(&folder, &[".json"]) {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        assert!(readme.contains(name), "vectors/README.md doesn't say what {name} holds");
    }
}

#[test]
fn a_forbidden_import_is_caught() {
    let manifest = |lines: &str| format!("[lints]\nworkspace = true\n{lines}");
    let caught = |room: usize, lines: &str| faults_of_manifest(&HOUSE[room], &manifest(lines)).len();
    assert_eq!(caught(2, "[dependencies]\ntidegate-core = '1'\nhttp = '1'"), 0);
    assert_eq!(caught(0, "[dependencies]\nlibm = '1'"), 1, "the engine depends on nothing");
    assert_eq!(caught(1, "[dependencies.tidegate]\npath = '../tidegate'"), 1, "wire below tidegate");
    assert_eq!(caught(2, "[dev-dependencies]\ntidegate-sim = '1'"), 1, "not even in tests");
    assert_eq!(caught(3, "[target.'cfg(unix)'.dependencies]\ntokio = '1'"), 1, "no runtime in the simulator");
    let renamed = "[dependencies]\nworld = { package = 'tidegate-sim', path = '../tidegate-sim' }";
    assert_eq!(caught(2, renamed), 1, "under no other name");
    assert_eq!(caught(3, "[dependencies.runtime]\npackage = 'tokio'\nversion = '1'"), 1, "nor from outside");
    assert_eq!(renamed_for_all("[workspace.dependencies]\nworld = { package = 'tidegate-sim' }").len(), 1);
    assert_eq!(renamed_for_all("[workspace.dependencies]\nhttp = '1'").len(), 0);
    assert_eq!(faults_of_manifest(&HOUSE[4], "[dependencies]").len(), 1, "lints are for all");
}

#[test]
fn a_missing_head_and_a_long_file_are_caught() {
    let head = "//! What belongs here is this, and nothing else.\n";
    assert!(faults_of_source("a.rs", head).is_empty());
    assert_eq!(faults_of_source("a.rs", "use std::fmt;\n").len(), 1);
    assert_eq!(faults_of_source("a.rs", "//! Short.\n").len(), 1);
    assert_eq!(faults_of_source("a.rs", &head.repeat(LONGEST_FILE + 1)).len(), 1);
    assert_eq!(faults_of_text("a.md", "see /home/me/notes").len(), 1);
}

#[test]
fn a_clock_in_the_engine_is_caught_wherever_it_stands() {
    let caught = |text: &str| faults_of_engine("a.rs", text);
    let clock = "use std::time::Instant;";
    let tests = "#[cfg(test)]\nmod tests {\n    use std::time::Instant;\n\n    fn a() {\n    }\n}\n";
    assert_eq!(caught(&format!("use core::fmt;\n{clock}")).len(), 1);
    assert_eq!(caught(tests).len(), 0, "tests may");
    assert_eq!(caught(&format!("{tests}{clock}")), ["a.rs:8: the engine is no_std"], "after the tests");
    assert_eq!(caught(&format!("#[cfg(test)]\nmod tests;\n{clock}")).len(), 1, "after tests in another file");
    assert_eq!(caught(&format!("#[cfg(test)]\nextern crate std;\n{clock}")).len(), 1, "after one line");
    let inner = "impl A {\n    #[cfg(test)]\n    fn a() {\n        std::dbg!();\n    }\n\n    fn b() {\n        std::dbg!();\n    }\n}";
    assert_eq!(caught(inner), ["a.rs:8: the engine is no_std"], "after one function");
}

#[test]
fn a_silenced_lint_is_caught_in_every_form() {
    let head = "//! What belongs here is this, and nothing else.\n";
    let caught = |line: &str| faults_of_source("a.rs", &format!("{head}    {line}\n")).len();
    assert_eq!(caught("#[allow(dead_code)]"), 1);
    assert_eq!(caught("#![allow(dead_code)]"), 1);
    assert_eq!(caught("#[inline] #[allow(dead_code)]"), 1);
    assert_eq!(caught("#[cfg_attr(windows, allow(dead_code))]"), 1);
    assert_eq!(caught("#[cfg_attr(\n        windows,\n        allow(dead_code),\n    )]"), 1);
    assert_eq!(caught("#[expect(dead_code, reason = \"to be seen\")]"), 0);
    assert_eq!(caught("fn allow(&self) -> bool {"), 0);
}

#[test]
fn no_lint_is_silenced_without_being_caught() {
    let workspace: Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let lints = workspace["workspace"]["lints"]["clippy"].as_table().unwrap();
    for lint in ["allow_attributes", "allow_attributes_without_reason"] {
        assert_eq!(lints.get(lint).and_then(|level| level.as_str()), Some("deny"), "{lint}");
    }
}
