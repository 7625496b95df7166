//! The texts that files of both doors have: names, quotas, paths, methods, fields. Never here: what one door alone has.

use std::fmt::Display;
use std::path::PathBuf;

use http::{HeaderName, Method};
use tidegate::classify::Template;
use tidegate_core::Quota;

use super::written::{Misread, Readable};

/// The name of a rule, a plan, a server or a bucket: it stands in fields, labels and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) String);

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

impl Readable for PathBuf {
    const NAME: &'static str = "file";
    const EXPECTED: &'static str = "a file; a relative path begins at this file's folder";

    fn read(text: &str) -> Result<PathBuf, Misread> {
        if text.is_empty() { Err(Misread::new("expected a file")) } else { Ok(text.into()) }
    }
}

/// An error that knows its column, placed there.
pub(crate) fn placed(text: &str, error: &impl Display, column: usize) -> Misread {
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
        check::<Method>(
            "get",
            None,
            "`get` is no method that callers use",
            Some("methods are written in capitals: `GET`"),
        );
    }
}
