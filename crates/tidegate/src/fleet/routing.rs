//! How many servers limits may count on, and what that rests on. Never here: a limit.

use std::fmt;

use super::Weight;

/// How many servers limits may count on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routing {
    /// How many servers are in routing. With none, calls are tried on whatever may live.
    pub servers: u32,
    /// What a quota per server is multiplied by: the weights of the servers in routing, within floor and ceiling.
    pub weight: Weight,
    /// What that rests on.
    pub basis: Basis,
    /// Another number whenever anything of this has changed; from 1 on.
    pub generation: u64,
}

/// What the number of servers rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Fresh checks.
    Checks,
    /// Checks that ended long ago: since then nobody has checked any server.
    StaleChecks,
    /// Calls alone, because nobody checks: a server counts until calls to it fail.
    Calls,
    /// What was known of the servers before, because none of these has been checked yet.
    LastKnown,
    /// Nothing: no check has ended yet, and the floor counts.
    Nothing,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Basis::Checks => "fresh checks",
            Basis::StaleChecks => "stale checks",
            Basis::Calls => "calls alone",
            Basis::LastKnown => "what was last known",
            Basis::Nothing => "nothing yet",
        })
    }
}
