//! `tidegate.toml`: from a file's text to what a gateway runs with, or all that is wrong with it. Never here: a socket.

mod addresses;
mod fault;
mod file;
mod gateway;
mod hint;
mod kinds;
mod limits;
mod schema;
pub(crate) mod settings;
mod sizes;
mod tree;
mod upstreams;
mod warnings;
mod words;
mod written;

use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};
use crate::fetch::input::{self, Purpose};

pub(crate) use fault::{Fault, Place};
pub(crate) use hint::among;
pub(crate) use schema::schema;
pub(crate) use settings::*;
pub(crate) use sizes::write_bytes;

use fault::Faults;

/// How large a policy file may be.
const MOST: u64 = 4 << 20;

/// What a text comes to.
#[derive(Clone, Debug)]
pub(crate) struct Understood {
    pub(crate) config: Config,
    /// What is legal and likely wrong, in the file's order.
    pub(crate) warnings: Vec<Fault>,
}

/// A policy file: its text, and what it comes to, or all that is wrong with it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) understood: Result<Understood, Vec<Fault>>,
}

/// Reads a policy file; from standard input if the path is `-`.
///
/// # Errors
/// When it can't be read. What is wrong in it is in what is opened.
pub(crate) fn open(path: &Path) -> Result<Opened, Failure> {
    let bytes = input::read(path, Purpose { what: "the policy", most: MOST })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(Exit::Usage, format!("{} isn't UTF-8 text", path.display())))?;
    let understood = read(&text, path.parent().unwrap_or(Path::new("")));
    Ok(Opened { path: path.to_owned(), text, understood })
}

impl Opened {
    /// What the file comes to.
    ///
    /// # Errors
    /// With all that is wrong with it, for people.
    pub(crate) fn config(self) -> Result<Config, Failure> {
        match self.understood {
            Ok(understood) => Ok(understood.config),
            Err(faults) => Err(failure(&self.path, &self.text, &faults)),
        }
    }
}

/// What people call a policy file.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// All that is wrong with a file, as the end of a run.
pub(crate) fn failure(path: &Path, text: &str, faults: &[Fault]) -> Failure {
    let name = name(path);
    let shown: Vec<String> = faults.iter().map(|fault| fault.shown(&name, text)).collect();
    Failure::new(Exit::Usage, shown.join("\n\nerror: "))
}

/// What a text comes to. Relative paths in it begin at `folder`.
///
/// # Errors
/// With all that is wrong with it, in its order.
pub(crate) fn read(text: &str, folder: &Path) -> Result<Understood, Vec<Fault>> {
    let mut faults = Faults::default();
    let Some(file) = tree::read(text, &mut faults) else { return Err(faults.sorted()) };
    let gateway = gateway::read(&file, folder, &mut faults);
    let policy = limits::read(&file, &mut faults);
    match gateway {
        Some(gateway) if faults.is_empty() => {
            let config = Config { gateway, policy };
            let warnings = warnings::all(&file, &config);
            Ok(Understood { config, warnings })
        }
        _ => Err(faults.sorted()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: &str = include_str!("../../../examples/policies/everything.toml");
    const LEAST: &str = "[gateway]\nupstreams = \"http://a\"\n";

    fn understood(text: &str) -> Config {
        let shown = |faults: Vec<Fault>| faults.iter().map(|fault| fault.shown("", text)).collect::<String>();
        read(text, Path::new("/etc")).map_err(shown).expect("the file is good").config
    }

    /// What a table's keys have in their descriptions behind `Default:`.
    fn defaults(schema: &serde_json::Value, table: &str) -> Vec<(String, String)> {
        let about = if table == "gateway" { &schema["properties"][table] } else { &schema["$defs"][table] };
        let keys = about["properties"].as_object().expect("a table has keys");
        let told = keys.iter().filter_map(|(key, about)| {
            let told = about["description"].as_str()?.split_once("Default: `")?.1;
            Some((key.clone(), told.split_once('`')?.0.to_owned()))
        });
        told.collect()
    }

    #[test]
    fn a_default_that_is_documented_is_the_one_that_holds() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).expect("a schema is JSON");
        let mut seen = 0;
        for (table, lead) in [
            ("gateway", "[gateway]"),
            ("upstream", "[gateway.upstream]"),
            ("health", "[gateway.health]\npath = \"/\""),
            ("fleet", "[gateway.fleet]"),
            ("addresses", "[gateway.addresses]"),
            ("forwarding", "[gateway.forwarding]"),
            ("paths", "[gateway.paths]"),
            ("bounds", "[gateway.bounds]"),
            ("answers", "[gateway.answers]"),
            ("penalty", "[gateway.penalty]"),
            ("overload", "[gateway.overload]"),
            ("limit", "[[limit]]\nname = \"x\"\nkey = []\nquota = \"1/s\""),
            ("cost-table", "[[limit]]\nname = \"x\"\nkey = []\nquota = \"1/s\"\n[limit.cost]"),
            (
                "server",
                "[[limit]]\nname = \"x\"\nkey = []\nquota = \"1/s\"\n[[gateway.upstreams]]\nurl = \"http://a\"",
            ),
        ] {
            let least = if table == "server" { "" } else { LEAST };
            let lead = if table == "gateway" { "" } else { lead };
            let without = format!("{:?}", understood(&format!("{least}{lead}\n")));
            for (key, value) in defaults(&schema, table) {
                let with = understood(&format!("{least}{lead}\n{key} = {value}\n"));
                assert_eq!(format!("{with:?}"), without, "{table}: {key} = {value}");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen} defaults");
    }

    #[test]
    fn files_of_a_policy_are_beside_it() {
        let gateway = understood(EVERYTHING).gateway;
        assert_eq!(gateway.tls.expect("it speaks TLS").key, Path::new("/etc/tls/key.pem"));
        assert_eq!(gateway.upstream.authorities.as_deref(), Some(Path::new("/etc/tls/authorities.pem")));
    }

    #[test]
    fn no_mangled_file_is_too_much_and_each_fault_has_a_place_in_it() {
        let mut seed = 7u64;
        let mut draw = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        let pieces = [
            "\"",
            "[",
            "]",
            "{",
            "}",
            "=",
            "\n",
            "0",
            "-1",
            "é",
            "[[limit]]",
            "1e99",
            ",",
            "#",
            "''",
            "true",
        ];
        let (mut good, mut bad) = (0, 0);
        for _ in 0..1_000 {
            let mut text = EVERYTHING.to_owned();
            for _ in 0..=draw(3) {
                let at = (0..=draw(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                let end = (at + draw(12)..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(at);
                text.replace_range(at..end, pieces[draw(pieces.len())]);
            }
            let Err(faults) = read(&text, Path::new("")) else {
                good += 1;
                continue;
            };
            bad += 1;
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(fault.span.end <= text.len(), "{fault:?}");
                assert!(fault.shown("f", &text).starts_with("f:"), "{fault:?}");
            }
        }
        assert!(good > 50 && bad > 500, "{good} good, {bad} bad");
    }
}
