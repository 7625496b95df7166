//! One limit, one ask, one decision: when could it go, and if that is soon enough, spend. Never here: a shape's
//! own arithmetic, several limits.

use core::time::Duration;

use crate::decision::{Ask, Decision, Receipt};
use crate::gcra::{self, FullAt};
use crate::quota::{Quota, Shape};
use crate::time::Time;
use crate::window::fixed::{self, Window};
use crate::window::log::{self, Log};
use crate::window::sliding::{self, Pair};

/// What a limit remembers of one key. An unused one is [`State::default`], and so is one whose time has passed.
///
/// A state belongs to its quota, in whose measure it counts: under another quota of the same shape it means
/// something else, though nothing goes wrong; under one of another shape it counts as unused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub(crate) Count);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Count {
    #[default]
    Unused,
    Bucket(FullAt),
    Window(Window),
    Sliding(Pair),
    Log(Log),
}

/// Decides one ask against one limit, at `now`, and spends its cost if it is admitted.
///
/// Total: every state, every instant and every ask has an answer. An ask from before the state's own time (two
/// clocks, two threads) is served, and the state never moves back.
///
/// ```
/// use core::time::Duration;
/// use tidegate_core::{Ask, Decision, Quota, State, Time, step};
/// let quota: Quota = "1 per second".parse().unwrap();
/// let mut state = State::default();
/// let now = Time::from_secs(100);
/// assert_eq!(step(&quota, &mut state, now, Ask::NOW).admitted_at(), Some(now));
/// // A server is told when to say "again"; a client that waits is given its turn.
/// assert_eq!(step(&quota, &mut state, now, Ask::NOW), Decision::Deny { retry_at: Time::from_secs(101) });
/// let patient = Ask::NOW.within(Duration::from_secs(5));
/// assert_eq!(step(&quota, &mut state, now, patient).admitted_at(), Some(Time::from_secs(101)));
/// ```
pub fn step(quota: &Quota, state: &mut State, now: Time, ask: Ask) -> Decision {
    match when(quota, state, now, ask) {
        Ok(at) => {
            let receipt = Receipt { asked: now, ..state.0.spend(quota, at, ask.cost) };
            Decision::Admit { at, remaining: state.0.remaining(quota, at), receipt }
        }
        Err(refusal) => refusal,
    }
}

/// What [`step`] would answer, spending nothing. Its receipt is for nothing.
pub fn peek(quota: &Quota, state: &State, now: Time, ask: Ask) -> Decision {
    match when(quota, state, now, ask) {
        Ok(at) => {
            let remaining = state.0.remaining(quota, at).saturating_sub(ask.cost);
            Decision::Admit { at, remaining, receipt: Receipt::default() }
        }
        Err(refusal) => refusal,
    }
}

/// Takes back what an admitted call spent that was dropped before it was made.
///
/// Call it once per receipt. At once, it restores the state. Later there is less to give back: what time has
/// refilled since is there already, and a turn that others wait behind stays empty, since theirs were promised. It
/// never lets more pass than the bound.
///
/// `now` is the latest instant that the state was asked about, or later: only asks may come out of order.
pub fn refund(quota: &Quota, state: &mut State, now: Time, receipt: Receipt) {
    settle(quota, state, now, receipt, 0);
}

/// Brings what an admitted call spent to what it turned out to cost: less than it reserved, or more.
///
/// Call it once per receipt, in place of [`refund`], which is the case of nothing used. What wasn't used comes back
/// as there; what was used on top is owed, and keeps later calls waiting, as if it had been spent when the call
/// went. No call ever costs more than a burst, no bucket owes more than 64 bursts or 30 days, and what a window
/// owes ends with it: one wild figure shuts nobody out for good.
///
/// ```
/// use core::time::Duration;
/// use tidegate_core::{Ask, Decision, Quota, State, Time, settle, step};
/// let quota: Quota = "10 per second".parse().unwrap();
/// let (mut state, now) = (State::default(), Time::from_secs(100));
/// let Decision::Admit { receipt, .. } = step(&quota, &mut state, now, Ask::NOW) else { panic!("nothing was used") };
/// settle(&quota, &mut state, now, receipt, 4);
/// assert_eq!(state.remaining(&quota, now), 6);
/// ```
pub fn settle(quota: &Quota, state: &mut State, now: Time, receipt: Receipt, used: u64) {
    if receipt.cost == 0 && used == 0 {
        return;
    }
    let used = used.min(quota.burst());
    match (quota.shape(), &mut state.0) {
        (Shape::Bucket, Count::Unused) if used > receipt.cost => {
            // Forgotten since, and found again as the call left it.
            let mut full = FullAt(receipt.place);
            gcra::settle(quota, &mut full, now, receipt, used);
            state.0 = Count::Bucket(full);
        }
        (_, Count::Unused) => {}
        (_, Count::Bucket(full)) => gcra::settle(quota, full, now, receipt, used),
        (_, Count::Window(window)) => fixed::settle(window, receipt, used),
        (_, Count::Sliding(pair)) => sliding::settle(quota, pair, receipt, used),
        (_, Count::Log(log)) => log::settle(log, receipt, used),
    }
}

