//! The scenario's changes laid out in time: which quota holds when, which server is there when. Never here: a counter.

use std::time::Duration;

use tidegate_core::{Quota, Time};

use crate::chance::Chance;
use crate::scenario::{Per, Scenario, What};

/// What holds when. Everything in it is known from the start, so it is asked by instant and never changes.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    pub(crate) limits: Vec<Course>,
    /// For each server, the instants at which it came or went; it comes first.
    servers: Vec<Vec<Time>>,
    /// Every instant at which something changes, in order.
    changes: Vec<Time>,
    /// Where in the aligned windows the fleet's start lies, which no client knows.
    phase: Duration,
}

/// The course of one limit.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// The quotas, each with the instant from which it holds; the first from the start.
    pub(crate) eras: Vec<(Time, Quota)>,
    pub(crate) per: Per,
    pub(crate) noise: f64,
}

impl Timeline {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Timeline {
        let mut limits: Vec<Course> = scenario
            .limits
            .iter()
            .map(|limit| Course { eras: vec![(Time::ZERO, limit.quota)], per: limit.per, noise: limit.noise })
            .collect();
        let mut servers = vec![vec![Time::ZERO]; scenario.servers as usize];
        servers.resize(scenario.servers_ever() as usize, Vec::new());
        let mut changes: Vec<_> = scenario.changes.iter().collect();
        changes.sort_by_key(|change| change.at);
        for change in &changes {
            let at = Time::ZERO.later(change.at);
            match &change.what {
                What::Limit(name, alter) => {
                    let named = scenario.limits.iter().position(|limit| limit.name == *name);
                    if let Some(course) = named.and_then(|index| limits.get_mut(index)) {
                        let quota = alter.apply(course.quota_at(at));
                        course.eras.push((at, quota));
                    }
                }
                What::Leaves(server) => come_or_go(&mut servers, *server, at, 1),
                What::Joins(server) => come_or_go(&mut servers, *server, at, 0),
            }
        }
        let changes = changes.iter().map(|change| Time::ZERO.later(change.at)).collect();
        Timeline { phase: phase(&limits, seed), limits, servers, changes }
    }

    /// How many servers ever take part.
    pub(crate) fn servers_ever(&self) -> u32 {
        self.servers.len() as u32
    }

    /// The servers that are there, in order, numbered from 1.
    pub(crate) fn present(&self, now: Time) -> impl Iterator<Item = u32> + '_ {
        (1..=self.servers_ever()).filter(move |server| self.stay(*server, now) % 2 == 1)
    }

    /// How often a server has come or gone: odd while it is there, and another number at each stay.
    pub(crate) fn stay(&self, server: u32, now: Time) -> usize {
        let moves = self.servers.get(server.wrapping_sub(1) as usize);
        moves.map_or(1, |moves| moves.iter().filter(|at| **at <= now).count())
    }

    /// The first change after `now`.
    pub(crate) fn next_change(&self, now: Time) -> Option<Time> {
        self.changes.iter().copied().find(|at| *at > now)
    }

    /// The instant on the clock that aligned windows are counted by.
    pub(crate) fn local(&self, now: Time) -> Time {
        now.later(self.phase)
    }

    /// Back from the clock of aligned windows.
    pub(crate) fn global(&self, local: Time) -> Time {
        local.earlier(self.phase)
    }
}

impl Course {
    fn quota_at(&self, now: Time) -> Quota {
        self.eras[self.era(now)].1
    }

    /// The place in `eras` of the quota that holds.
    pub(crate) fn era(&self, now: Time) -> usize {
        self.eras.iter().rposition(|(from, _)| *from <= now).unwrap_or(0)
    }
}

/// Notes that a server goes (when it has come an odd number of times) or comes; what is already so is no news.
fn come_or_go(servers: &mut [Vec<Time>], server: u32, at: Time, parity: usize) {
    if let Some(moves) = servers.get_mut(server.wrapping_sub(1) as usize)
        && moves.len() % 2 == parity
    {
        moves.push(at);
    }
}

fn phase(limits: &[Course], seed: u64) -> Duration {
    let windows = limits.iter().flat_map(|course| course.eras.iter().map(|(_, quota)| quota.window()));
    let longest = windows.max().unwrap_or_default();
    // At least one longest window, so that what came before the start fits on the clock.
    longest + Chance::new(seed, "phase").span(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_come_and_go() {
        let text = "servers = 2\n[[change]]\nat = \"10 s\"\nleaves = 1\n[[change]]\nat = \"20 s\"\njoins = 3\n\
                    [[change]]\nat = \"30 s\"\njoins = 1\n";
        let timeline = Timeline::new(&text.parse().unwrap(), 1);
        let present = |seconds| timeline.present(Time::from_secs(seconds)).collect::<Vec<_>>();
        assert_eq!(
            (present(9), present(10), present(20), present(30)),
            (vec![1, 2], vec![2], vec![2, 3], vec![1, 2, 3])
        );
        assert_ne!(timeline.stay(1, Time::from_secs(9)), timeline.stay(1, Time::from_secs(30)), "a new stay");
        assert_eq!(timeline.next_change(Time::from_secs(10)), Some(Time::from_secs(20)));
    }

    #[test]
    fn changes_of_a_limit_follow_one_another() {
        let text = "[[change]]\nat = \"20 s\"\nlimit = \"GET /v1/rooms\"\ntimes = 3.0\n\
                    [[change]]\nat = \"10 s\"\nlimit = \"GET /v1/rooms\"\ntimes = 0.5\n";
        let course = &Timeline::new(&text.parse().unwrap(), 1).limits[0];
        let amounts = [0, 10, 20].map(|seconds| course.quota_at(Time::from_secs(seconds)).amount());
        assert_eq!(amounts, [300, 150, 450]);
    }
}
