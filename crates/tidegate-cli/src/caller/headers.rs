//! The headers that were typed or put into a file, checked. Never here: the token, or which header goes where.

use std::path::Path;

use http::header::{
    ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, PRAGMA, PROXY_AUTHORIZATION, RANGE, SET_COOKIE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::input::{self, Purpose};
use crate::exit::{Exit, Failure};

/// What `-H` asked for.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    /// To be sent, in place of a header of ours with the same name.
    pub(crate) sent: HeaderMap,
    /// Ours to be left out.
    pub(crate) left_out: Vec<HeaderName>,
}

impl Headers {
    /// Reads `Name: value`, `Name:` (leave out ours), `Name;` (send it empty) and `@FILE`.
    pub(crate) fn read(typed: &[String]) -> Result<Headers, Failure> {
        let mut headers = Headers::default();
        for text in typed {
            let Some(path) = text.strip_prefix('@') else {
                headers.add(text, Source::Typed)?;
                continue;
            };
            let bytes = input::read(Path::new(path), Purpose { what: "headers", most: 1 << 20 })?;
            let lines = String::from_utf8(bytes).map_err(|_| {
                Failure::new(Exit::Usage, format!("the headers in {path} are not UTF-8 text"))
            })?;
            for (index, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                headers.add(line, Source::Line { path, number: index + 1 })?;
            }
        }
        Ok(headers)
    }

    fn add(&mut self, line: &str, source: Source<'_>) -> Result<(), Failure> {
        let bad = |fault: &str| {
            Failure::new(Exit::Usage, format!("{source} {fault}"))
                .hint("write 'Name: value', for example 'Accept: text/csv'")
        };
        let split = line.split_once(':').or_else(|| Some((line.strip_suffix(';')?, ";")));
        let (name, value) = split.ok_or_else(|| bad("has no colon"))?;
        let name: HeaderName = name.trim().parse().map_err(|_| bad("has no valid name before the colon"))?;
        if matches!(source, Source::Typed) && matches!(name, AUTHORIZATION | PROXY_AUTHORIZATION) {
            let typed = format!(
                "a typed {name} header can be read by others, in the shell's history and process list"
            );
            return Err(Failure::new(Exit::Usage, typed).hint(
                "put a bearer token into TIDEGATE_TOKEN, --token-env or --token-file; other schemes into a file: -H @FILE",
            ));
        }
        let value = match value.trim() {
            "" => {
                self.left_out.push(name);
                return Ok(());
            }
            ";" => "",
            value => value,
        };
        let mut value =
            HeaderValue::from_str(value).map_err(|_| bad("has a control character in its value"))?;
        value.set_sensitive(!is_harmless(&name));
        self.sent.append(name, value);
        Ok(())
    }
}

/// Where a header was written; says it without the value.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Typed,
    Line { path: &'a str, number: usize },
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Typed => f.write_str("a header given by -H"),
            Source::Line { path, number } => write!(f, "the header in {path}, line {number},"),
        }
    }
}

/// Whether a header that is sent may be seen by eyes and by other origins.
///
/// Only names that are known are: keys to APIs go by more names than any list of theirs could hold.
pub(crate) fn is_harmless(name: &HeaderName) -> bool {
    let known = [
        ACCEPT,
        ACCEPT_CHARSET,
        ACCEPT_ENCODING,
        ACCEPT_LANGUAGE,
        CACHE_CONTROL,
        CONTENT_ENCODING,
        CONTENT_LANGUAGE,
        CONTENT_TYPE,
        IF_MATCH,
        IF_MODIFIED_SINCE,
        IF_NONE_MATCH,
        IF_RANGE,
        IF_UNMODIFIED_SINCE,
        PRAGMA,
        RANGE,
        USER_AGENT,
    ];
    known.contains(name) || name == "prefer"
}

/// Whether a header's name tells that its value is a secret. For answers, whose headers are there to be looked at.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    let known = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE];
    let telling = [
        "auth",
        "token",
        "secret",
        "password",
        "api-key",
        "apikey",
        "access-key",
        "subscription-key",
        "session",
        "signature",
    ];
    // How many "tokens" a limit leaves is what people look for.
    let harmless = ["ratelimit"];
    let is_one_of = |parts: &[&str]| parts.iter().any(|part| name.as_str().contains(part));
    known.contains(name) || (is_one_of(&telling) && !is_one_of(&harmless))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &[&str]) -> Result<Headers, Failure> {
        Headers::read(&typed.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn headers_read_as_in_curl() {
        let headers = read(&["Accept: text/csv", "X-A:b:c ", "x-a: d", "X-Empty;", "User-Agent:"]).unwrap();
        assert_eq!(headers.sent["accept"], "text/csv");
        assert_eq!(headers.sent.get_all("x-a").iter().collect::<Vec<_>>(), ["b:c", "d"]);
        assert_eq!(headers.sent["x-empty"], "");
        assert_eq!(headers.left_out, ["user-agent"]);
    }

    #[track_caller]
    fn check_refused(typed: &str, says: &str) {
        let failure = read(&[typed]).expect_err(typed);
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains(says), "{failure}");
        assert!(!failure.to_string().contains("s3cret"), "{failure}");
    }

    #[test]
    fn what_is_no_header_is_refused() {
        check_refused("s3cret", "has no colon");
        check_refused("a b: s3cret", "no valid name");
        check_refused("a: s3cret\r\nb: c", "control character");
        check_refused("AUTHORIZATION: Bearer s3cret", "TIDEGATE_TOKEN");
        check_refused("proxy-authorization: s3cret", "-H @FILE");
        check_refused("@/nowhere/at/all", "can't read headers from /nowhere/at/all");
    }

    #[test]
    fn what_is_typed_may_be_a_secret_unless_its_name_is_known_to_be_harmless() {
        let headers = read(&["Ocp-Apim-Subscription-Key: k", "X-Other: o", "Idempotency-Key: i"]).unwrap();
        assert!(headers.sent.values().all(HeaderValue::is_sensitive));
        let headers = read(&["Accept-Language: eo", "If-None-Match: \"1\"", "Prefer: wait=5"]).unwrap();
        assert!(!headers.sent.values().any(HeaderValue::is_sensitive));
    }

    #[test]
    fn secrets_in_answers_are_known_by_their_names() {
        let secret =
            ["set-cookie", "www-authenticate", "x-auth-token", "x-amz-signature", "x-subscription-key"];
        for name in secret {
            assert!(is_secret(&HeaderName::from_static(name)), "{name}");
        }
        for name in ["retry-after", "trackingid", "ratelimit", "x-ratelimit-remaining-tokens", "etag"] {
            assert!(!is_secret(&HeaderName::from_static(name)), "{name}");
        }
    }
}
