//! What a policy does to a request, told. Never here: a rule of it, or an algorithm.

use std::net::IpAddr;

use tidegate::classify::{Class, Explanation, Limit, Mode, Request};
use tidegate::limiter::Limiter;
use tidegate::path::{Fault, Host, Target};
use tidegate::store::{Room, Secret, Table};

use super::asked::Asked;
use super::outlook::{self, Ahead, Then};
use crate::exit::{Exit, Failure};
use crate::policy::settings::Config;

/// What is told of a request.
#[derive(Debug)]
pub(super) struct Told {
    /// The request in short: `GET /v1/rooms from 192.0.2.1`.
    pub(super) request: String,
    /// What it is taken for, where that isn't what was sent.
    pub(super) notes: Vec<String>,
    pub(super) outcome: Outcome,
}

/// What becomes of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is refused before any limit is looked at; the fault, and where it stands.
    Malformed { fault: Fault, shown: String },
    /// The limits say.
    Limits(Box<Limits>),
}

/// What the limits say.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) explanation: Explanation,
    pub(super) class: Class,
    pub(super) ahead: Vec<Ahead>,
    /// All limits, by number.
    pub(super) limits: Vec<Limit>,
    /// How many servers count.
    pub(super) servers: f64,
    /// How many such calls come at once.
    pub(super) repeat: u64,
}

/// Memory for the counts of one request.
const MEMORY: usize = 1 << 14;

impl Told {
    /// What the policy does to the request, on counts that nobody has used.
    ///
    /// # Errors
    /// When the policy doesn't compile, which a checked one does.
    pub(super) async fn of(asked: &Asked, config: Config) -> Result<Told, Failure> {
        let client = config.gateway.trust.client(asked.peer, &asked.headers);
        // Nothing is kept, so nobody can aim at it.
        let (table, secret) = (Table::new(Room::split(MEMORY)), Secret::new([1, 2]));
        let limiter = Limiter::new(config.policy, table, secret, outlook::NOW).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Failure::new(Exit::Usage, faults.join("; "))
        })?;
        limiter.fleet(asked.servers_thousandths, outlook::NOW);
        let mut notes = Vec::new();
        if client.hops > 0 {
            notes.push(format!("{} is a trusted proxy, and tells so", asked.peer));
        }
        if asked.taken_away > 0 {
            notes.push(
                "fields with `_`, and those that only trusted proxies may set, are taken away first"
                    .to_owned(),
            );
        }
        let outcome = outcome(asked, client.address, &limiter, &mut notes).await;
        let outcome = outcome.unwrap_or_else(|malformed| malformed);
        Ok(Told {
            request: format!("{} {} from {}", asked.method, asked.target, client.address),
            notes,
            outcome,
        })
    }
}

async fn outcome(
    asked: &Asked,
    client: IpAddr,
    limiter: &Limiter<Table>,
    notes: &mut Vec<String>,
) -> Result<Outcome, Outcome> {
    let rules = limiter.rules();
    let target = Target::of(asked.target.as_bytes(), rules.paths()).map_err(|fault| {
        let before = asked.target.get(..fault.byte() - 1).unwrap_or(&asked.target).chars().count();
        let shown = format!("  {}\n  {}^\n", asked.target, " ".repeat(before));
        Outcome::Malformed { fault, shown }
    })?;
    let host = Host::of(target.authority(), &asked.headers)
        .map_err(|fault| Outcome::Malformed { fault, shown: String::new() })?;
    notes.extend(spelling(asked, &target));
    let request =
        Request { method: &asked.method, target: &target, host: &host, headers: &asked.headers, client };
    let Ok(explained) = limiter.explain(outlook::NOW, &request).await;
    let classifier = rules.classifier();
    Ok(Outcome::Limits(Box::new(Limits {
        class: explained.class().unwrap_or_default(),
        ahead: explained.foreseen.iter().map(outlook::ahead).collect(),
        explanation: explained.explanation,
        limits: (0..classifier.len() as u32).map(|number| classifier.limit(number).clone()).collect(),
        servers: f64::from(asked.servers_thousandths) / 1_000.0,
        repeat: u64::from(asked.repeat),
    })))
}

/// What a target is taken for, where it isn't what was sent.
fn spelling(asked: &Asked, target: &Target<'_>) -> Option<String> {
    let sent = asked.target.split('?').next().unwrap_or_default();
    let matched = (target.path() != sent).then(|| format!("limits see the path {}", target.path()));
    let forwarded = (!target.is_as_sent()).then(|| format!("servers see {}", target.path_and_query()));
    match (matched, forwarded) {
        (Some(matched), Some(forwarded)) => Some(format!("{matched}; {forwarded}")),
        (matched, forwarded) => matched.or(forwarded),
    }
}

impl Limits {
    /// The limit that stops such calls first, and how many pass before: of those that refuse, or of those in shadow.
    pub(super) fn first_to_stop(&self, mode: Mode) -> Option<(&Ahead, u64)> {
        let of_mode = self.ahead.iter().filter(|ahead| ahead.mode == mode && ahead.then != Then::Passes);
        of_mode.filter_map(|ahead| Some((ahead, ahead.passes?))).min_by_key(|(_, passes)| *passes)
    }

    /// What is left under a limit after the calls that pass.
    pub(super) fn left(&self, ahead: &Ahead) -> Option<u64> {
        let passes =
            self.first_to_stop(Mode::Enforce).map_or(self.repeat, |(_, passes)| passes.min(self.repeat));
        Some(ahead.quota?.burst().saturating_sub(ahead.cost.saturating_mul(passes)))
    }

    /// A limit's name.
    pub(super) fn name(&self, ahead: &Ahead) -> &str {
        &self.limits[ahead.limit as usize].name
    }
}
