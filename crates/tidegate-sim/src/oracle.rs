//! The shortest time in which the same work could have been done. Never here: a client that has to find out.
//!
//! **Free**: knows everything, chooses the server of each call. It is greedy: it always makes the call that can go
//! first. Why that is best: under every shape of quota, a call made earlier never makes a later one wait longer
//! than the same call made later would (each shape's next instant grows with the instants before it). So if in
//! some best schedule a call waits although there is room, moving it to where there is room delays nothing, and
//! after finitely many moves the schedule is the greedy one. Servers don't know of each other, so with a choice of
//! servers the same holds for the merged order of all their instants.
//!
//! That holds for calls that are alike. Where a token does several kinds of work, the result is the longest of
//! bounds that all hold by themselves: each kind alone, and each limit alone with all that was charged to it, cut
//! into equal pieces. It is then a time that nobody can beat, though perhaps nobody can reach it either.
//!
//! Others' noise is left out: who takes every unit the instant it appears leaves nothing to others.

use std::collections::BTreeMap;

use tidegate_core::Time;

use crate::fleet::ledger::{Due, Ledger, Noise};
use crate::scenario::Outage;
use crate::timeline::Timeline;

/// What was done: how many calls of which dues.
pub(crate) type Successes = BTreeMap<Vec<Due>, u64>;

/// When the last call of the work can be admitted, if the first may arrive at `from` and servers are chosen.
pub(crate) fn free(timeline: &Timeline, outages: &[Outage], done: &Successes, from: Time) -> Time {
    let world = World { timeline, outages };
    let mut tasks: Vec<(Vec<Due>, u64)> = done.iter().map(|(dues, calls)| (dues.clone(), *calls)).collect();
    if done.len() > 1 {
        tasks.extend(whole_limits(done));
    }
    let ends = tasks.iter().map(|(dues, calls)| world.free_end(dues, *calls, from));
    ends.max().unwrap_or(from)
}

/// When the last call can be admitted, if each goes where `route` puts it, and waits until there is room there.
pub(crate) fn quiet(
    timeline: &Timeline,
    outages: &[Outage],
    done: &Successes,
    from: Time,
    mut route: impl FnMut(&Timeline, Time) -> Option<u32>,
) -> Time {
    let world = World { timeline, outages };
    let ends = done.iter().map(|(dues, calls)| world.quiet_end(dues, *calls, from, &mut route));
    ends.max().unwrap_or(from)
}

/// For each limit all that was charged to it, in pieces of the largest size that all its costs are made of.
fn whole_limits(done: &Successes) -> Vec<(Vec<Due>, u64)> {
    let mut limits: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    for (dues, calls) in done {
        for due in dues {
            let (piece, units) = limits.entry(due.limit).or_default();
            *piece = greatest_common_divisor(*piece, due.cost);
            *units += due.cost * calls;
        }
    }
    let task = |(limit, (piece, units)): (usize, (u64, u64))| {
        (vec![Due { limit, cost: piece }], units.checked_div(piece).unwrap_or(0))
    };
    limits.into_iter().map(task).collect()
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[derive(Clone, Copy)]
struct World<'a> {
    timeline: &'a Timeline,
    outages: &'a [Outage],
}

