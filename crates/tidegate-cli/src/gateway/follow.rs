//! Keeps the limits at the fleet's size, takes up what changes had to leave, and tells of servers that come and go. Never
//! here: how a fleet is counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tidegate::fleet::{ServerId, ServerView, State};
use tidegate::world;
use tidegate_core::Time;

use super::gate::Gate;
use crate::output;

/// How often is looked: limits follow a change within this.
const EVERY: Duration = Duration::from_millis(100);

/// How often is asked again for what a limit couldn't become yet.
const TEND_EVERY: u32 = 10;

/// Whether a server gets calls as any other does.
type Known = HashMap<ServerId, bool>;

/// Says on standard error which servers left routing and which came back, and what is known then.
fn tell(known: &Known, servers: &[ServerView], now: Time) -> Known {
    for server in servers {
        let is_in = server.state == State::InRouting;
        let news = match known.get(&server.id) {
            Some(was_in) => *was_in != is_in,
            // What isn't checked yet, or is well from the start, is no news.
            None => !is_in && server.state != State::Unknown,
        };
        if !news {
            continue;
        }
        let (name, state) = (&server.name, server.state_in_words(now));
        match server.last_failure.filter(|_| !is_in) {
            Some(failure) => output::error(format!("{name}: {state}; {}", failure.what)),
            None => output::error(format!("{name}: {state}")),
        }
    }
    let told = servers.iter().filter(|server| server.state != State::Unknown);
    told.map(|server| (server.id, server.state == State::InRouting)).collect()
}

/// Follows the fleet until it is dropped.
pub(crate) async fn follow(gate: Arc<Gate>) {
    let mut seen = None;
    let mut turn = 0u32;
    let mut kept = false;
    let mut known = HashMap::new();
    loop {
        let now = world::now();
        let terms = gate.terms();
        let current = Some((gate.fleet.generation(now), terms.generation));
        if current != seen {
            seen = current;
            let servers = gate.fleet.view(now);
            terms.note_routing(&servers);
            known = tell(&known, &servers, now);
            kept = !gate.follow(now).kept.is_empty();
        } else if kept && turn.is_multiple_of(TEND_EVERY) {
            kept = !gate.limiter.tend(now).kept.is_empty();
        }
        turn = turn.wrapping_add(1);
        world::sleep_until(now.later(EVERY)).await;
    }
}
