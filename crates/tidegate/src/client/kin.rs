//! Which calls share a bucket, as far as answers tell. Never here: a gate, a lock, a queue.
//!
//! A route (token, method and template) counts in the bucket that its answers name. Where they name none, it counts in
//! that of its template; templates of one token that prove to share a counter count in the bucket of one of them. A
//! route whose quota is known keeps its own: its owner knows better.
//!
//! What the table's rows give as a scope was looked through for names that tell buckets apart. Most are none: constants
//! for people (`token+resource`), the kind of limit that ran out (OpenAI's `{window}`, Stripe's and Atlassian's
//! reasons, the IETF's `{policy}`, of which one bucket may have several), lists in refusals only (Sentry), or an
//! account's address (Docker). So rows say on their own where a bucket is named, in answers that pass, too: Discord,
//! GitHub, GitLab, Bitbucket, Buildkite and Zoom, and unknown hosts that use the fields of the first two.

mod names;
mod signs;

use http::Method;
use tidegate_core::{Scope, Time, Verdict};
use tidegate_wire::feedback::Reading;

use crate::key::Key;
use names::Names;
use signs::{Signs, Told};

/// How long a method may be that tells routes apart. What is beyond is cut off: callers may make up methods of any length,
/// and routes are remembered.
const LONGEST_METHOD: usize = 32;

/// Calls that nothing tells apart but an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// The bucket that it counts in while nothing else is known.
    pub(crate) home: Key,
    /// By its text, since methods have no order. `None` where the home's quota is known, and no answer changes it.
    method: Option<String>,
}

impl Route {
    pub(crate) fn new(home: Key, method: &Method) -> Route {
        Route { home, method: Some(method.as_str().chars().take(LONGEST_METHOD).collect()) }
    }

    /// One that keeps its bucket, whatever answers say.
    pub(crate) fn settled(home: Key) -> Route {
        Route { home, method: None }
    }
}

/// What an answer to a route says about buckets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    /// The bucket's name.
    name: Option<&'a str>,
    outcome: Outcome,
    /// How much a window of it allows.
    limit: Option<u64>,
    sent: Time,
    now: Time,
    /// Until when the bucket is closed, by this answer.
    closed: Option<Time>,
    /// Until when nothing is left, by what it announces.
    empty: Option<Time>,
}

/// What came of a call, as a sign of what it shares with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// Refused for its own bucket's rate, with a wait told until then.
    Refused {
        until: Time,
    },
    /// No sign: an outage, a refusal for the whole origin or without a wait.
    Unclear,
}

/// Whose bucket another one is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    Nobody,
    /// The route that was answered.
    Route,
    /// Perhaps any route of its origin and token.
    Family,
}

impl<'a> Said<'a> {
    pub(crate) fn new(reading: &'a Reading, sent: Time, now: Time, closed: Option<Time>) -> Said<'a> {
        let feedback = &reading.feedback;
        let outcome = match feedback.verdict {
            Verdict::Passed if !reading.limited && !reading.terminal => Outcome::Passed,
            Verdict::Limited { wait: Some(wait) } if feedback.scope == Scope::Resource => {
                Outcome::Refused { until: now.later(wait) }
            }
            _ => Outcome::Unclear,
        };
        let empty = feedback.reset.filter(|_| feedback.remaining == Some(0)).map(|reset| now.later(reset));
        Said { name: reading.bucket.as_deref(), outcome, limit: feedback.limit, sent, now, closed, empty }
    }
}

impl Said<'_> {
    pub(crate) fn closes(&self) -> Option<Time> {
        self.closed
    }
}

/// All that is known of who shares a bucket.
#[derive(Debug, Default)]
pub(crate) struct Kin {
    names: Names,
    signs: Signs,
}

impl Kin {
    /// The bucket that a route counts in.
    pub(crate) fn bucket(&self, route: &Route) -> Key {
        if route.method.is_none() {
            return route.home.clone();
        }
        self.names.of(route).map_or_else(|| self.signs.of(&route.home), |name| route.home.named(name))
    }

    /// Until when a route was told to wait, wherever it counted then.
    pub(crate) fn told(&self, route: &Route) -> Option<Time> {
        self.names.told(route)
    }

    /// Forgets how long routes of an origin were told to wait, and what their buckets were called.
    pub(crate) fn forget(&mut self, origin: &str) {
        self.names.forget_origin(origin);
    }

    /// An answer came to a route.
    pub(crate) fn hear(&mut self, route: &Route, said: &Said<'_>) -> Moved {
        if route.method.is_none() {
            return Moved::Nobody;
        }
        if self.names.hear(route, said.name, said.closed, said.empty, said.now) {
            return Moved::Route;
        }
        if self.names.of(route).is_some() {
            return Moved::Nobody;
        }
        let Said { sent, now, limit, .. } = *said;
        let has_moved = match said.outcome {
            Outcome::Passed => self.signs.passed(&route.home, sent, now, limit),
            Outcome::Refused { until } => {
                self.signs.refused(&route.home, sent, Told { since: now, until }, limit)
            }
            Outcome::Unclear => false,
        };
        if has_moved { Moved::Family } else { Moved::Nobody }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_method_makes_a_route_long() {
        let (parts, ()) = http::Request::new(()).into_parts();
        let route = |method: &str| Route::new(Key::new(&parts, "/x"), &method.parse().unwrap());
        assert_ne!(route("GET"), route("PROPFIND"));
        assert_eq!(route(&"A".repeat(60_000)).method.map(|method| method.len()), Some(LONGEST_METHOD));
    }
}
