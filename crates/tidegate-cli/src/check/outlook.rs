//! What would happen to calls under their limits, from a fresh count on, spending nothing. Never here: words.

use tidegate::classify::Mode;
use tidegate::limiter::Foreseen;
use tidegate_core::{Ask, Decision, Quota, Shape, State, Time, peek, step};
use tidegate_wire::retry_after;

/// The instant of it all: one at which all windows of the clock begin, so that waits are the longest.
pub(super) const NOW: Time = Time::ZERO;

/// What one limit would do.
#[derive(Clone, Debug)]
pub(super) struct Ahead {
    /// The limit's number.
    pub(super) limit: u32,
    pub(super) mode: Mode,
    pub(super) cost: u64,
    /// The quota that counts: of the plan, for the servers that there are.
    pub(super) quota: Option<Quota>,
    /// How many calls may be in flight.
    pub(super) at_once: Option<u32>,
    /// How many such calls pass at once; `None` for any number.
    pub(super) passes: Option<u64>,
    /// What stops the next one.
    pub(super) then: Then,
}

/// What becomes of the first call that doesn't pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// There is none.
    Passes,
    /// It is told to wait so many seconds, or at most so many if windows go by the clock.
    Waits { seconds: u64, at_most: bool },
    /// It goes when another of its key has ended.
    WaitsForOthers,
    /// It never passes.
    Never,
}

/// What a limit that nobody has used would do to calls that come at once.
pub(super) fn ahead(foreseen: &Foreseen) -> Ahead {
    let Foreseen { mode, charge, quota, .. } = *foreseen;
    let (mut passes, mut then) =
        quota.as_ref().map_or((None, Then::Passes), |quota| by_quota(quota, charge.cost));
    let at_once = foreseen.at_once.map(|(_, most)| most);
    if let Some(most) = at_once.map(u64::from)
        && passes.is_none_or(|passes| passes > most)
    {
        (passes, then) = (Some(most), Then::WaitsForOthers);
    }
    Ahead { limit: charge.limit, mode, cost: charge.cost, quota, at_once, passes, then }
}

fn by_quota(quota: &Quota, cost: u64) -> (Option<u64>, Then) {
    let Some(passes) = quota.burst().checked_div(cost) else { return (None, Then::Passes) };
    let mut state = State::default();
    step(quota, &mut state, NOW, Ask::NOW.costing(passes * cost));
    let then = match peek(quota, &state, NOW, Ask::NOW.costing(cost)) {
        Decision::Admit { .. } => Then::Passes,
        Decision::Deny { retry_at } => {
            let seconds = retry_after::write(retry_at.since(NOW));
            Then::Waits { seconds, at_most: quota.shape() == Shape::Fixed }
        }
        Decision::Never => Then::Never,
    };
    (Some(passes), then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(quota: &str, cost: u64, passes: Option<u64>, then: Then) {
        assert_eq!(by_quota(&quota.parse().unwrap(), cost), (passes, then), "{quota} at {cost}");
    }

    #[test]
    fn calls_pass_until_the_burst_is_gone() {
        let waits = |seconds| Then::Waits { seconds, at_most: false };
        check("60 per minute, burst 10", 1, Some(10), waits(1));
        check("60 per minute, burst 10", 4, Some(2), waits(2));
        check("60 per minute, burst 10", 11, Some(0), Then::Never);
        check("60 per minute, burst 10", 0, None, Then::Passes);
        check("5 per hour, fixed", 1, Some(5), Then::Waits { seconds: 3_600, at_most: true });
        check("5 per hour, opened", 1, Some(5), waits(3_600));
        check("5 per hour, log", 2, Some(2), waits(3_600));
    }
}
