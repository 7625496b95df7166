//! One check of one server: a GET on a connection of its own. Never here: when, how often.

use http::header::USER_AGENT;
use http::{HeaderValue, Request};
use std::time::Duration;
use tidegate::fleet::Check;

use crate::policy::settings::{Health, UpstreamAddress, UpstreamTerms};
use crate::relay::fault::Fault;
use crate::relay::forward::Outgoing;
use crate::relay::upstream::{Authorities, HostSeen, Server};

/// What servers' logs have of a check.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("tidegate-health/", env!("CARGO_PKG_VERSION")));

/// What is checked, and how: a reload that changes none of it leaves a check alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) address: UpstreamAddress,
    pub(super) health: Health,
    pub(super) terms: UpstreamTerms,
}

/// Checks one server.
#[derive(Debug)]
pub(super) struct Probe {
    plan: Plan,
    authorities: Authorities,
}

impl Probe {
    pub(super) fn new(plan: Plan, authorities: &Authorities) -> Probe {
        // Half of the time is for a connection, so that what is left shows whether anybody answers on it. Nothing of a
        // check is kept for the next one: whether new connections come about is what it is to find out.
        let timeout = plan.health.timeout;
        let terms = UpstreamTerms {
            connect: plan.terms.connect.min(timeout / 2),
            answer: timeout,
            idle: timeout,
            ..plan.terms.clone()
        };
        Probe { plan: Plan { terms, ..plan }, authorities: authorities.clone() }
    }

    pub(super) fn every(&self) -> Duration {
        self.plan.health.every
    }

    /// Asks once, and comes back within the time-out.
    pub(super) async fn check(&self) -> Check {
        let Plan { address, health, terms } = &self.plan;
        let Ok(server) = Server::new(address, terms, &self.authorities, HostSeen::Own) else {
            return Check::Failed;
        };
        let request = Request::get(health.path.as_str()).header(USER_AGENT, AGENT).body(Outgoing::empty());
        // The policy has seen to it that the path is one.
        let Ok(request) = request else { return Check::Failed };
        match tokio::time::timeout(health.timeout, server.send(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Check::Passed,
            Ok(Err(error)) if matches!(error.fault, Fault::Unreachable(_)) => Check::Refused,
            _ => Check::Failed,
        }
    }
}
