//! One token's counters: every limit's, on every server. Never here: who calls, what is told.

use tidegate_core::{
    Ask, Charge, Decision, Quota, State, Time, Together, carry, peek_together, step, step_together,
};

use crate::chance::{Chance, mix};
use crate::scenario::Per;
use crate::timeline::Timeline;

/// What a call costs under one of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    /// The limit's place in the scenario.
    pub(crate) limit: usize,
    pub(crate) cost: u64,
}

/// The counters of one token.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    /// For each limit, a counter for each server and, at 0, one for the fleet.
    counters: Vec<Vec<Counter>>,
    noise: Noise,
}

/// Whether others use the counters too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Noise {
    /// Nobody else does.
    Silent,
    /// Others do, as this seed has it.
    Seeded(u64),
}

#[derive(Clone, Debug)]
struct Counter {
    state: State,
    /// Which of the limit's quotas the state is counted under.
    era: usize,
    /// Which stay of the server it belongs to.
    stay: usize,
    others: Option<Others>,
}

/// Other tenants of a counter.
#[derive(Clone, Debug)]
struct Others {
    chance: Chance,
    next: Time,
}

impl Ledger {
    pub(crate) fn new(timeline: &Timeline, noise: Noise) -> Ledger {
        let mut counters = Vec::new();
        for (limit, course) in timeline.limits.iter().enumerate() {
            let of_server = |server| Counter::new(noise, limit as u64, u64::from(server), course.noise);
            counters.push((0..=timeline.servers_ever()).map(of_server).collect());
        }
        Ledger { counters, noise }
    }

    /// Decides a call that arrives at a server at `now`, and charges it if it passes.
    pub(crate) fn step(&mut self, timeline: &Timeline, now: Time, server: u32, dues: &[Due]) -> Together {
        self.on_charges(timeline, now, server, dues, |charges, local| {
            step_together(charges, local, std::time::Duration::ZERO)
        })
    }

    /// When a call would pass at a server if nothing changed and nobody else came; `None` if it never would.
    pub(crate) fn earliest(
        &mut self,
        timeline: &Timeline,
        now: Time,
        server: u32,
        dues: &[Due],
    ) -> Option<Time> {
        let found = self.on_charges(timeline, now, server, dues, |charges, local| {
            peek_together(charges, local, std::time::Duration::ZERO)
        });
        match found.decision {
            Decision::Admit { .. } => Some(now),
            Decision::Deny { retry_at } => Some(timeline.global(retry_at)),
            Decision::Never => None,
        }
    }

