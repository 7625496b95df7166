//! The texts of a proxy's file: where an API is, there and here, and which hosts. Never here: texts of both doors.

use tidegate::path::Host;

use crate::proxy::settings::{Base, HostPattern};
use crate::toml_file::written::{Misread, Readable};

impl Readable for Base {
    const NAME: &'static str = "base";
    const EXPECTED: &'static str =
        "a base URL, such as \"https://webexapis.com\" or \"https://api.example.com/v1\"";

    fn read(text: &str) -> Result<Base, Misread> {
        let base: Base = text.parse().map_err(|wrong: String| Misread::new(wrong))?;
        match Host::read(base.authority.as_str().as_bytes()) {
            Ok(_) => Ok(base),
            Err(fault) => Err(Misread::new(fault).hint(format!("expected {}", Self::EXPECTED))),
        }
    }
}

/// A path below which an API is found here; without a slash at its end, empty for all paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount(pub(super) String);

impl Readable for Mount {
    const NAME: &'static str = "prefix";
    const EXPECTED: &'static str = "the beginning of a path, such as \"/webex\"; \"/\" for what no other has";

    fn read(text: &str) -> Result<Mount, Misread> {
        let Some(inner) = text.strip_prefix('/') else {
            return Err(Misread::new("a prefix begins with a slash").hint(format!("write `/{text}`")));
        };
        let path = inner.strip_suffix('/').unwrap_or(inner);
        let is_of_path =
            |letter: char| letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/".contains(letter);
        if let Some(at) = path.find(|letter| !is_of_path(letter)) {
            let message = "a prefix is of plain letters, digits and -._~!$&'()*+,;=:@ between slashes";
            return Err(Misread::new(message).at(at + 1));
        }
        let is_name = |segment: &str| !matches!(segment, "" | "." | "..");
        if !inner.is_empty() && !path.split('/').all(is_name) {
            return Err(Misread::new("something must stand between two slashes, and not only dots"));
        }
        Ok(Mount(if path.is_empty() { String::new() } else { format!("/{path}") }))
    }
}

/// A host that callers name; in lower case, without port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostName(pub(super) String);

impl Readable for HostName {
    const NAME: &'static str = "host-name";
    const EXPECTED: &'static str = "a host that callers name, such as \"webex.local\"";

    fn read(text: &str) -> Result<HostName, Misread> {
        without_port(text).map(HostName)
    }
}

impl Readable for HostPattern {
    const NAME: &'static str = "hosts";
    const EXPECTED: &'static str =
        "a host, such as \"api.example.com\", or \"*.example.com\" for all below it";

    fn read(text: &str) -> Result<HostPattern, Misread> {
        if text == "*" {
            return Err(Misread::new("`*` alone is no host").hint("for all hosts leave the key out"));
        }
        match text.strip_prefix("*.") {
            Some(parent) => without_port(parent).map(HostPattern::Below),
            None => without_port(text).map(HostPattern::Exactly),
        }
    }
}

fn without_port(text: &str) -> Result<String, Misread> {
    let host = Host::read(text.as_bytes())
        .map_err(|fault| Misread::new(fault).hint("write a host alone, such as `api.example.com`"))?;
    match host.port() {
        None => Ok(host.name().to_owned()),
        Some(_) => {
            Err(Misread::new("a host is meant with all its ports").hint(format!("write `{}`", host.name())))
        }
    }
}

/// The name of a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable(pub(super) String);

impl Readable for Variable {
    const NAME: &'static str = "variable";
    const EXPECTED: &'static str = "the name of a variable, such as \"WEBEX_TOKEN\"";

    fn read(text: &str) -> Result<Variable, Misread> {
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if text.is_empty()
            || text.starts_with(|first: char| first.is_ascii_digit())
            || !text.chars().all(is_of_name)
        {
            let misread = Misread::new("expected the name of a variable of the environment");
            return Err(misread.hint(
                "the token itself doesn't belong here: export WEBEX_TOKEN=..., and write \"WEBEX_TOKEN\"",
            ));
        }
        Ok(Variable(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_in_one_spelling() {
        let mount = |text| Mount::read(text).unwrap().0;
        assert_eq!(
            (mount("/webex"), mount("/a/b/"), mount("/")),
            ("/webex".into(), "/a/b".into(), String::new())
        );
        assert_eq!(HostName::read("Webex.LOCAL"), Ok(HostName("webex.local".into())));
        assert_eq!(HostPattern::read("*.Example.com"), Ok(HostPattern::Below("example.com".into())));
        assert_eq!(HostPattern::read("[::1]"), Ok(HostPattern::Exactly("[::1]".into())));
        assert_eq!(Base::read("https://a/v1/").unwrap().to_string(), "https://a/v1");
        assert_eq!(Variable::read("WEBEX_TOKEN"), Ok(Variable("WEBEX_TOKEN".into())));
    }

    #[track_caller]
    fn check_refused<T: Readable + std::fmt::Debug>(text: &str, says: &str) {
        let misread = T::read(text).unwrap_err();
        let said = format!("{} {}", misread.message, misread.hint.as_deref().unwrap_or_default());
        assert!(said.contains(says), "{said}");
    }

    #[test]
    fn what_is_none_is_refused_with_what_to_write() {
        check_refused::<Mount>("webex", "`/webex`");
        check_refused::<Mount>("/a//b", "between two slashes");
        check_refused::<Mount>("/a/../b", "not only dots");
        check_refused::<Mount>("//", "between two slashes");
        check_refused::<Mount>("/a%20b", "plain letters");
        check_refused::<Mount>("/{id}", "plain letters");
        check_refused::<HostName>("webex.local:80", "`webex.local`");
        check_refused::<HostName>("", "a host alone");
        check_refused::<HostPattern>("*", "leave the key out");
        check_refused::<HostPattern>("https://a", "a host alone");
        check_refused::<Base>("webexapis.com", "https://webexapis.com");
        check_refused::<Base>("https://a_b c", "https://");
        check_refused::<Variable>("ghp_abc-def", "the token itself");
        check_refused::<Variable>("", "a variable");
    }
}
