//! The texts of a limit: keys, conditions, hosts, networks, each read by whoever owns it. Never here: names, quotas.

use ipnet::IpNet;
use tidegate::classify::{Condition, HostPattern, KeyPart, networks};

use crate::toml_file::hint;
use crate::toml_file::kinds::{Name, placed};
use crate::toml_file::written::{Misread, Readable};

/// A text that is compared with, whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix(pub(super) String);

impl Readable for Prefix {
    const NAME: &'static str = "prefix";
    const EXPECTED: &'static str = "the beginning of a key, such as \"pro_\"";

    fn read(text: &str) -> Result<Prefix, Misread> {
        match text {
            "" => Err(Misread::new("every key begins so: name at least one letter")),
            text => Ok(Prefix(text.to_owned())),
        }
    }
}

/// A word that some limits have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group(pub(super) String);

impl Readable for Group {
    const NAME: &'static str = "group";
    const EXPECTED: &'static str = "a word that some limits have in common";

    fn read(text: &str) -> Result<Group, Misread> {
        Name::read(text).map(|Name(name)| Group(name))
    }
}

impl Readable for HostPattern {
    const NAME: &'static str = "host";
    const EXPECTED: &'static str = "a host, such as \"api.example\" or \"*.example\"";

    fn read(text: &str) -> Result<HostPattern, Misread> {
        text.parse().map_err(|error: tidegate::path::Fault| Misread::new(&error).hint(Self::EXPECTED))
    }
}

impl Readable for KeyPart {
    const NAME: &'static str = "key";
    const EXPECTED: &'static str =
        "a part of a key: bearer, ip, host, header:NAME, cookie:NAME or path:PLACE";

    fn read(text: &str) -> Result<KeyPart, Misread> {
        text.parse().map_err(|error: tidegate::classify::KeyPartError| {
            let (kind, rest) = text.split_once(':').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
            let kinds: &[&str] = match rest {
                Some(_) => &["header", "cookie", "path"],
                None => &["bearer", "ip", "host"],
            };
            let misread = Misread::new(&error);
            if rest.is_none() && ["header", "cookie", "path"].contains(&kind) {
                return misread.hint(format!("name it: `{kind}:NAME`"));
            }
            if kinds.contains(&kind) {
                misread
            } else {
                misread.hint(hint::among(kind, kinds.iter().copied()))
            }
        })
    }
}

impl Readable for IpNet {
    const NAME: &'static str = "network";
    const EXPECTED: &'static str = "an address or a network, such as \"192.0.2.7\" or \"10.0.0.0/8\"";

    fn read(text: &str) -> Result<IpNet, Misread> {
        networks([text]).map(|networks| networks[0]).map_err(Misread::new)
    }
}

/// A condition on a query parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OnQuery(pub(super) Condition);

impl Readable for OnQuery {
    const NAME: &'static str = "query";
    const EXPECTED: &'static str = "a condition on a query parameter: \"max\", \"max = 5\", \"max != 5\", \"max > 100\", \"id starts pro_\"";

    fn read(text: &str) -> Result<OnQuery, Misread> {
        Condition::query(text).map(OnQuery).map_err(|error| placed(text, &error, error.column()))
    }
}

/// A condition on a header field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OnHeader(pub(super) Condition);

impl Readable for OnHeader {
    const NAME: &'static str = "header";
    const EXPECTED: &'static str =
        "a condition on a header field: \"x-plan\", \"x-plan = gold\", \"x-plan != gold\", \"x-size > 100\"";

    fn read(text: &str) -> Result<OnHeader, Misread> {
        Condition::header(text).map(OnHeader).map_err(|error| placed(text, &error, error.column()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_told_with_its_place() {
        let misread = OnQuery::read("max over 5").unwrap_err();
        assert_eq!(misread.at, Some(4));
        assert_eq!(
            misread.message,
            "`max over 5` is no condition: expected one of = != > >= < <= starts, or nothing more"
        );
        let misread = Prefix::read("").unwrap_err();
        assert_eq!(misread.message, "every key begins so: name at least one letter");
    }

    #[test]
    fn a_misspelt_part_of_a_key_is_hinted_at() {
        let hint = |text: &str| KeyPart::read(text).unwrap_err().hint;
        assert_eq!(hint("beaer").as_deref(), Some("did you mean `bearer`?"));
        assert_eq!(hint("headr:x-key").as_deref(), Some("did you mean `header`?"));
        assert_eq!(hint("header").as_deref(), Some("name it: `header:NAME`"));
        assert_eq!(hint("header:a b"), None);
    }
}
