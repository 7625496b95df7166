//! A caller of many tasks before a limit and a penalty box, in virtual time. Never here: what is expected of them.

use std::collections::BinaryHeap;
use std::time::Duration;

use tidegate::penalty::{Door, Mode, PenaltyBox};
use tidegate_core::{Ask, Decision, Quota, State, Time, step};

use super::{CALLER, hashed, penalty_box};

/// What a task does after a refusal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// Waits as told.
    Waits,
    /// Calls again after so many milliseconds.
    Hammers(u64),
}

/// One caller before a limit and a box.
pub(super) struct Played {
    pub(super) penalties: PenaltyBox,
    quota: Quota,
    state: State,
    /// What waits are prolonged by, at most, so that no herd is released.
    jitter_ms: u64,
    draw: u64,
    pub(super) admitted: usize,
    pub(super) refused: usize,
    pub(super) shut: usize,
    pub(super) longest_wait: Duration,
}

impl Played {
    pub(super) fn new(quota: &str, jitter_ms: u64, seed: u64) -> Played {
        Played {
            penalties: penalty_box(Mode::On),
            quota: quota.parse().expect("a quota"),
            state: State::default(),
            jitter_ms,
            draw: seed,
            admitted: 0,
            refused: 0,
            shut: 0,
            longest_wait: Duration::ZERO,
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.draw = self.draw.wrapping_add(0x9e37_79b9_7f4a_7c15);
        hashed(self.draw) % below
    }

    /// The caller is told to wait until some instant, or admitted.
    fn call(&mut self, now: Time) -> Option<Time> {
        if let Door::Shut { until, .. } = self.penalties.at_door(now, CALLER) {
            self.shut += 1;
            return Some(self.told(now, until));
        }
        let Decision::Deny { retry_at } = step(&self.quota, &mut self.state, now, Ask::NOW) else {
            self.admitted += 1;
            return None;
        };
        self.refused += 1;
        let wait = Duration::from_secs(retry_at.since(now).as_millis().div_ceil(1_000).max(1) as u64);
        let jitter = Duration::from_millis(self.draw(self.jitter_ms + 1));
        let told = self.penalties.tell(now, CALLER, now.later(wait + jitter));
        Some(self.told(now, told))
    }

    fn told(&mut self, now: Time, until: Time) -> Time {
        self.longest_wait = self.longest_wait.max(until.since(now));
        until
    }

    /// Tasks that call from the first instant to the last, each on its own, with answers that take a while.
    pub(super) fn play(&mut self, first: Time, last: Time, tasks: &[Manner]) {
        let begin = |task| std::cmp::Reverse((first, task));
        let mut next: BinaryHeap<_> = (0..tasks.len()).map(begin).collect();
        while let Some(std::cmp::Reverse((now, task))) = next.pop() {
            if now > last {
                break;
            }
            let answer = self.call(now);
            let on_its_way = Duration::from_millis(1 + self.draw(100));
            let again = match (answer, tasks[task]) {
                (Some(_), Manner::Hammers(pause)) => now.later(Duration::from_millis(pause)),
                (Some(until), Manner::Waits) => until.later(on_its_way),
                (None, _) => now.later(on_its_way),
            };
            next.push(std::cmp::Reverse((again, task)));
        }
    }
}