impl State {
    /// How many units would pass at `now`.
    pub fn remaining(&self, quota: &Quota, now: Time) -> u64 {
        self.0.remaining(quota, now)
    }

    /// The instant from which the state equals an unused one, so that it may be forgotten.
    pub fn full_at(&self, quota: &Quota) -> Time {
        match &self.0 {
            Count::Unused => Time::ZERO,
            Count::Bucket(full) => gcra::full_at(quota, *full),
            Count::Window(window) => fixed::full_at(quota, *window),
            Count::Sliding(pair) => sliding::full_at(quota, *pair),
            Count::Log(log) => log::full_at(quota, log),
        }
    }
}

/// When the ask goes, or the refusal.
pub(crate) fn when(quota: &Quota, state: &State, now: Time, ask: Ask) -> Result<Time, Decision> {
    if ask.cost == 0 {
        return Ok(now);
    }
    if ask.cost > quota.burst() {
        return Err(Decision::Never);
    }
    let at = state.0.earliest(quota, now, ask.cost);
    if within(now, at, ask.patience) { Ok(at) } else { Err(Decision::Deny { retry_at: at }) }
}

/// Whether `at` is soon enough. The end of time is where instants saturate: nobody waits for it.
fn within(now: Time, at: Time, patience: Duration) -> bool {
    at.since(now) <= patience && at < Time::MAX
}

impl Count {
    /// The first instant, not before `now`, at which `cost` fits. The cost is at most the burst.
    fn earliest(&self, quota: &Quota, now: Time, cost: u64) -> Time {
        match (quota.shape(), self) {
            (Shape::Bucket, Count::Bucket(full)) => gcra::earliest(quota, *full, now, cost),
            (Shape::Fixed | Shape::Opened, Count::Window(window)) => {
                fixed::earliest(quota, *window, now, cost)
            }
            (Shape::Sliding, Count::Sliding(pair)) => sliding::earliest(quota, *pair, now, cost),
            (Shape::Log, Count::Log(log)) => log::earliest(quota, log, now, cost),
            _unused => now,
        }
    }

    pub(crate) fn spend(&mut self, quota: &Quota, at: Time, cost: u64) -> Receipt {
        if cost == 0 {
            return Receipt::default();
        }
        match (quota.shape(), &mut *self) {
            (Shape::Bucket, Count::Bucket(full)) => gcra::spend(quota, full, at, cost),
            (Shape::Fixed | Shape::Opened, Count::Window(window)) => fixed::spend(quota, window, at, cost),
            (Shape::Sliding, Count::Sliding(pair)) => sliding::spend(quota, pair, at, cost),
            (Shape::Log, Count::Log(log)) => log::spend(quota, log, at, cost),
            (shape, unused) => {
                *unused = Count::opened(shape);
                unused.spend(quota, at, cost)
            }
        }
    }

    pub(crate) fn remaining(&self, quota: &Quota, at: Time) -> u64 {
        match (quota.shape(), self) {
            (Shape::Bucket, Count::Bucket(full)) => gcra::remaining(quota, *full, at),
            (Shape::Fixed | Shape::Opened, Count::Window(window)) => fixed::remaining(quota, *window, at),
            (Shape::Sliding, Count::Sliding(pair)) => sliding::remaining(quota, *pair, at),
            (Shape::Log, Count::Log(log)) => log::remaining(quota, log, at),
            _unused => quota.burst(),
        }
    }

    fn opened(shape: Shape) -> Count {
        match shape {
            Shape::Bucket => Count::Bucket(FullAt::default()),
            Shape::Fixed | Shape::Opened => Count::Window(Window::default()),
            Shape::Sliding => Count::Sliding(Pair::default()),
            Shape::Log => Count::Log(Log::default()),
        }
    }
}