    /// Hands the charges of a call to `decide`, with the counters brought up to `now`.
    fn on_charges(
        &mut self,
        timeline: &Timeline,
        now: Time,
        server: u32,
        dues: &[Due],
        decide: impl FnOnce(&mut [Charge<'_>], Time) -> Together,
    ) -> Together {
        let mut states = Vec::with_capacity(dues.len());
        for due in dues {
            let counter = self.counter(timeline, now, due.limit, server);
            states.push((counter.quota(timeline, due.limit), std::mem::take(&mut counter.state)));
        }
        let mut charges: Vec<Charge<'_>> = states
            .iter_mut()
            .zip(dues)
            .map(|((quota, state), due)| Charge::new(quota, state, due.cost))
            .collect();
        let decided = decide(&mut charges, timeline.local(now));
        drop(charges);
        for (due, (_, state)) in dues.iter().zip(states) {
            self.counter(timeline, now, due.limit, server).state = state;
        }
        decided
    }

    /// What a limit has left at a server, and when it has everything.
    pub(crate) fn left(
        &mut self,
        timeline: &Timeline,
        now: Time,
        server: u32,
        limit: usize,
    ) -> (Quota, u64, Time) {
        let local = timeline.local(now);
        let counter = self.counter(timeline, now, limit, server);
        let quota = counter.quota(timeline, limit);
        let remaining = counter.state.remaining(&quota, local);
        (quota, remaining, timeline.global(counter.state.full_at(&quota).max(local)))
    }

    /// A limit's counter for calls at a server, brought up to `now`.
    fn counter(&mut self, timeline: &Timeline, now: Time, limit: usize, server: u32) -> &mut Counter {
        let course = &timeline.limits[limit];
        let (place, stay) = match course.per {
            Per::Server => (server, timeline.stay(server, now)),
            Per::Fleet => (0, 1),
        };
        let noise = self.noise;
        let counter = &mut self.counters[limit][place as usize];
        if counter.stay != stay {
            *counter = Counter::new(noise, limit as u64, u64::from(place), course.noise);
            (counter.stay, counter.era) = (stay, course.era(now));
        }
        while let Some(&(from, new)) = course.eras.get(counter.era + 1).filter(|(from, _)| *from <= now) {
            let old = course.eras[counter.era].1;
            counter.hear_others(timeline, from, &old, course.noise);
            counter.state = carry(&old, &counter.state, &new, timeline.local(from));
            counter.era += 1;
        }
        let quota = course.eras[counter.era].1;
        counter.hear_others(timeline, now, &quota, course.noise);
        counter
    }
}

impl Counter {
    fn new(noise: Noise, limit: u64, place: u64, rate: f64) -> Counter {
        let others = match noise {
            Noise::Seeded(seed) if rate > 0.0 => {
                let chance = Chance::new(seed ^ mix((limit << 32) | place), "noise");
                Some(Others { chance, next: Time::ZERO })
            }
            _ => None,
        };
        Counter { state: State::default(), era: 0, stay: 1, others }
    }

    fn quota(&self, timeline: &Timeline, limit: usize) -> Quota {
        timeline.limits[limit].eras[self.era].1
    }

    /// Lets the others call up to `now`.
    fn hear_others(&mut self, timeline: &Timeline, now: Time, quota: &Quota, rate: f64) {
        let Some(others) = &mut self.others else { return };
        // What they took longer than two windows ago has no trace, so it needn't be played.
        let traceless = now.earlier(quota.window().saturating_mul(2)).earlier(refill(quota));
        others.next = others.next.max(traceless);
        while others.next <= now {
            step(quota, &mut self.state, timeline.local(others.next), Ask::NOW);
            others.next = others.next.later(others.chance.gap(rate));
        }
    }
}

/// How long an empty bucket takes to fill.
fn refill(quota: &Quota) -> std::time::Duration {
    std::time::Duration::try_from_secs_f64(quota.burst() as f64 / quota.per_second()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    const ROOM: [Due; 1] = [Due { limit: 0, cost: 1 }];

    fn world(text: &str) -> (Timeline, Ledger) {
        let scenario: Scenario = text.parse().unwrap();
        let timeline = Timeline::new(&scenario, 1);
        let ledger = Ledger::new(&timeline, Noise::Seeded(1));
        (timeline, ledger)
    }

    /// How many calls pass at once.
    fn burst(timeline: &Timeline, ledger: &mut Ledger, seconds: u64, server: u32) -> u32 {
        let now = Time::from_secs(seconds);
        let passes = || ledger.step(timeline, now, server, &ROOM).decision.admitted_at().map(|_| ());
        std::iter::repeat_with(passes).take(1_000).take_while(Option::is_some).count() as u32
    }

    #[test]
    fn each_server_counts_for_itself_unless_they_count_together() {
        let (timeline, mut ledger) = world("[[limit]]\nmatch = \"GET /a\"\nquota = \"5 per min\"\n");
        assert_eq!((burst(&timeline, &mut ledger, 0, 1), burst(&timeline, &mut ledger, 0, 2)), (5, 5));
        let (timeline, mut ledger) =
            world("[[limit]]\nmatch = \"GET /a\"\nquota = \"5 per min\"\nper = \"fleet\"\n");
        assert_eq!((burst(&timeline, &mut ledger, 0, 1), burst(&timeline, &mut ledger, 0, 2)), (5, 0));
    }

    #[test]
    fn the_share_that_is_left_before_a_change_is_left_after_it() {
        let limit = "[[limit]]\nname = \"a\"\nmatch = \"GET /a\"\nquota = \"6 per hour\"\n";
        let (timeline, mut ledger) =
            world(&format!("{limit}[[change]]\nat = \"1 s\"\nlimit = \"a\"\nquota = \"12 per hour\"\n"));
        let take = |ledger: &mut Ledger| ledger.step(&timeline, Time::ZERO, 1, &ROOM);
        assert!((0..3).all(|_| take(&mut ledger).decision.admitted_at().is_some()));
        assert_eq!(burst(&timeline, &mut ledger, 1, 1), 6);
        let (timeline, mut ledger) =
            world(&format!("{limit}[[change]]\nat = \"1 s\"\nlimit = \"a\"\ntimes = 0.5\n"));
        assert_eq!((burst(&timeline, &mut ledger, 0, 1), burst(&timeline, &mut ledger, 1, 1)), (6, 0));
    }

    #[test]
    fn a_server_that_comes_back_counts_anew() {
        let (timeline, mut ledger) = world(
            "[[limit]]\nmatch = \"GET /a\"\nquota = \"5 per hour\"\n\
             [[change]]\nat = \"1 s\"\nleaves = 2\n[[change]]\nat = \"2 s\"\njoins = 2\n",
        );
        assert_eq!((burst(&timeline, &mut ledger, 0, 2), burst(&timeline, &mut ledger, 2, 2)), (5, 5));
    }

    #[test]
    fn others_take_their_part() {
        let (timeline, mut ledger) =
            world("[[limit]]\nmatch = \"GET /a\"\nquota = \"100 per min, fixed\"\nnoise = 1.0\n");
        let left = burst(&timeline, &mut ledger, 3_600 + 17, 1);
        assert!(left < 100, "{left}");
        // A year of silence is no year of work.
        assert!(burst(&timeline, &mut ledger, 31_536_000, 1) > 0);
    }
}
