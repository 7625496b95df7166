//! Which calls a limit is about: a method and a path template. Never here: normalising, quotas.

use std::fmt;
use std::str::FromStr;

/// A method and a path template: `GET /v1/people/{id}`, `* /v1/{*rest}`.
///
/// `{name}` stands for one segment, `{*name}` at the end for all that follow. The method `*` is any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    method: String,
    path: String,
}

impl Pattern {
    /// Whether the pattern is about a call.
    pub fn covers(&self, method: &str, path: &str) -> bool {
        (self.method == "*" || self.method == method) && covers_path(&self.path, path)
    }
}

fn covers_path(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in template.split('/') {
        if wanted.starts_with("{*") {
            return segments.next().is_some();
        }
        let Some(found) = segments.next() else { return false };
        let is_any = wanted.starts_with('{') && wanted.ends_with('}') && !found.is_empty();
        if !is_any && wanted != found {
            return false;
        }
    }
    segments.next().is_none()
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        let wanted = || format!("expected a method and a path such as `GET /v1/rooms`, not `{text}`");
        let (method, path) = text.trim().split_once(' ').ok_or_else(wanted)?;
        let path = path.trim();
        let is_method = method == "*" || method.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_method || method.is_empty() || !path.starts_with('/') || path.contains(['?', ' ']) {
            return Err(wanted());
        }
        Ok(Pattern { method: method.to_owned(), path: path.to_owned() })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, call: &str, covered: bool) {
        let (method, path) = call.split_once(' ').unwrap();
        let pattern: Pattern = pattern.parse().unwrap();
        assert_eq!(pattern.covers(method, path), covered, "{pattern} on {call}");
    }

    #[test]
    fn a_template_covers_what_it_says() {
        check("GET /v1/rooms", "GET /v1/rooms", true);
        check("GET /v1/rooms", "POST /v1/rooms", false);
        check("GET /v1/rooms", "GET /v1/rooms/7", false);
        check("* /v1/rooms", "POST /v1/rooms", true);
        check("GET /v1/people/{id}", "GET /v1/people/7", true);
        check("GET /v1/people/{id}", "GET /v1/people/", false);
        check("GET /v1/people/{id}", "GET /v1/people", false);
        check("GET /v1/{*rest}", "GET /v1/people/7/photo", true);
        check("GET /v1/{*rest}", "GET /v2/people", false);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "GET", "/v1/rooms", "get /v1/rooms", "GET v1", "GET /v1?max=1"] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }
}
