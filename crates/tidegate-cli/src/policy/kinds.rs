//! The texts of a limit: quotas, templates, keys, conditions, each read by whoever owns it. Never here: addresses.

use std::fmt::Display;
use std::path::PathBuf;

use http::{HeaderName, Method};
use ipnet::IpNet;
use tidegate::classify::{Condition, HostPattern, KeyPart, Template, networks};
use tidegate_core::Quota;

use super::hint;
use super::written::{Misread, Readable};

/// The name of a rule, a plan or a server: it stands in fields, labels and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(pub(super) String);

/// The longest name.
const LONGEST_NAME: usize = 64;

impl Readable for Name {
    const NAME: &'static str = "name";
    const EXPECTED: &'static str = "a name of letters, digits, -, _ and ., at most 64";

    fn read(text: &str) -> Result<Name, Misread> {
        let misread = Misread::new(format_args!("expected {}", Self::EXPECTED));
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        match text.find(|letter| !is_of_name(letter)) {
            Some(at) => Err(misread.at(at)),
            None if text.is_empty() || text.len() > LONGEST_NAME => Err(misread),
            None => Ok(Name(text.to_owned())),
        }
    }
}

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

impl Readable for Quota {
    const NAME: &'static str = "quota";
    const EXPECTED: &'static str = "a quota, such as \"300 per minute, burst 50\" or \"5/s\"";

    fn read(text: &str) -> Result<Quota, Misread> {
        text.parse().map_err(|error: tidegate_core::ParseQuotaError| {
            let column = text.get(..error.offset()).map_or(0, |before| before.len() + 1);
            let message = without_column(&error, column);
            let (what, forms) = message.split_once("; ").unwrap_or((&message, "see docs/quotas.md"));
            Misread::new(what).at(error.offset()).hint(forms)
        })
    }
}

impl Readable for Template {
    const NAME: &'static str = "path";
    const EXPECTED: &'static str = "a path, such as \"/v1/rooms/{id}\" or \"/v1/rooms/{*rest}\"";

    fn read(text: &str) -> Result<Template, Misread> {
        text.parse().map_err(|error: tidegate::classify::TemplateError| placed(text, &error, error.column()))
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

impl Readable for Method {
    const NAME: &'static str = "method";
    const EXPECTED: &'static str = "a method, such as \"GET\" or \"POST\"";

    fn read(text: &str) -> Result<Method, Misread> {
        let capitals = text.to_ascii_uppercase();
        match Method::from_bytes(text.as_bytes()) {
            Ok(_) if text != capitals => {
                Err(Misread::new(format_args!("`{text}` is no method that callers use"))
                    .hint(format!("methods are written in capitals: `{capitals}`")))
            }
            Ok(method) => Ok(method),
            Err(_) => Err(Misread::new(format_args!("`{text}` is no method")).hint(Self::EXPECTED)),
        }
    }
}

impl Readable for HeaderName {
    const NAME: &'static str = "field";
    const EXPECTED: &'static str = "the name of a header field, such as \"X-Cost\"";

    fn read(text: &str) -> Result<HeaderName, Misread> {
        HeaderName::from_bytes(text.as_bytes())
            .map_err(|_| Misread::new(format_args!("`{text}` is no name of a header field")))
    }
}

impl Readable for IpNet {
    const NAME: &'static str = "network";
    const EXPECTED: &'static str = "an address or a network, such as \"192.0.2.7\" or \"10.0.0.0/8\"";

    fn read(text: &str) -> Result<IpNet, Misread> {
        networks([text]).map(|networks| networks[0]).map_err(Misread::new)
    }
}

impl Readable for PathBuf {
    const NAME: &'static str = "file";
    const EXPECTED: &'static str = "a file; a relative path begins at the policy file's folder";

    fn read(text: &str) -> Result<PathBuf, Misread> {
        if text.is_empty() { Err(Misread::new("expected a file")) } else { Ok(text.into()) }
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

/// An error that knows its column, placed there.
fn placed(text: &str, error: &impl Display, column: usize) -> Misread {
    let at = text.char_indices().nth(column - 1).map_or(text.len(), |(at, _)| at);
    Misread::new(without_column(error, column)).at(at)
}

/// The column in a text means nothing to who sees a file: the caret stands there.
fn without_column(error: &impl Display, column: usize) -> String {
    let message = error.to_string();
    [format!(", at column {column}"), format!(" at column {column}")]
        .iter()
        .fold(message, |message, column| message.replacen(column, "", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: Readable + std::fmt::Debug>(
        text: &str,
        at: Option<usize>,
        message: &str,
        hint: Option<&str>,
    ) {
        let misread = T::read(text).unwrap_err();
        assert_eq!(misread.at, at, "{misread:?}");
        assert_eq!(misread.message, message);
        assert_eq!(misread.hint.as_deref(), hint);
    }

    const QUOTAS: &str =
        "a quota is written like `300 per minute, burst 50`, `5/s`, `100 per 10 seconds, sliding`";

    #[test]
    fn what_means_nothing_is_told_with_its_place_and_what_to_do() {
        check::<Name>("a b", Some(1), "expected a name of letters, digits, -, _ and ., at most 64", None);
        check::<Name>("", None, "expected a name of letters, digits, -, _ and ., at most 64", None);
        check::<Quota>("300 a minute", Some(4), "expected `per` or `/`", Some(QUOTAS));
        check::<Quota>(
            "0/s",
            Some(0),
            "a quota of 0 lets nothing pass: name an amount of at least 1",
            Some("see docs/quotas.md"),
        );
        check::<Template>(
            "/ü/:id",
            Some(4),
            "`/ü/:id` is no path template: a place is {name} for one segment, {*name} for all the rest; if * or : \
             is meant, code it",
            None,
        );
        check::<OnQuery>(
            "max over 5",
            Some(4),
            "`max over 5` is no condition: expected one of = != > >= < <= starts, or nothing more",
            None,
        );
        check::<Method>(
            "get",
            None,
            "`get` is no method that callers use",
            Some("methods are written in capitals: `GET`"),
        );
        check::<Prefix>("", None, "every key begins so: name at least one letter", None);
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
