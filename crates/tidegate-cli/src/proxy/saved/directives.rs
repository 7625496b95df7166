//! What `Cache-Control` says, as far as it matters here. Never here: what follows from it.

use http::header::{CACHE_CONTROL, HeaderMap, PRAGMA};

/// What a message says about keeping it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    /// Nobody is to keep it: `no-store`.
    pub(super) no_store: bool,
    /// Only its own user may keep it: `private`, with or without a list of fields.
    pub(super) private: bool,
    /// An answer is wanted that is newer than the request: `no-cache` or `max-age=0`.
    pub(super) anew: bool,
}

impl Directives {
    /// Reads all lines of the field (RFC 9111 section 5.2). What is unknown or malformed says nothing.
    pub(super) fn of(headers: &HeaderMap) -> Directives {
        let mut read = Directives::default();
        let mut lines = headers.get_all(CACHE_CONTROL).iter().peekable();
        if lines.peek().is_none() {
            // Where there is no Cache-Control, this is its ancestor (section 5.4).
            read.anew = headers.get(PRAGMA).is_some_and(|pragma| pragma.as_bytes() == b"no-cache");
        }
        // A comma in a quoted list of fields splits it, too. The parts are names of fields: none of them is a directive.
        for part in lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b',')) {
            read.take(part.trim_ascii());
        }
        read
    }

    fn take(&mut self, directive: &[u8]) {
        let mut halves = directive.splitn(2, |&byte| byte == b'=');
        let name = halves.next().unwrap_or_default().trim_ascii();
        let value = halves.next().unwrap_or_default().trim_ascii();
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        self.no_store |= is("no-store");
        self.private |= is("private");
        self.anew |= is("no-cache") || (is("max-age") && is_zero(value));
    }
}

/// Whether this is `0`, quoted or not.
fn is_zero(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    !digits.is_empty() && digits.iter().all(|&digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[(&str, &str)], says: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
        }
        let Directives { no_store, private, anew } = Directives::of(&headers);
        let words = [("no-store", no_store), ("private", private), ("anew", anew)];
        let said: Vec<&str> = words.iter().filter(|(_, is)| *is).map(|(word, _)| *word).collect();
        assert_eq!(said.join(" "), says, "{lines:?}");
    }

    #[test]
    fn directives_are_found_in_any_line_and_any_case() {
        check(&[], "");
        check(&[("cache-control", "max-age=60, public")], "");
        check(&[("cache-control", "No-Store")], "no-store");
        check(&[("cache-control", "public , private=\"set-cookie, x\"")], "private");
        check(&[("cache-control", "max-age=60"), ("cache-control", "no-cache,no-store")], "no-store anew");
        check(&[("cache-control", "max-age=0")], "anew");
        check(&[("cache-control", "MAX-AGE = \"00\"")], "anew");
        check(&[("cache-control", "max-age=10")], "");
        check(&[("cache-control", "max-age")], "");
        check(&[("cache-control", "x-no-store, nostore,,=,no_store")], "");
        check(&[("pragma", "no-cache")], "anew");
        check(&[("pragma", "no-cache"), ("cache-control", "max-age=5")], "");
    }
}
