//! How each provider says "slow down": one table, a row per provider. Never here: code for one provider.
//!
//! A row holds only what differs from provider to provider; [`feedback::read`](crate::feedback::read) is the one
//! engine that reads them all. What a standard field means (`Retry-After`, `RateLimit`) is in no row: it means
//! the same everywhere. A provider with fields of its own adds the columns that it needs.

use std::time::Duration;

/// A row of the table: how one provider announces and refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What the row is called, in lower case.
    pub name: &'static str,
    /// The hosts that speak it, and all their subdomains.
    pub hosts: &'static [&'static str],
    /// What a status means, where it means something about the limit; the first range that fits counts.
    pub statuses: &'static [Statuses],
    /// The shortest wait after a refusal, whatever was told.
    pub floor: Duration,
    /// How long to wait after a refusal for the rate that told no wait; `None` leaves it to the waiter.
    pub default_wait: Option<Duration>,
    /// What the limits count by.
    pub scope: ScopeLabel,
    /// Where all this is documented or was seen.
    pub source: &'static str,
}

/// Statuses of one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// The first of them.
    pub from: u16,
    /// The last of them.
    pub to: u16,
    /// What they mean.
    pub meaning: Meaning,
}

/// What a status says about the limit behind an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The call was refused for its rate, with a wait or without.
    Limited,
    /// With a `Retry-After`, the call was refused because the service can't serve it now. Without one it is an
    /// answer like any other.
    UnavailableIfTold,
    /// The call passed. With a `Retry-After`, the next one should come no earlier.
    PassedWithHint,
}

/// What the limits count by, for people and for log labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeLabel {
    /// Always this.
    Fixed(&'static str),
    /// The name of the policy that the answer announces.
    PolicyName,
}

const fn status(code: u16, meaning: Meaning) -> Statuses {
    Statuses { from: code, to: code, meaning }
}

/// What the standards say, for providers that the table doesn't know.
pub const GENERIC: Dialect = Dialect {
    name: "generic",
    hosts: &[],
    statuses: &[
        status(429, Meaning::Limited),
        status(503, Meaning::UnavailableIfTold),
        Statuses { from: 300, to: 399, meaning: Meaning::PassedWithHint },
    ],
    floor: Duration::ZERO,
    default_wait: None,
    scope: ScopeLabel::PolicyName,
    source: "RFC 6585 section 4; RFC 9110 section 10.2.3; draft-ietf-httpapi-ratelimit-headers-11",
};

/// Webex's REST API: nothing is announced, and limits differ per resource. A wait of 0 is sent, and meant as 1 s.
pub const WEBEX: Dialect = Dialect {
    name: "webex",
    hosts: &["webexapis.com", "api.ciscospark.com"],
    statuses: &[
        status(429, Meaning::Limited),
        status(423, Meaning::UnavailableIfTold),
        status(503, Meaning::UnavailableIfTold),
        Statuses { from: 300, to: 399, meaning: Meaning::PassedWithHint },
    ],
    floor: Duration::from_secs(1),
    default_wait: Some(Duration::from_secs(15)),
    scope: ScopeLabel::Fixed("token+resource"),
    source: "developer.webex.com blog, \"Rate Limiting and the Webex API\" (2025-04-14); \
             WebexPythonSDK exceptions.py (floor, default) and response_codes.py (423)",
};

/// The table.
pub const TABLE: &[Dialect] = &[GENERIC, WEBEX];

/// The row of this name.
pub fn named(name: &str) -> Option<&'static Dialect> {
    TABLE.iter().find(|dialect| dialect.name == name)
}

/// The row for a host, without a port; the generic one if no row names it.
pub fn of_host(host: &str) -> &'static Dialect {
    let host = host.strip_suffix('.').unwrap_or(host);
    TABLE.iter().find(|dialect| dialect.hosts.iter().any(|known| is_within(host, known))).unwrap_or(&TABLE[0])
}

fn is_within(host: &str, domain: &str) -> bool {
    match host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at)) {
        Some((sub, tail)) => tail.eq_ignore_ascii_case(domain) && (sub.is_empty() || sub.ends_with('.')),
        None => false,
    }
}

impl Dialect {
    /// What the status means here; `None` if it says nothing about the limit.
    pub fn meaning(&self, status: http::StatusCode) -> Option<Meaning> {
        let fits = |statuses: &&Statuses| (statuses.from..=statuses.to).contains(&status.as_u16());
        self.statuses.iter().find(fits).map(|statuses| statuses.meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_finds_its_row() {
        for host in ["webexapis.com", "WebexApis.com", "eu.webexapis.com", "webexapis.com."] {
            assert_eq!(of_host(host).name, "webex", "{host}");
        }
        for host in ["", "localhost", "notwebexapis.com", "webexapis.com.evil.example", "ü.com"] {
            assert_eq!(of_host(host).name, "generic", "{host}");
        }
    }

    #[test]
    fn every_row_has_a_name_of_its_own_and_a_source() {
        for dialect in TABLE {
            assert_eq!(named(dialect.name), Some(dialect));
            assert!(!dialect.source.is_empty(), "{}", dialect.name);
        }
        assert_eq!(named("nobody"), None);
        assert_eq!(TABLE[0], GENERIC);
    }
}
