//! A proxy's file: from its text to what a proxy runs with, or all that is wrong with it. Never here: a socket, a token.

mod buckets;
mod forward;
mod texts;
mod token;
mod upstream;
mod upstreams;
mod warnings;
mod whole;
mod words;
mod written;

use std::path::Path;

use super::settings::Config;
use crate::exit::Failure;
use crate::toml_file::{self, Fault, Faults};

/// What a proxy's text comes to.
pub(crate) type Understood = toml_file::Understood<Config>;

/// Reads a proxy's file; from standard input if the path is `-`.
///
/// # Errors
/// When it can't be read, and with all that is wrong in it.
pub(crate) fn open(path: &Path) -> Result<Config, Failure> {
    let text = toml_file::text(path, "the proxy's file")?;
    let understood = read(&text, toml_file::folder(path));
    toml_file::Opened { path: path.to_owned(), text, understood }.config()
}

/// The JSON Schema of a proxy's file, as text.
pub(crate) fn schema() -> String {
    toml_file::schema::<written::File>("A proxy of Tidegate")
}

/// What a text comes to. Relative paths in it begin at `folder`, where files of dialects are read; tokens aren't.
///
/// # Errors
/// With all that is wrong with it, in its order.
pub(crate) fn read(text: &str, folder: &Path) -> Result<Understood, Vec<Fault>> {
    let mut faults = Faults::default();
    let Some(file) = toml_file::tables::<written::File>(text, &mut faults) else {
        return Err(faults.sorted());
    };
    let config = whole::read(&file, folder, &mut faults);
    if !faults.is_empty() {
        return Err(faults.sorted());
    }
    let warnings = warnings::all(&file, &config);
    Ok(Understood { config, warnings })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Method;

    use super::super::settings::{At, HostPattern, TokenSource};
    use super::*;
    use crate::toml_file::tests::{defaults, mangled};

    const EVERYTHING: &str = include_str!("../../../../examples/proxies/everything.toml");
    const LEAST: &str = "[[upstream]]\nurl = \"http://a\"\n";

    fn understood(text: &str) -> Config {
        let shown = |faults: Vec<Fault>| faults.iter().map(|fault| fault.shown("", text)).collect::<String>();
        read(text, Path::new("/etc")).map_err(shown).expect("the file is good").config
    }

    #[test]
    fn a_default_that_is_documented_is_the_one_that_holds() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).expect("a schema is JSON");
        let mut seen = 0;
        for (table, lead) in [
            ("proxy", "[proxy]"),
            ("bounds", "[proxy.bounds]"),
            ("terms", "[proxy.upstream]"),
            ("queue", "[proxy.queue]"),
            ("forward", "[proxy.forward]"),
            ("upstream", "token-env = \"A\""),
        ] {
            let without = format!("{:?}", understood(&format!("{LEAST}{lead}\n")));
            for (key, value) in defaults(&schema, table, "proxy") {
                let with = understood(&format!("{LEAST}{lead}\n{key} = {value}\n"));
                assert_eq!(format!("{with:?}"), without, "{table}: {key} = {value}");
                seen += 1;
            }
        }
        assert!(seen >= 30, "{seen} defaults");
    }

    #[test]
    fn all_that_is_written_comes_to_what_a_proxy_runs_with() {
        let folder = tempfile::tempdir().unwrap();
        let own = "[[dialect]]\nname = \"own\"\nsource = \"me\"\n";
        std::fs::write(folder.path().join("own.toml"), own).unwrap();
        let understood =
            read(EVERYTHING, folder.path()).map_err(|faults| faults[0].shown("", EVERYTHING)).unwrap();
        let Config { upstreams, forward, terms, deadline, callers, .. } = understood.config;
        let [webex, example] = &upstreams[..] else { panic!("{upstreams:?}") };
        assert_eq!(
            (&webex.at, webex.base.to_string().as_str()),
            (&At::Prefix("/webex".into()), "https://webexapis.com")
        );
        let token = webex.token.as_ref().unwrap();
        assert_eq!((token.field.as_str(), token.scheme.as_str()), ("authorization", "Bearer "));
        assert_eq!(token.source, TokenSource::Variable("WEBEX_TOKEN".into()));
        assert_eq!(webex.manner.dialect.as_deref(), Some("webex"));
        let [rooms] = &webex.manner.buckets[..] else { panic!("{webex:?}") };
        assert_eq!(
            (rooms.methods.as_slice(), rooms.quota.is_some()),
            (&[Method::GET, Method::HEAD][..], true)
        );
        assert_eq!((&example.at, example.base.path.as_str()), (&At::Host("example.localhost".into()), "/v1"));
        let token = example.token.as_ref().unwrap();
        assert_eq!((token.field.as_str(), token.scheme.as_str()), ("x-api-key", ""));
        assert_eq!(token.source, TokenSource::File(folder.path().join("token")));
        let forward = forward.unwrap();
        assert_eq!(forward.hosts.unwrap()[1], HostPattern::Below("example.com".into()));
        assert_eq!(forward.intercept.unwrap().folder, folder.path().join("authority"));
        assert_eq!(terms.authorities, Some(folder.path().join("tls/authorities.pem")));
        assert_eq!((deadline, callers.len()), (Some(Duration::from_secs(300)), 1));
    }

    #[test]
    fn no_mangled_file_is_too_much_and_each_fault_has_a_place_in_it() {
        let whole = EVERYTHING.replace("\"own.toml\"", "[]").replace("\"own\"", "\"webex\"");
        mangled(&whole, "[[upstream]]", |text| read(text, Path::new("")).err());
    }
}
