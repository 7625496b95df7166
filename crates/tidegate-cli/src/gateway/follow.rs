//! Keeps the limits at the fleet's size, and takes up what changes had to leave. Never here: how a fleet is counted.

use std::sync::Arc;
use std::time::Duration;

use tidegate::world;

use super::gate::Gate;

/// How often is looked: limits follow a change within this.
const EVERY: Duration = Duration::from_millis(100);

/// How often is asked again for what a limit couldn't become yet.
const TEND_EVERY: u32 = 10;

/// Follows the fleet until it is dropped.
pub(crate) async fn follow(gate: Arc<Gate>) {
    let mut generation = 0;
    let mut turn = 0u32;
    let mut kept = false;
    loop {
        let now = world::now();
        let current = gate.fleet.generation(now);
        if current != generation {
            generation = current;
            kept = !gate.follow(now).kept.is_empty();
        } else if kept && turn.is_multiple_of(TEND_EVERY) {
            kept = !gate.limiter.tend(now).kept.is_empty();
        }
        turn = turn.wrapping_add(1);
        world::sleep_until(now.later(EVERY)).await;
    }
}
