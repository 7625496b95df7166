//! `tidegate.toml`: from a file's text to what a gateway runs with, or all that is wrong with it. Never here: a socket.

mod file;
mod gateway;
mod kinds;
mod limits;
pub(crate) mod settings;
mod upstreams;
mod warnings;
mod words;

use std::path::Path;

use crate::exit::Failure;
use crate::toml_file::{self, Fault, Faults};

pub(crate) use settings::*;

/// What a policy's text comes to.
pub(crate) type Understood = toml_file::Understood<Config>;

/// A policy file.
pub(crate) type Opened = toml_file::Opened<Config>;

/// Reads a policy file; from standard input if the path is `-`.
///
/// # Errors
/// When it can't be read. What is wrong in it is in what is opened.
pub(crate) fn open(path: &Path) -> Result<Opened, Failure> {
    let text = toml_file::text(path, "the policy")?;
    let understood = read(&text, toml_file::folder(path));
    Ok(Opened { path: path.to_owned(), text, understood })
}

/// The JSON Schema of policy files, as text.
pub(crate) fn schema() -> String {
    toml_file::schema::<file::File>("A policy of Tidegate")
}

/// What a text comes to. Relative paths in it begin at `folder`.
///
/// # Errors
/// With all that is wrong with it, in its order.
pub(crate) fn read(text: &str, folder: &Path) -> Result<Understood, Vec<Fault>> {
    let mut faults = Faults::default();
    let Some(file) = toml_file::tables(text, &mut faults) else { return Err(faults.sorted()) };
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
    use crate::toml_file::tests::{defaults, mangled};

    const EVERYTHING: &str = include_str!("../../../examples/policies/everything.toml");
    const LEAST: &str = "[gateway]\nupstreams = \"http://a\"\n";

    fn understood(text: &str) -> Config {
        let shown = |faults: Vec<Fault>| faults.iter().map(|fault| fault.shown("", text)).collect::<String>();
        read(text, Path::new("/etc")).map_err(shown).expect("the file is good").config
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
            for (key, value) in defaults(&schema, table, "gateway") {
                let with = understood(&format!("{least}{lead}\n{key} = {value}\n"));
                assert_eq!(format!("{with:?}"), without, "{table}: {key} = {value}");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen} defaults");
    }

    #[test]
    fn nothing_is_null_in_toml() {
        let text = schema();
        assert!(!text.contains("null"), "{text}");
        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["$defs"]["limit"]["properties"]["per"]["$ref"], "#/$defs/Per");
        assert_eq!(schema["$defs"]["limit"]["properties"]["at-once"]["type"], "integer");
    }

    #[test]
    fn files_of_a_policy_are_beside_it() {
        let gateway = understood(EVERYTHING).gateway;
        assert_eq!(gateway.tls.expect("it speaks TLS").key, Path::new("/etc/tls/key.pem"));
        assert_eq!(gateway.upstream.authorities.as_deref(), Some(Path::new("/etc/tls/authorities.pem")));
    }

    #[test]
    fn no_mangled_file_is_too_much_and_each_fault_has_a_place_in_it() {
        mangled(EVERYTHING, "[[limit]]", |text| read(text, Path::new("")).err());
    }
}
