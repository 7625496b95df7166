//! A secret that is put into requests to one upstream: read when the proxy starts, never shown. Never here: which
//! requests get it.

use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::settings::{Token, TokenSource};
use crate::caller::input::{self, Purpose};
use crate::caller::token::check_name;
use crate::exit::{Exit, Failure};

/// How large a token may be.
const MOST: u64 = 64 << 10;

/// A field with a secret in it, ready to be sent. Says nothing when printed.
#[derive(Clone, Debug)]
pub(crate) struct Injected {
    field: HeaderName,
    value: HeaderValue,
}

impl Injected {
    /// Reads the secret from where it is kept.
    ///
    /// # Errors
    /// When it isn't there, or can't stand in a field.
    pub(crate) fn read(
        token: &Token,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Injected, Failure> {
        let (place, text) = match &token.source {
            TokenSource::Variable(name) => {
                check_name(name)?;
                (format!("the environment variable {name}"), variable(name).unwrap_or_default())
            }
            TokenSource::File(path) => (format!("the file {}", path.display()), read_file(path)?),
        };
        let text = text.trim();
        // Whoever stored the scheme with the token means the same.
        let text = text.strip_prefix(token.scheme.as_str()).unwrap_or(text).trim_start();
        if text.is_empty() {
            let failure = Failure::new(Exit::Usage, format!("there is no token in {place}"));
            return Err(match &token.source {
                TokenSource::Variable(name) => failure.hint(format!("set it: export {name}=...")),
                TokenSource::File(_) => failure,
            });
        }
        let value = HeaderValue::try_from(format!("{}{text}", token.scheme));
        let unfit = || {
            let said = format!("the token in {place} has control or non-ASCII characters or line ends in it");
            Failure::new(Exit::Usage, said).hint("store the token alone, on one line")
        };
        let mut value = value.ok().filter(|_| text.is_ascii()).ok_or_else(unfit)?;
        value.set_sensitive(true);
        Ok(Injected { field: token.field.clone(), value })
    }

    /// Puts it in the place of whatever the caller sent there.
    pub(crate) fn put(&self, headers: &mut HeaderMap) {
        headers.insert(&self.field, self.value.clone());
    }
}

fn read_file(path: &Path) -> Result<String, Failure> {
    let bytes = input::read(path, Purpose { what: "the token", most: MOST })?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new(Exit::Usage, format!("the token in {} is no text", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(scheme: &str, text: &str) -> Result<Injected, Failure> {
        let token = Token {
            field: HeaderName::from_static("x-key"),
            scheme: scheme.into(),
            source: TokenSource::Variable("MINE".into()),
        };
        Injected::read(&token, |name| (name == "MINE").then(|| text.to_owned()))
    }

    #[test]
    fn a_token_takes_the_place_of_the_caller_s() {
        let mut headers = HeaderMap::new();
        headers.append("x-key", HeaderValue::from_static("one"));
        headers.append("x-key", HeaderValue::from_static("two"));
        read("Bearer ", " abc \n").unwrap().put(&mut headers);
        let sent: Vec<_> = headers.get_all("x-key").iter().collect();
        assert_eq!(sent, ["Bearer abc"]);
        read("", "user:pass word").unwrap().put(&mut headers);
        assert_eq!(headers["x-key"], "user:pass word");
        read("Bearer ", "Bearer abc").unwrap().put(&mut headers);
        assert_eq!(headers["x-key"], "Bearer abc");
    }

    #[test]
    fn a_token_is_shown_nowhere() {
        assert!(!format!("{:?}", read("", "s3cret").unwrap()).contains("s3cret"));
        for text in ["s3cret\nx: y", "s3cret\u{7f}", "s3cret\u{e9}"] {
            let failure = read("", text).unwrap_err();
            assert!(!failure.to_string().contains("s3cret"), "{failure}");
        }
    }

    #[test]
    fn a_variable_that_was_named_must_be_set() {
        let failure = read("Bearer ", " ").unwrap_err();
        assert!(failure.to_string().contains("export MINE="), "{failure}");
    }
}
