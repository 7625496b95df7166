//! How each provider says "slow down": one table, a row per provider. Never here: code for one provider.
//!
//! A row holds only what differs from the standards: which statuses and bodies refuse, which fields announce, in
//! which units, what a limit counts by. [`feedback::read`] is the one engine that reads
//! them all. The rows that are built in stand in `dialects.toml`; a user's own file has the same form and is
//! added with [`Table::extended`].

mod condition;
mod label;
mod pointer;
mod row;
mod rule;
mod source;
mod table;
mod window;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tidegate_core::Scope;

use crate::feedback;

pub use condition::Condition;
pub(crate) use condition::Test;
pub use label::Label;
pub(crate) use label::Part;
pub(crate) use pointer::Pointer;
pub use rule::{Meaning, Rule, Statuses};
pub(crate) use source::Place;
pub use source::{Source, Sources};
pub use table::{Fault, Table};
pub use window::Window;

/// A row of the table: how one provider announces and refuses.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dialect {
    /// What the row is called, in lower case.
    pub name: String,
    /// Other names that people know it by.
    pub also: Vec<String>,
    /// The hosts that speak it, and all their subdomains.
    pub hosts: Vec<String>,
    /// What an answer means by its status, its fields and its body; the first rule that fits counts.
    pub rules: Vec<Rule>,
    /// The fields that announce a limit, one window each. The IETF's `RateLimit` lists are read beside them.
    pub windows: Vec<Window>,
    /// Where else than in `Retry-After` a refusal tells its wait.
    pub waits: Sources,
    /// The shortest wait after a refusal, whatever was told.
    pub floor: Duration,
    /// What the limits count by, for people and for log labels.
    pub scope: Label,
    /// Where an answer names the bucket that its call was counted in: calls with one token whose answers name the same
    /// are counted together, whatever their paths.
    pub bucket: Sources,
    /// Which calls a refusal is about, as far as waiting goes.
    pub reach: Scope,
    /// Where all this is documented or was seen.
    pub source: String,
    /// What else is worth knowing.
    pub note: Option<String>,
}

impl Dialect {
    /// Whether an answer's body must be known before it can be said what the answer means.
    ///
    /// That is so where only the body tells a refusal from an answer, as GraphQL APIs have it. The body of what is
    /// a refusal by its status alone may tell more, too, but nothing hangs on it.
    pub fn needs_body(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        feedback::first_that_may_fit(self, status, headers).is_some_and(|rule| {
            let may_tell_wait = || self.waits.iter().any(Source::is_in_body);
            rule.looks_at_body() || (rule.meaning == Meaning::UnavailableIfTold && may_tell_wait())
        })
    }
}

/// The built-in row of this name.
pub fn named(name: &str) -> Option<Arc<Dialect>> {
    Table::built_in().named(name)
}

/// The built-in row for a host, without a port; the [`generic`] one if no row names it.
pub fn of_host(host: &str) -> Arc<Dialect> {
    Table::built_in().of_host(host)
}

/// The row for providers that the table doesn't know: the standards, and what unknown fields most likely mean.
pub fn generic() -> Arc<Dialect> {
    Table::built_in().generic()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_condition_on_a_part_or_on_like_fields_says_whether_the_body_is_needed() {
        let row = "
            [[dialect]]
            name = 'mine'
            source = 'here'
            rules = [
                { status = [200], when = ['x-left-* = 0'], is = 'limited' },
                { status = [200], when = ['x-info[kind] = rate', 'body:/error = slow'], is = 'limited' },
            ]
        ";
        let mine = Table::built_in().extended(row).expect("a sound row").named("mine").expect("added");
        let needs = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )]);
            mine.needs_body(StatusCode::OK, &headers)
        };
        assert!(needs("x-info", "a=b; kind=rate"));
        assert!(!needs("x-info", "kind=other"));
        assert!(!needs("x-left-calls", "0"), "the first rule fits, and asks nothing of the body");
    }
}
