//! The engine against limiters written for clarity alone. Never here: speed, u64 extremes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::worlds::{Move, any_bucket, any_move, any_window};
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_core::{Ask, Decision, Quota, Shape, State, Time, step};

/// A limiter that can say whether a call passes at an instant, and nothing else.
trait Naive {
    fn passes(&self, at: Time, cost: u64) -> bool;
    fn take(&mut self, at: Time, cost: u64);
}

/// Tokens counted in units times the window's nanoseconds, so that all is whole.
struct NaiveBucket {
    quota: Quota,
    level: u128,
    seen: Time,
}

impl NaiveBucket {
    fn level(&self, at: Time) -> u128 {
        let full = u128::from(self.quota.burst()) * self.quota.window().as_nanos();
        let refilled = at.since(self.seen).as_nanos() * u128::from(self.quota.amount());
        full.min(self.level + refilled)
    }
}

impl Naive for NaiveBucket {
    fn passes(&self, at: Time, cost: u64) -> bool {
        self.level(at) >= u128::from(cost) * self.quota.window().as_nanos()
    }

    fn take(&mut self, at: Time, cost: u64) {
        self.level = self.level(at) - u128::from(cost) * self.quota.window().as_nanos();
        self.seen = at;
    }
}

/// Every call ever, and its shape's own way to count them.
struct NaiveWindow {
    quota: Quota,
    calls: Vec<(Time, u64)>,
}

impl NaiveWindow {
    fn index(&self, at: Time) -> u128 {
        u128::from(at.as_nanos()) / self.quota.window().as_nanos()
    }

    fn in_index(&self, index: u128) -> u128 {
        let inside = self.calls.iter().filter(|(at, _)| self.index(*at) == index);
        inside.map(|(_, cost)| u128::from(*cost)).sum()
    }

    fn since(&self, from: Time) -> u128 {
        self.calls.iter().filter(|(at, _)| *at >= from).map(|(_, cost)| u128::from(*cost)).sum()
    }

    /// The start of the window that is open at `at`, if one is.
    fn opened(&self, at: Time) -> Option<Time> {
        let mut start: Option<Time> = None;
        for (call, _) in &self.calls {
            if start.is_none_or(|start| *call >= start.later(self.quota.window())) {
                start = Some(*call);
            }
        }
        start.filter(|start| at < start.later(self.quota.window()))
    }
}

impl Naive for NaiveWindow {
    fn passes(&self, at: Time, cost: u64) -> bool {
        let (amount, cost) = (u128::from(self.quota.amount()), u128::from(cost));
        let window = self.quota.window().as_nanos();
        match self.quota.shape() {
            Shape::Fixed => self.in_index(self.index(at)) + cost <= amount,
            Shape::Opened => self.opened(at).map_or(0, |start| self.since(start)) + cost <= amount,
            Shape::Log => {
                let gone = |call: Time| call.later(self.quota.window()) <= at;
                let live = self.calls.iter().filter(|(call, _)| !gone(*call));
                live.map(|(_, cost)| u128::from(*cost)).sum::<u128>() + cost <= amount
            }
            _ => {
                let index = self.index(at);
                let left = window - u128::from(at.as_nanos()) % window;
                let before = if index == 0 { 0 } else { self.in_index(index - 1) };
                (self.in_index(index) + cost) * window + before * left <= amount * window
            }
        }
    }

    fn take(&mut self, at: Time, cost: u64) {
        if cost > 0 {
            self.calls.push((at, cost));
        }
    }
}

fn naive(quota: Quota, start: Time) -> Box<dyn Naive> {
    if quota.shape() == Shape::Bucket {
        let level = u128::from(quota.burst()) * quota.window().as_nanos();
        Box::new(NaiveBucket { quota, level, seen: start })
    } else {
        Box::new(NaiveWindow { quota, calls: Vec::new() })
    }
}

/// Plays the moves on both, the clock never going back, and compares every answer and every promise.
fn agree(quota: Quota, moves: &[Move]) -> Result<(), TestCaseError> {
    let mut now = Time::from_secs(1_700_000_000);
    let mut state = State::default();
    let mut model = naive(quota, now);
    for each in moves {
        now = each.clock(&quota, now).max(now);
        if now == Time::MAX {
            // The end of time, where instants saturate: nothing passes there.
            break;
        }
        let ask = each.ask(&quota).within(Duration::ZERO);
        match step(&quota, &mut state, now, ask) {
            Decision::Admit { at, .. } => {
                prop_assert!(model.passes(at, ask.cost), "the model refuses {ask:?} at {at:?}");
                model.take(at, ask.cost);
            }
            Decision::Deny { retry_at } => {
                prop_assert!(!model.passes(now, ask.cost), "the model admits {ask:?} at {now:?}");
                let sooner = retry_at.earlier(Duration::from_nanos(1));
                prop_assert!(!model.passes(sooner, ask.cost), "the model admits sooner than told");
                let comes = model.passes(retry_at, ask.cost) || retry_at == Time::MAX;
                prop_assert!(comes, "the model refuses as told");
            }
            Decision::Never => prop_assert!(ask.cost > quota.burst()),
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_bucket_decides_as_the_naive_one(quota in any_bucket(), moves in vec(any_move(), 1..60)) {
        agree(quota, &moves)?;
    }

    #[test]
    fn a_window_decides_as_the_naive_one(quota in any_window(), moves in vec(any_move(), 1..60)) {
        agree(quota, &moves)?;
    }
}

#[test]
fn seven_per_second_never_drift() {
    let quota: Quota = "7 per second".parse().unwrap();
    let mut state = State::default();
    let patient = Ask::NOW.within(Duration::MAX);
    let mut by_second = BTreeMap::new();
    for call in 0..7_000_000u64 {
        let at = step(&quota, &mut state, Time::ZERO, patient).admitted_at().unwrap();
        // After the burst of seven, call n goes at exactly (n - 6) / 7 seconds, rounded up to a nanosecond.
        let exact = u128::from(call.saturating_sub(6)) * 1_000_000_000;
        assert_eq!(u128::from(at.as_nanos()), exact.div_ceil(7), "call {call}");
        *by_second.entry((at.as_nanos().saturating_sub(1)) / 1_000_000_000).or_insert(0u64) += 1;
    }
    assert_eq!(by_second.remove(&0), Some(14), "the burst, and the first second's seven");
    by_second.pop_last();
    assert!(by_second.values().all(|&calls| calls == 7));
}
