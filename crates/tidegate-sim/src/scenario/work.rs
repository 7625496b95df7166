//! What the played clients do: which call, how often, how many of them. Never here: how they do it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::limit::text;

/// The work of the played clients: one kind of call, so and so often.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Work {
    /// What is called.
    #[serde(deserialize_with = "text")]
    pub call: Target,
    /// How many calls are to be done in all, shared evenly among the processes.
    pub calls: u64,
    /// How many programs share the work, each with a client of its own.
    pub processes: u32,
    /// How many tokens they have: the first program uses the first, and so on, round and round.
    pub tokens: u32,
    /// How many calls a program makes at once, at most.
    pub workers: u32,
    /// Whether what may not be repeated carries an idempotency key, so that it may.
    pub keys: Keys,
}

/// Whether calls carry an idempotency key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    /// None does.
    #[default]
    None,
    /// Each carries its own, the same in every try.
    Each,
}

impl Default for Work {
    fn default() -> Work {
        let call = Target { method: "GET".to_owned(), path: "/v1/rooms".to_owned(), query: String::new() };
        Work { call, calls: 2_000, processes: 1, tokens: 1, workers: 32, keys: Keys::None }
    }
}

impl Work {
    /// Whether a call may be made again when nobody knows whether it was done.
    pub fn may_repeat(&self) -> bool {
        self.keys == Keys::Each || is_safe(&self.call.method)
    }
}

/// Whether a method does the same when it is done twice (RFC 9110, section 9.2.2).
pub(crate) fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE")
}

/// A call without its headers: `GET /v1/rooms?max=50`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, without its question mark.
    pub query: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let wanted = || format!("expected a call such as `GET /v1/rooms?max=50`, not `{text}`");
        let (method, rest) = text.trim().split_once(' ').ok_or_else(wanted)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !path.starts_with('/') || path.contains(' ') {
            return Err(wanted());
        }
        Ok(Target { method: method.to_owned(), path: path.to_owned(), query: query.to_owned() })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.query.is_empty() { "" } else { "?" };
        write!(f, "{} {}{mark}{}", self.method, self.path, self.query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for text in ["GET /v1/rooms", "GET /v1/rooms?max=50&x=1"] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        assert!("rooms".parse::<Target>().is_err());
    }
}
