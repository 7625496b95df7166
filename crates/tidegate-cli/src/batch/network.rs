//! Whether it is an item that can't be answered, or nobody can be reached. Never here: a clock, a wait.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tidegate_core::Time;

/// How often an item may break while others are answered.
const OWN_FAULTS: u32 = 3;

/// The pause before an item goes again; it doubles from one to the next.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is known of the way to the upstreams.
#[derive(Debug)]
pub(crate) struct Network {
    /// How long nobody may be reached before the run ends.
    patience: Duration,
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    heard: Option<Time>,
    silent_since: Option<Time>,
}

/// What becomes of an item whose connection broke, though it was tried more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It goes again after a pause.
    Again(Duration),
    /// Others are answered, and it isn't.
    Fails,
    /// Nobody is answered: the run ends.
    Ends,
}

impl Network {
    pub(crate) fn new(patience: Duration) -> Network {
        Network { patience, known: Mutex::default() }
    }

    /// Somebody answered.
    pub(crate) fn heard(&self, now: Time) {
        self.with(|known| *known = Known { heard: Some(now), silent_since: None });
    }

    /// An item that was called at `began` broke at `now`; `own` is how often it did so by its own fault, which is
    /// counted here, and `times` how often in all.
    pub(crate) fn broke(&self, began: Time, now: Time, own: &mut u32, times: u32) -> Next {
        let (others_are_answered, silent_since) = self.with(|known| {
            let answered = known.heard.is_some_and(|heard| heard > began);
            let since = if answered { now } else { *known.silent_since.get_or_insert(began) };
            (answered, since)
        });
        *own += u32::from(others_are_answered);
        if *own >= OWN_FAULTS {
            return Next::Fails;
        }
        if now.since(silent_since) >= self.patience {
            return Next::Ends;
        }
        Next::Again(FIRST_PAUSE.saturating_mul(1 << times.min(10)).min(LONGEST_PAUSE))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_nobody_is_reached_no_item_is_to_blame() {
        let network = Network::new(Duration::from_secs(60));
        let (at, mut own) = (Time::from_secs, 0);
        network.heard(at(1));
        assert_eq!(network.broke(at(2), at(3), &mut own, 0), Next::Again(FIRST_PAUSE));
        assert_eq!(network.broke(at(60), at(61), &mut own, 9), Next::Again(LONGEST_PAUSE));
        assert_eq!((network.broke(at(61), at(62), &mut own, 9), own), (Next::Ends, 0));
    }

    #[test]
    fn an_item_that_breaks_while_others_are_answered_fails_by_itself() {
        let network = Network::new(Duration::from_secs(1));
        let (at, mut own) = (Time::from_secs, 0);
        for round in 1..=3 {
            network.heard(at(10 * round + 1));
            let next = network.broke(at(10 * round), at(10 * round + 5), &mut own, 0);
            assert_eq!(next == Next::Fails, round == 3, "round {round}: {next:?}");
        }
    }
}
