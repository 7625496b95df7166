//! What is counted of one upstream. Never here: which one it is.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tidegate::observe::Again;

use crate::office::counts::{Count, Histogram, Spans};

/// How long calls wait, in seconds: from what nobody notices to what a daily quota asks for.
const WAITS_SECONDS: [f64; 13] =
    [0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// The statuses of refusals that are counted by themselves, and one for all others.
const STATUSES: [&str; 5] = ["429", "503", "529", "403", "other"];

/// Why calls go again, in the order in which that is counted.
const REPEATS: [&str; 3] = ["refused", "never_sent", "harmless"];

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The upstream's answer.
    Answered,
    /// The upstream's answer to another call that asked the same.
    Shared,
    /// The upstream's refusal: one that no waiting lifts, or of what couldn't be sent again.
    HandedBack,
    /// The proxy's own refusal.
    Refused,
    /// Nobody waited for it any more.
    Gone,
}

impl Outcome {
    /// All of them, in the order in which they are counted.
    pub(super) const ALL: [Outcome; 5] =
        [Outcome::Answered, Outcome::Shared, Outcome::HandedBack, Outcome::Refused, Outcome::Gone];

    /// Its name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Outcome::Answered => "answered",
            Outcome::Shared => "shared",
            Outcome::HandedBack => "handed_back",
            Outcome::Refused => "refused",
            Outcome::Gone => "gone",
        }
    }
}

/// What is counted of one upstream.
#[derive(Debug)]
pub(crate) struct Row {
    calls: [Count; Outcome::ALL.len()],
    sent: Count,
    refusals: [Count; STATUSES.len()],
    repeats: [Count; REPEATS.len()],
    shut: Count,
    waits: Histogram<{ WAITS_SECONDS.len() }>,
    in_hand: AtomicUsize,
    recent: AtomicU64,
}

impl Default for Row {
    fn default() -> Row {
        Row {
            calls: Default::default(),
            sent: Count::default(),
            refusals: Default::default(),
            repeats: Default::default(),
            shut: Count::default(),
            waits: Histogram::new(&WAITS_SECONDS),
            in_hand: AtomicUsize::new(0),
            recent: AtomicU64::new(0),
        }
    }
}

impl Row {
    /// A call is in hand.
    pub(super) fn enter(&self) {
        self.in_hand.fetch_add(1, Ordering::Relaxed);
        self.recent.fetch_add(1, Ordering::Relaxed);
    }

    /// A call that was in hand has ended, having waited for so long.
    pub(super) fn end(&self, outcome: Outcome, waited: Option<Duration>) {
        self.calls[outcome as usize].one();
        if let Some(waited) = waited {
            self.waits.add(waited);
        }
        self.in_hand.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) {
        self.sent.one();
    }

    pub(super) fn refused(&self, status: StatusCode) {
        let known = STATUSES.iter().position(|known| *known == status.as_str());
        self.refusals[known.unwrap_or(STATUSES.len() - 1)].one();
    }

    pub(super) fn repeated(&self, cause: Again) {
        let number = match cause {
            Again::Refused => 0,
            Again::NeverSent => 1,
            // Whatever else there may be one day does no harm either.
            _ => 2,
        };
        self.repeats[number].one();
    }

    pub(super) fn shut(&self) {
        self.shut.one();
    }

    /// How often it was called of late.
    pub(super) fn recent(&self) -> u64 {
        self.recent.load(Ordering::Relaxed)
    }

    /// Of late is half as long ago.
    pub(super) fn age(&self) {
        self.recent.store(self.recent() / 2, Ordering::Relaxed);
    }

    /// From now on another one is counted, which was called so often of late.
    pub(super) fn begin_anew(&self, recent: u64) {
        let counts =
            self.calls.iter().chain(&self.refusals).chain(&self.repeats).chain([&self.sent, &self.shut]);
        counts.for_each(Count::clear);
        self.waits.clear();
        self.recent.store(recent, Ordering::Relaxed);
    }

    /// Calls that aren't at their end.
    pub(crate) fn in_hand(&self) -> usize {
        self.in_hand.load(Ordering::Relaxed)
    }

    /// Calls by what came of them.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Outcome::ALL.into_iter().map(Outcome::name).zip(self.calls.iter().map(Count::now))
    }

    /// Sendings, each call's second one and so on included.
    pub(crate) fn sendings(&self) -> u64 {
        self.sent.now()
    }

    /// The upstream's refusals by status.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        STATUSES.into_iter().zip(self.refusals.iter().map(Count::now))
    }

    /// Sendings that were to be made again, by why.
    pub(crate) fn repeats(&self) -> impl Iterator<Item = (&'static str, u64)> {
        REPEATS.into_iter().zip(self.repeats.iter().map(Count::now))
    }

    /// How often the budget of refusals was spent.
    pub(crate) fn times_shut(&self) -> u64 {
        self.shut.now()
    }

    /// How long calls waited before they were sent for the last time.
    pub(crate) fn waits(&self) -> Spans {
        self.waits.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_is_counted_where_it_belongs() {
        let row = Row::default();
        for (number, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, number, "{}", outcome.name());
        }
        row.enter();
        row.enter();
        row.sent();
        row.refused(StatusCode::TOO_MANY_REQUESTS);
        row.refused(StatusCode::IM_A_TEAPOT);
        row.repeated(Again::Refused);
        row.repeated(Again::Harmless);
        row.end(Outcome::HandedBack, Some(Duration::from_secs(7)));
        assert_eq!(row.in_hand(), 1);
        assert_eq!(row.calls().map(|(_, count)| count).collect::<Vec<_>>(), [0, 0, 1, 0, 0]);
        assert_eq!(row.refusals().map(|(_, count)| count).collect::<Vec<_>>(), [1, 0, 0, 0, 1]);
        assert_eq!(row.repeats().map(|(_, count)| count).collect::<Vec<_>>(), [1, 0, 1]);
        assert_eq!(row.waits().sum_seconds, 7.0);
        row.end(Outcome::Gone, None);
        row.begin_anew(3);
        assert_eq!((row.sendings(), row.recent(), row.calls().map(|(_, count)| count).sum()), (0, 3, 0));
    }
}
