//! A command that meets the scenario's first limit, for those who try it out. Never here: running it.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use tidegate_sim::scenario::Per;
use tidegate_sim::{Limit, Scenario};

/// Calls of the played API, and how to make many of each.
const CALLS: [(&str, &str, &str); 4] = [
    ("GET", "/v1/rooms", "--items /items '{url}/v1/rooms?max=10&page={1..{calls}}'"),
    ("GET", "/v1/messages", "--items /items '{url}/v1/messages?max=10&page={1..{calls}}'"),
    ("POST", "/v1/messages", "-X POST --json-body '{\"text\":\"hi\"}' '{url}/v1/messages?id={1..{calls}}'"),
    ("GET", "/v1/people/1", "--items '' '{url}/v1/people/me?call={1..{calls}}'"),
];

/// What is played when no limit is on any call: page after page.
const UNLIMITED: &str =
    "TIDEGATE_TOKEN=any tidegate fetch --all-pages --items /items '{url}/v1/rooms?max=10'";

/// Round trips at once: fewer would be slower than some limits, more are no help.
const CONCURRENCY: std::ops::RangeInclusive<f64> = 8.0..=64.0;

/// Calls in all: enough to see something, and no more than one has patience for.
const MOST_CALLS: u64 = 2_000;

/// The command, on one line.
pub(super) fn command(scenario: &Scenario, address: SocketAddr) -> String {
    let url = format!("http://{address}");
    let Some((limit, call)) = scenario.limits.iter().find_map(|limit| Some((limit, covered(limit)?))) else {
        return UNLIMITED.replace("{url}", &url);
    };
    let servers = match limit.per {
        Per::Server => NonZeroU32::new(scenario.servers).map_or(1, NonZeroU32::get),
        Per::Fleet => 1,
    };
    let round_trip = scenario.latency.base + scenario.latency.spread;
    // Twice as fast as the limit lets, so that it is met however much was saved up.
    let rate = limit.quota.per_second() * f64::from(servers);
    let concurrency =
        (2.0 * rate * round_trip.as_secs_f64()).round().clamp(*CONCURRENCY.start(), *CONCURRENCY.end());
    let at_once = limit.quota.burst().saturating_mul(u64::from(servers));
    let calls = at_once.saturating_mul(3).clamp(20, MOST_CALLS);
    let call = call.replace("{calls}", &calls.to_string()).replace("{url}", &url);
    format!("TIDEGATE_TOKEN=any tidegate fetch --concurrency {concurrency} {call}")
}

/// A call that the limit is about.
fn covered(limit: &Limit) -> Option<&'static str> {
    CALLS.iter().find(|(method, path, _)| limit.calls.covers(method, path)).map(|(_, _, call)| *call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(limit: &str, rest: &str) {
        let mut scenario = Scenario { servers: 2, limits: Vec::new(), ..Scenario::default() };
        scenario.limits.extend((!limit.is_empty()).then(|| limit.parse::<Limit>().unwrap()));
        let found = command(&scenario, ([127, 0, 0, 1], 8429).into());
        assert_eq!(found, format!("TIDEGATE_TOKEN=any tidegate fetch {rest}"), "{limit}");
    }

    #[test]
    fn the_command_is_one_that_the_first_limit_is_about() {
        check(
            "GET /v1/rooms: 5/s, burst 30",
            "--concurrency 8 --items /items 'http://127.0.0.1:8429/v1/rooms?max=10&page={1..180}'",
        );
        check(
            "POST /v1/messages: 1/s, burst 2",
            "--concurrency 8 -X POST --json-body '{\"text\":\"hi\"}' 'http://127.0.0.1:8429/v1/messages?id={1..20}'",
        );
        check(
            "GET /v1/people/{id}: 200/s, burst 50000",
            "--concurrency 56 --items '' 'http://127.0.0.1:8429/v1/people/me?call={1..2000}'",
        );
        check(
            "GET /v1/rooms: 4611686018427387904 per s",
            "--concurrency 64 --items /items 'http://127.0.0.1:8429/v1/rooms?max=10&page={1..2000}'",
        );
        check("GET /v1/teams: 5/s", "--all-pages --items /items 'http://127.0.0.1:8429/v1/rooms?max=10'");
        check("", "--all-pages --items /items 'http://127.0.0.1:8429/v1/rooms?max=10'");
    }
}
