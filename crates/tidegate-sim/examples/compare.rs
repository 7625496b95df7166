//! Plays every kind of client in the scenario files and in random worlds, and prints the table.
//!
//! `cargo run --release -p tidegate-sim --example compare -- [RANDOM WORLDS] [FIRST SEED]`
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use tidegate_sim::client::Model;
use tidegate_sim::{League, Scenario, play};

/// The files' worlds are played with these seeds each.
const SEEDS: std::ops::Range<u64> = 1..4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = env::args().skip(1).map(|argument| argument.parse::<u64>());
    let worlds = numbers.next().transpose()?.unwrap_or(60);
    let first = numbers.next().transpose()?.unwrap_or(1_000);
    let mut from_files = League::default();
    for scenario in files()? {
        for model in Model::ALL {
            from_files.reports.extend(SEEDS.map(|seed| play(&scenario, seed, model)));
        }
    }
    println!("Scenario files\n\n{from_files}\n");
    let mut random = League::default();
    for seed in first..first.saturating_add(worlds) {
        let scenario = Scenario::random(seed);
        random.reports.extend(Model::ALL.map(|model| play(&scenario, seed, model)));
    }
    println!("Random worlds\n\n{random}");
    Ok(())
}

/// The scenario files, in the order of their names.
fn files() -> Result<Vec<Scenario>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/scenarios");
    let mut paths: Vec<_> = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    paths.sort_by_key(fs::DirEntry::file_name);
    let read = |entry: &fs::DirEntry| -> Result<Scenario, Box<dyn Error>> {
        let named = |error: &dyn Error| format!("{}: {error}", entry.path().display());
        let text = fs::read_to_string(entry.path()).map_err(|error| named(&error))?;
        Ok(text.parse().map_err(|error| named(&error))?)
    };
    paths.iter().map(read).collect()
}
