//! The flags of `tidegate simulate`, and the scenario that they make. Never here: playing it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tidegate_core::Quota;
use tidegate_sim::scenario::{Announce, RetryAfter, Routing};
use tidegate_sim::{Limit, Scenario};

use crate::exit::{Exit, Failure};

/// Be a rate-limited API on this machine, for trying and testing clients
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8429", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Play this scenario file instead of four servers with hidden limits
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// How many servers stand behind the address, each with its own counters
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    servers: Option<u32>,
    /// A limit per token and server, such as "GET /v1/rooms: 300 per minute, burst 50"; may be repeated
    #[arg(long = "limit", value_name = "LIMIT")]
    limits: Vec<String>,
    /// How many rooms there are to list
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=10_000_000))]
    rooms: Option<u64>,
    /// How a call finds its server
    #[arg(long, value_enum, value_name = "HOW")]
    routing: Option<Way>,
    /// What refusals tell: honest, date, missing, garbage, "too short by 2 s" or "too long by 2 s"
    #[arg(long, value_name = "WHAT")]
    retry_after: Option<RetryAfter>,
    /// Announce what is left in RateLimit and RateLimit-Policy fields
    #[arg(long)]
    announce: bool,
    /// What chance is drawn from: the same seed, the same routing, delays and failures
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Say nothing but the address
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// [`Routing`], as it is typed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Way {
    Random,
    RoundRobin,
    Sticky,
}

impl From<Way> for Routing {
    fn from(way: Way) -> Routing {
        match way {
            Way::Random => Routing::Random,
            Way::RoundRobin => Routing::RoundRobin,
            Way::Sticky => Routing::Sticky,
        }
    }
}

const AFTER: &str = "\
To any bearer token it answers GET /v1/rooms, GET and POST /v1/messages and
GET /v1/people/{id}, in Webex's shape; /v1/echo tells back what arrived there.
Every token has its own counters.
  GET  /_tidegate/stats   what was counted, with violations and the oracle's time
  POST /_tidegate/reset   begins anew
Ctrl-C or SIGTERM end it with exit code 0.";

fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let expected = "expected an address and a port, such as 127.0.0.1:8429 or [::1]:0";
    numeric.as_deref().unwrap_or(text).parse().map_err(|_| expected.to_owned())
}

impl Args {
    /// The scenario of the file, or the usual one, with the flags' changes.
    pub(crate) fn scenario(&self) -> Result<Scenario, Failure> {
        let mut scenario = match &self.scenario {
            Some(path) => read(path)?,
            None => Scenario::default(),
        };
        for text in &self.limits {
            scenario = scenario.with_limit(limit(text)?);
        }
        scenario.servers = self.servers.unwrap_or(scenario.servers);
        scenario.content.rooms = self.rooms.unwrap_or(scenario.content.rooms);
        scenario.routing = self.routing.map_or(scenario.routing, Routing::from);
        scenario.retry_after = self.retry_after.unwrap_or(scenario.retry_after);
        if self.announce {
            scenario.announce = Announce::Figures;
        }
        let unplayable = |error| Failure::new(Exit::Usage, format!("these flags make no scenario: {error}"));
        scenario.check().map_err(unplayable)?;
        Ok(scenario)
    }
}

fn read(path: &Path) -> Result<Scenario, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Usage, format!("can't read the scenario {name}: {error}")))?;
    text.parse().map_err(|error| Failure::new(Exit::Usage, format!("in the scenario {name}: {error}")))
}

/// Reads a limit; a mistake in its quota is pointed at.
fn limit(text: &str) -> Result<Limit, Failure> {
    text.parse::<Limit>().map_err(|error| {
        let shown = point_at_quota(text).unwrap_or_else(|| format!("--limit \"{text}\": {error}"));
        Failure::new(Exit::Usage, shown)
    })
}

/// The limit with a caret below the place in its quota that can't be read; `None` if the quota can.
fn point_at_quota(text: &str) -> Option<String> {
    let (calls, quota) = text.split_once(": ")?;
    let error = quota.parse::<Quota>().err()?;
    let before = calls.chars().count() + ": ".len() + quota.get(..error.offset())?.chars().count();
    Some(format!("the quota of this --limit can't be read: {error}\n    {text}\n    {:before$}^", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, lines: &[&str]) {
        let failure = limit(text).unwrap_err();
        let said = failure.to_string();
        assert_eq!(failure.exit(), Exit::Usage);
        let tail: Vec<&str> = said.lines().skip(1).collect();
        assert_eq!(tail, lines, "{said}");
    }

    #[test]
    fn a_mistake_in_a_quota_is_pointed_at() {
        check_refused(
            "GET /v1/rooms: 300 per minut",
            &["    GET /v1/rooms: 300 per minut", "                           ^"],
        );
        check_refused("GET /é: 5", &["    GET /é: 5", "             ^"]);
    }

    #[test]
    fn an_address_has_a_port() {
        assert_eq!(address("localhost:80"), Ok(([127, 0, 0, 1], 80).into()));
        assert_eq!(address("[::1]:0").unwrap().port(), 0);
        assert!(address("127.0.0.1").unwrap_err().contains("a port"));
    }

    #[test]
    fn a_mistake_before_the_quota_is_told() {
        check_refused("GET /v1/rooms", &[]);
        check_refused("rooms: 5/s", &[]);
    }
}
