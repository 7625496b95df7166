//! Quotas and histories of every size, for the laws to hold over. Never here: a law.

use std::time::Duration;

use proptest::prelude::*;
use tidegate_core::{Ask, Decision, Quota, Receipt, Shape, State, Time, refund, step};

/// A number of any magnitude up to 2^`bits`, small and large alike likely.
fn any_magnitude(bits: u32) -> impl Strategy<Value = u64> {
    (0..=bits, any::<u64>()).prop_map(move |(bits, draw)| (draw >> 1) % (1u64 << bits) + 1)
}

/// Quotas of every shape, as people have them and from the ends of the range.
pub(crate) fn any_quota() -> impl Strategy<Value = Quota> {
    prop_oneof![any_bucket(), any_window()]
}

/// Buckets alone.
pub(crate) fn any_bucket() -> impl Strategy<Value = Quota> {
    prop_oneof![plain_quota(), extreme_quota()]
}

/// Windows alone. A log, which has a bound of its own, is a sliding counter where it would be too long.
pub(crate) fn any_window() -> impl Strategy<Value = Quota> {
    let shapes = [Shape::Fixed, Shape::Opened, Shape::Sliding, Shape::Log];
    (proptest::sample::select(shapes.to_vec()), any_bucket()).prop_map(|(shape, quota)| {
        quota.with_shape(shape).or_else(|_| quota.with_shape(Shape::Sliding)).unwrap()
    })
}

fn plain_quota() -> impl Strategy<Value = Quota> {
    let windows = prop_oneof![Just(1_000u64), Just(7_001), Just(1_000_000_000), Just(60_000_000_000)];
    (1..50u64, windows, 1..20u64).prop_map(|(amount, window_ns, burst)| {
        let quota = Quota::new(amount, Duration::from_nanos(window_ns)).unwrap();
        quota.with_burst(burst).unwrap()
    })
}

fn extreme_quota() -> impl Strategy<Value = Quota> {
    (any_magnitude(62), any_magnitude(62), any_magnitude(62)).prop_map(|(amount, window_ns, burst)| {
        // A burst may take 2^62 ns to refill, no longer.
        let most = (1u128 << 62) * u128::from(amount) / u128::from(window_ns);
        let burst = u64::try_from(most.min(u128::from(burst))).unwrap();
        let window = Duration::from_nanos(window_ns);
        // Where the whole amount is too much for a burst, the quota is halved until it isn't.
        let halves = (0..62).map(|halvings| (amount >> halvings).max(1));
        let quota = halves.filter_map(|amount| Quota::new(amount, window).ok()).next().unwrap();
        quota.with_burst(burst).unwrap_or(quota)
    })
}

/// One ask, in measures of its quota, so that something is at stake at every scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    /// Where the clock goes, in 64ths of the time that refills the burst, at most the window; may go back.
    step: i8,
    /// A few nanoseconds more or less.
    nudge: i8,
    /// The cost in 8ths of the burst, or a small number.
    cost: u8,
    /// The patience in 16ths of the window; zero for a server.
    patience: u8,
    /// Whether the call is dropped before it is made, and how many moves later its receipt comes back.
    pub(crate) dropped_after: Option<u8>,
}

pub(crate) fn any_move() -> impl Strategy<Value = Move> {
    let cost = prop_oneof![3 => Just(0u8), 1 => any::<u8>()];
    let patience = prop_oneof![1 => Just(0u8), 1 => any::<u8>()];
    let dropped = proptest::option::weighted(0.15, 0..4u8);
    (-8..20i8, -2..3i8, cost, patience, dropped).prop_map(|(step, nudge, cost, patience, dropped_after)| {
        Move { step, nudge, cost, patience, dropped_after }
    })
}

/// Where on the clock a history begins: at its start, anywhere, or near its end.
pub(crate) fn any_beginning() -> impl Strategy<Value = Time> {
    let anywhere = any::<u64>().prop_map(Time::from_nanos);
    prop_oneof![3 => Just(Time::from_secs(1_700_000_000)), 1 => Just(Time::ZERO), 1 => anywhere]
}

impl Move {
    pub(crate) fn clock(self, quota: &Quota, now: Time) -> Time {
        let refill = quota.window().as_nanos() * u128::from(quota.burst()) / u128::from(quota.amount());
        let scale = refill.min(quota.window().as_nanos()).max(1);
        let far = i128::try_from(scale).unwrap() * i128::from(self.step) / 64 + i128::from(self.nudge);
        let nanos = (i128::from(now.as_nanos()) + far).clamp(0, i128::from(u64::MAX));
        Time::from_nanos(u64::try_from(nanos).unwrap())
    }

    pub(crate) fn ask(self, quota: &Quota) -> Ask {
        let eighths = u128::from(quota.burst()) * u128::from(self.cost) / 8;
        let cost = match self.cost {
            small @ 0..=3 => u64::from(small.max(1)),
            _ => u64::try_from(eighths).unwrap_or(u64::MAX),
        };
        Ask { cost, patience: quota.window() * u32::from(self.patience) / 16 }
    }
}

/// A call that was let through and made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) at: Time,
    pub(crate) cost: u64,
}

/// A whole history: what was asked, what was made, and where it ended.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) quota: Quota,
    pub(crate) state: State,
    pub(crate) now: Time,
    /// The latest instant that was ever asked about.
    pub(crate) latest: Time,
    pub(crate) made: Vec<Made>,
}

impl History {
    pub(crate) fn begin(quota: Quota, now: Time) -> History {
        History { quota, state: State::default(), now, latest: now, made: Vec::new() }
    }

    pub(crate) fn play(quota: Quota, beginning: Time, moves: &[Move]) -> History {
        let mut history = History::begin(quota, beginning);
        let mut dropped: Vec<(usize, Receipt)> = Vec::new();
        for (index, each) in moves.iter().enumerate() {
            history.advance(*each);
            dropped.retain(|&(due, receipt)| {
                if due <= index {
                    refund(&quota, &mut history.state, history.latest, receipt);
                }
                due > index
            });
            let ask = each.ask(&quota);
            if let Decision::Admit { at, receipt, .. } = step(&quota, &mut history.state, history.now, ask) {
                match each.dropped_after {
                    Some(later) => dropped.push((index + 1 + usize::from(later), receipt)),
                    None => history.made.push(Made { at, cost: ask.cost }),
                }
            }
        }
        history.made.sort_by_key(|made| made.at);
        history
    }

    pub(crate) fn advance(&mut self, each: Move) {
        self.now = each.clock(&self.quota, self.now);
        self.latest = self.latest.max(self.now);
    }
}

/// The laws would hold for nothing if nothing ever happened: every outcome must be common.
#[test]
fn histories_are_worth_looking_at() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let strategy = (any_quota(), any_beginning(), proptest::collection::vec(any_move(), 20));
    let [mut made, mut waited, mut refused, mut never] = [0; 4];
    for _ in 0..500 {
        let (quota, beginning, moves) = strategy.new_tree(&mut runner).unwrap().current();
        let mut history = History::begin(quota, beginning);
        for each in moves {
            history.advance(each);
            match step(&quota, &mut history.state, history.now, each.ask(&quota)) {
                Decision::Admit { at, .. } if at > history.now => waited += 1,
                Decision::Admit { .. } => made += 1,
                Decision::Deny { .. } => refused += 1,
                Decision::Never => never += 1,
            }
        }
    }
    for (count, what) in [(made, "made"), (waited, "waited"), (refused, "refused"), (never, "never")] {
        assert!(count >= 500, "{count} of 10,000 asks are {what}");
    }
}
