//! The bearer token: from a variable or a file, never from the command line, never shown. Never here: where it goes.

use std::fmt;
use std::path::PathBuf;

use http::HeaderValue;

use super::input::{self, Purpose};
use crate::exit::{Exit, Failure};

/// The variable that holds the token if no flag names another place.
const DEFAULT: &str = "TIDEGATE_TOKEN";

/// Where the bearer token comes from; TIDEGATE_TOKEN if nothing is said.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The token (from TIDEGATE_TOKEN, unless said otherwise)")]
pub(crate) struct TokenArgs {
    /// Read the bearer token from this environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    pub(crate) token_env: Option<String>,

    /// Read the bearer token from this file
    #[arg(long, value_name = "PATH")]
    pub(crate) token_file: Option<PathBuf>,
}

/// A token, ready to be sent. Says nothing when printed.
#[derive(Clone)]
pub(crate) struct Token(HeaderValue);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Whether a variable can have this name; if not, it isn't repeated, since it may be the token itself.
///
/// # Errors
/// When it can't.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word && !name.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "what was given as a variable's name can't be one")
        .hint("if it is the token itself: export MY_TOKEN=... first, and name MY_TOKEN"))
}

impl Token {
    /// Reads the token from where the flags say; `None` if none is set.
    ///
    /// A variable or file that was named must have one; the default variable need not.
    pub(crate) fn read(
        args: &TokenArgs,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Token>, Failure> {
        let missing = |place: String| Failure::new(Exit::Usage, format!("there is no token in {place}"));
        if let Some(path) = &args.token_file {
            let place = format!("the file {}", path.display());
            let bytes = input::read(path, Purpose { what: "the token", most: 64 << 10 })?;
            let text = String::from_utf8(bytes).map_err(|_| unfit(&place))?;
            return Token::new(&text, &place)?.ok_or_else(|| missing(place)).map(Some);
        }
        match &args.token_env {
            Some(name) => {
                check_name(name)?;
                let place = format!("the environment variable {name}");
                let text = variable(name).unwrap_or_default();
                let token = Token::new(&text, &place)?;
                token.ok_or_else(|| missing(place).hint(format!("set it: export {name}=..."))).map(Some)
            }
            None => Token::new(
                &variable(DEFAULT).unwrap_or_default(),
                &format!("the environment variable {DEFAULT}"),
            ),
        }
    }

    /// The value of `Authorization`, marked as sensitive.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }

    fn new(text: &str, place: &str) -> Result<Option<Token>, Failure> {
        let text = text.trim();
        let text = text.strip_prefix("Bearer ").unwrap_or(text).trim_start();
        if text.is_empty() {
            return Ok(None);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unfit(place));
        }
        let mut value = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| unfit(place))?;
        value.set_sensitive(true);
        Ok(Some(Token(value)))
    }
}

fn unfit(place: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("the token in {place} has blanks, control or non-ASCII characters in it"),
    )
    .hint("store the token alone, on one line")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &'static str) -> Result<Option<Token>, Failure> {
        Token::read(&TokenArgs { token_env: None, token_file: None }, |name| {
            assert_eq!(name, DEFAULT);
            Some(text.to_owned())
        })
    }

    #[track_caller]
    fn check(text: &'static str, sent: Option<&str>) {
        let token = from(text).unwrap();
        assert_eq!(token.map(|token| token.authorization()), sent.map(|sent| sent.parse().unwrap()));
    }

    #[test]
    fn blanks_around_a_token_are_dropped() {
        check("abc", Some("Bearer abc"));
        check("  abc\r\n", Some("Bearer abc"));
        check("Bearer abc\n", Some("Bearer abc"));
        check(" \n", None);
    }

    #[test]
    fn a_token_that_could_break_a_header_is_refused_unseen() {
        for text in ["s3cret\nx: y", "s3cret x", "s3cret\u{7f}", "s3cret\u{e9}"] {
            let failure = from(text).unwrap_err();
            assert!(!failure.to_string().contains("s3cret"), "{failure}");
        }
    }

    #[test]
    fn a_token_in_place_of_a_name_is_not_repeated() {
        let args = TokenArgs { token_env: Some("sk-s3cret".into()), token_file: None };
        let failure = Token::read(&args, |_| None).unwrap_err().to_string();
        assert!(failure.contains("MY_TOKEN") && !failure.contains("s3cret"), "{failure}");
    }

    #[test]
    fn a_variable_that_was_named_must_be_set() {
        let args = TokenArgs { token_env: Some("MINE".into()), token_file: None };
        let failure = Token::read(&args, |_| None).unwrap_err();
        assert!(failure.to_string().contains("export MINE="), "{failure}");
    }

    #[test]
    fn a_token_says_nothing_when_printed() {
        assert_eq!(format!("{:?}", from("s3cret").unwrap()), "Some(Token(..))");
        assert_eq!(format!("{:?}", from("s3cret").unwrap().unwrap().authorization()), "Sensitive");
    }
}