impl World<'_> {
    fn free_end(self, dues: &[Due], calls: u64, from: Time) -> Time {
        let mut ledger = Ledger::new(self.timeline, Noise::Silent);
        let mut now = from;
        for _ in 0..calls {
            let Some((at, server)) = self.first_room(&mut ledger, dues, now) else { return Time::MAX };
            ledger.step(self.timeline, at, server, dues);
            now = at;
        }
        now
    }

    /// The first instant from `now` on at which some server has room, and that server.
    fn first_room(self, ledger: &mut Ledger, dues: &[Due], mut now: Time) -> Option<(Time, u32)> {
        loop {
            now = self.after_outage(now);
            let until = self.next_change(now);
            let mut best: Option<(Time, u32)> = None;
            for server in self.timeline.present(now) {
                let room = ledger.earliest(self.timeline, now, server, dues);
                if let Some(at) = room.filter(|at| *at < best.map_or(until, |(best, _)| best)) {
                    best = Some((at, server));
                }
                if best.is_some_and(|(at, _)| at == now) {
                    break;
                }
            }
            match best {
                Some(found) => return Some(found),
                None if until == Time::MAX => return None,
                None => now = until,
            }
        }
    }

    fn quiet_end(
        self,
        dues: &[Due],
        calls: u64,
        from: Time,
        route: &mut impl FnMut(&Timeline, Time) -> Option<u32>,
    ) -> Time {
        let mut ledger = Ledger::new(self.timeline, Noise::Silent);
        let mut now = from;
        for _ in 0..calls {
            now = match self.routed_room(&mut ledger, dues, now, route) {
                Some((at, server)) => {
                    ledger.step(self.timeline, at, server, dues);
                    at
                }
                None => return Time::MAX,
            };
        }
        now
    }

    /// The first instant from `now` on at which the server that routing names has room. A change in between
    /// routes anew.
    fn routed_room(
        self,
        ledger: &mut Ledger,
        dues: &[Due],
        mut now: Time,
        route: &mut impl FnMut(&Timeline, Time) -> Option<u32>,
    ) -> Option<(Time, u32)> {
        loop {
            now = self.after_outage(now);
            let until = self.next_change(now);
            let room = route(self.timeline, now)
                .and_then(|server| Some((ledger.earliest(self.timeline, now, server, dues)?, server)));
            match room {
                Some((at, server)) if at < until => return Some((at, server)),
                _ if until == Time::MAX => return None,
                _ => now = until,
            }
        }
    }

    /// The next instant at which the world may be another.
    fn next_change(self, now: Time) -> Time {
        let outages = self.outages.iter().map(|outage| Time::ZERO.later(outage.at));
        let changes = outages.filter(|at| *at > now).chain(self.timeline.next_change(now));
        changes.min().unwrap_or(Time::MAX)
    }

    fn after_outage(self, mut now: Time) -> Time {
        while let Some(outage) = self.outages.iter().find(|outage| outage.covers(now)) {
            now = outage.end();
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scenario::Scenario;

    /// The instants that the search by brute force tries.
    const GRID: Duration = Duration::from_millis(500);
    const ROOM: [Due; 1] = [Due { limit: 0, cost: 1 }];

    fn world(text: &str) -> (Scenario, Timeline) {
        let scenario: Scenario = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let timeline = Timeline::new(&scenario, 3);
        (scenario, timeline)
    }

    /// The best end of all schedules on the grid: at each instant and server a call is made or not.
    fn search(timeline: &Timeline, ledger: &Ledger, dues: &[Due], calls: u64, now: Time, best: &mut Time) {
        if now >= *best {
            return;
        }
        for server in timeline.present(now) {
            let mut charged = ledger.clone();
            if charged.step(timeline, now, server, dues).decision.admitted_at().is_none() {
                continue;
            }
            match calls {
                1 => return *best = now,
                _ => search(timeline, &charged, dues, calls - 1, now, best),
            }
        }
        search(timeline, ledger, dues, calls, now.later(GRID), best);
    }

    #[track_caller]
    fn check(text: &str, dues: &[Due], calls: u64) {
        let (scenario, timeline) = world(text);
        let done = Successes::from([(dues.to_vec(), calls)]);
        let greedy = free(&timeline, &scenario.outages, &done, Time::ZERO);
        let mut best = Time::from_secs(20);
        search(&timeline, &Ledger::new(&timeline, Noise::Silent), dues, calls, Time::ZERO, &mut best);
        // The greedy one isn't bound to the grid: it may be earlier by less than a step.
        assert!(greedy <= best && best.since(greedy) < GRID, "{greedy:?} instead of {best:?} in\n{text}");
    }

    fn limit(quota: &str, servers: u32) -> String {
        format!("servers = {servers}\n[[limit]]\nname = \"a\"\nmatch = \"GET /a\"\nquota = \"{quota}\"\n")
    }

    #[test]
    fn no_schedule_beats_the_greedy_one() {
        for shape in ["burst 2", "fixed", "opened", "sliding", "log"] {
            for servers in [1, 2] {
                check(&limit(&format!("2 per 3 s, {shape}"), servers), &ROOM, 5);
            }
        }
        check(&limit("1 per 2 s, burst 3", 2), &[Due { limit: 0, cost: 2 }], 4);
    }

    #[test]
    fn no_schedule_beats_the_greedy_one_when_the_world_changes() {
        for shape in ["burst 2", "fixed", "opened", "sliding", "log"] {
            let limit = limit(&format!("2 per 4 s, {shape}"), 2);
            for change in
                ["limit = \"a\"\ntimes = 0.5", "limit = \"a\"\ntimes = 2.0", "leaves = 1", "joins = 3"]
            {
                check(&format!("{limit}[[change]]\nat = \"1500 ms\"\n{change}\n"), &ROOM, 5);
            }
        }
    }

    #[test]
    fn no_schedule_beats_the_greedy_one_under_two_limits() {
        let second = "[[limit]]\nmatch = \"* /a\"\nquota = \"3 per 5 s, log\"\nper = \"fleet\"\n";
        let dues = [Due { limit: 0, cost: 1 }, Due { limit: 1, cost: 1 }];
        for shape in ["burst 2", "fixed", "opened", "log"] {
            check(&format!("{}{second}", limit(&format!("2 per 3 s, {shape}"), 2)), &dues, 5);
        }
    }

    #[test]
    fn an_outage_is_waited_for() {
        let (scenario, timeline) =
            world(&format!("{}[[outage]]\nat = \"0 s\"\nfor = \"7 s\"\n", limit("1 per s", 1)));
        let done = Successes::from([(ROOM.to_vec(), 3)]);
        assert_eq!(free(&timeline, &scenario.outages, &done, Time::ZERO), Time::from_secs(9));
    }

    #[test]
    fn work_of_several_kinds_is_bounded_by_the_limit_that_they_share() {
        let (scenario, timeline) = world(&limit("1 per s, burst 4", 1));
        let done =
            Successes::from([(vec![Due { limit: 0, cost: 2 }], 5), (vec![Due { limit: 0, cost: 4 }], 2)]);
        // 18 units, 4 of them at once.
        assert_eq!(free(&timeline, &scenario.outages, &done, Time::ZERO), Time::from_secs(14));
    }

    #[test]
    fn who_may_not_choose_waits_for_the_server_it_is_sent_to() {
        let (scenario, timeline) = world(&limit("1 per 10 s, burst 1", 2));
        let done = Successes::from([(ROOM.to_vec(), 3)]);
        let mut route = [1, 1, 2].into_iter();
        let end = quiet(&timeline, &scenario.outages, &done, Time::ZERO, |_, _| route.next());
        assert_eq!(end, Time::from_secs(10));
        assert_eq!(free(&timeline, &scenario.outages, &done, Time::ZERO), Time::from_secs(10));
    }
}
