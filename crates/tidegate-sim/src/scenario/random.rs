//! Worlds drawn from a seed, so that nothing is tuned to a list. Never here: a fixed scenario.

use std::time::Duration;

use tidegate_core::{Quota, Shape};

use super::{
    Abuse, Alter, Announce, Change, Latency, Limit, Outage, Pattern, Per, Resets, RetryAfter, Routing,
    Scenario, Tail, What, When, Work,
};
use crate::chance::Chance;

/// Rates of one counter, in calls a second.
const RATES: (f64, f64) = (0.5, 1_000.0);

/// The most calls of one world.
const MOST_CALLS: f64 = 20_000.0;

impl Scenario {
    /// A world drawn from a seed: any shape of quota, 0.5 to 1,000 calls a second on each counter, one to four
    /// servers, all routings, all ways of telling the wait, changes, troubles, noise. The work would take an
    /// all-knowing client some 10 to 60 seconds.
    pub fn random(seed: u64) -> Scenario {
        let mut chance = Chance::new(seed, "scenario");
        let servers = if chance.happens(0.5) { 1 } else { 2 + chance.below(3) as u32 };
        let rate = chance.scale(RATES.0, RATES.1);
        let seconds = chance.scale(10.0, 60.0);
        let calls: Pattern = pattern("GET /v1/rooms");
        let mut limit = Limit::new(calls, quota(&mut chance, rate));
        let seconds = seconds.max(5.0 * limit.quota.window().as_secs_f64());
        limit.per = if chance.happens(0.7) { Per::Server } else { Per::Fleet };
        if chance.happens(0.1) && suits_others(&limit.quota) {
            limit.noise = rate * 0.3 * chance.share();
        }
        if chance.happens(0.1) {
            limit.cost = 1 + chance.below(limit.quota.burst().min(3));
        }
        let counters = if limit.per == Per::Server { f64::from(servers) } else { 1.0 };
        let units = counters * (rate * seconds + limit.quota.burst() as f64 * chance.share());
        let cost = limit.cost;
        let mut limits = vec![limit];
        if chance.happens(0.1) {
            limits.push(second_tier(&mut chance, counters * rate));
        }
        let mut scenario = Scenario {
            name: format!("random {seed}"),
            servers,
            routing: routing(&mut chance),
            limits,
            retry_after: retry_after(&mut chance),
            latency: latency(&mut chance),
            ..Scenario::default()
        };
        if chance.happens(0.2) && suits_whole_seconds(&scenario.limits[0].quota) {
            scenario.announce = Announce::Figures;
        }
        scenario.draw_work(&mut chance, units / cost as f64, seconds);
        scenario.draw_events(&mut chance, seconds);
        scenario
    }

    /// Work that takes `calls` of each token, by enough workers that they aren't what holds it up.
    fn draw_work(&mut self, chance: &mut Chance, calls: f64, seconds: f64) {
        let processes = if chance.happens(0.8) { 1 } else { 2 + chance.below(3) as u32 };
        let tokens = if chance.happens(0.5) { 1 } else { processes };
        let round_trip = (self.latency.base + self.latency.spread).as_secs_f64();
        let under_way = (3.0 * calls / seconds * round_trip).ceil() as u32;
        let workers = under_way.max(4 << chance.below(5));
        let calls = (calls * f64::from(tokens)).clamp(20.0, MOST_CALLS) as u64;
        self.work = Work { calls, processes, tokens, workers, ..Work::default() };
    }

    fn draw_events(&mut self, chance: &mut Chance, seconds: f64) {
        let at = |chance: &mut Chance| Duration::from_secs_f64(seconds * (0.2 + 0.4 * chance.share()));
        if chance.happens(0.2) {
            let name = self.limits[0].name.clone();
            // A cost above the new burst could never pass.
            let least = self.limits[0].cost as f64 / self.limits[0].quota.burst() as f64;
            let factor = chance.scale(0.3, 3.0).max(least);
            self.changes.push(Change { at: at(chance), what: What::Limit(name, Alter::Times(factor)) });
        }
        if chance.happens(0.15) && self.servers > 1 {
            self.changes.push(Change { at: at(chance), what: What::Leaves(self.servers) });
        } else if chance.happens(0.15) {
            self.changes.push(Change { at: at(chance), what: What::Joins(self.servers + 1) });
        }
        if chance.happens(0.1) {
            let lasts = Duration::from_secs(1 + chance.below(5));
            self.outages.push(Outage { at: at(chance), lasts, tells: None });
        }
        if chance.happens(0.1) {
            let when = if chance.happens(0.5) { When::Before } else { When::After };
            let lasts = Duration::from_secs(1 + chance.below(5));
            self.resets.push(Resets { at: at(chance), lasts, share: 0.5 * chance.share(), when });
        }
        if chance.happens(0.2) {
            self.abuse = Some(Abuse { after: 10, lasts: Duration::from_secs(30) });
        }
    }
}

/// A pattern that is known to be one.
fn pattern(text: &str) -> Pattern {
    text.parse().unwrap_or_else(|error| unreachable!("{error}"))
}

fn quota(chance: &mut Chance, rate: f64) -> Quota {
    let shapes = [Shape::Bucket, Shape::Bucket, Shape::Fixed, Shape::Opened, Shape::Sliding, Shape::Log];
    let shape = shapes[chance.below(6) as usize];
    let windows = [0.25, 1.0, 1.0, 2.0, 5.0, 10.0];
    let seconds: f64 = windows[chance.below(6) as usize];
    let amount = (rate * seconds).round().max(1.0);
    // The window is fitted to the whole amount, so that the rate stays.
    let window = Duration::from_secs_f64(if amount > 4.0 { seconds } else { amount / rate });
    // At least what comes in 50 ms: with less, two calls that meet by chance are refused, however slow the pace.
    let burst = chance.scale((rate / 20.0).max(1.0), (rate * 4.0).max(2.0)) as u64;
    let made = Quota::new(amount as u64, window);
    let shaped = match shape {
        Shape::Bucket => made.and_then(|quota| quota.with_burst(burst.max(1))),
        shape => made.and_then(|quota| quota.with_shape(shape)),
    };
    shaped.unwrap_or_else(|error| unreachable!("{error}"))
}

/// Whether figures in whole seconds say something about the quota. Who allows one call at a time, and hundreds a
/// second, doesn't announce "0 left, 1 second".
fn suits_whole_seconds(quota: &Quota) -> bool {
    quota.window() >= Duration::from_secs(1) && quota.burst() as f64 >= quota.per_second()
}

/// Whether others on the same counter leave a patient client a chance: they don't where one call more is too many.
/// And they would open the windows that a call opens, so that no time would be the shortest.
fn suits_others(quota: &Quota) -> bool {
    quota.shape() != Shape::Opened && quota.burst() as f64 >= quota.per_second()
}

/// A second, longer limit on the same calls, a little below or above the first.
fn second_tier(chance: &mut Chance, rate: f64) -> Limit {
    let amount = (rate * 20.0 * (0.7 + 0.6 * chance.share())).max(5.0) as u64;
    let quota = Quota::new(amount, Duration::from_secs(20)).and_then(|quota| quota.with_shape(Shape::Fixed));
    let mut limit =
        Limit::new(pattern("* /v1/{*rest}"), quota.unwrap_or_else(|error| unreachable!("{error}")));
    limit.per = Per::Fleet;
    limit
}

fn routing(chance: &mut Chance) -> Routing {
    [Routing::Random, Routing::Random, Routing::RoundRobin, Routing::Sticky][chance.below(4) as usize]
}

fn retry_after(chance: &mut Chance) -> RetryAfter {
    let by = Duration::from_secs(1 + chance.below(3));
    match chance.below(12) {
        0 => RetryAfter::Date,
        1 => RetryAfter::Missing,
        2 => RetryAfter::Garbage,
        3 => RetryAfter::TooShort(by),
        4 => RetryAfter::TooLong(by),
        _ => RetryAfter::Honest,
    }
}

fn latency(chance: &mut Chance) -> Latency {
    let base = Duration::from_secs_f64(chance.scale(0.001, 0.3));
    let most = Duration::from_millis(chance.below(2_000));
    let tail = chance.happens(0.3).then(|| Tail { share: 0.02 * chance.share(), most });
    Latency { base, spread: base.mul_f64(chance.share()), tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_gives_a_world_that_can_be() {
        for seed in 0..2_000 {
            let scenario = Scenario::random(seed);
            scenario.check().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(scenario, Scenario::random(seed));
        }
    }

    #[test]
    fn worlds_are_of_every_kind() {
        let worlds: Vec<Scenario> = (0..300).map(Scenario::random).collect();
        let some = |holds: fn(&Scenario) -> bool| assert!(worlds.iter().any(holds));
        some(|world| world.limits[0].quota.shape() == Shape::Log);
        some(|world| world.limits[0].quota.per_second() < 1.0);
        some(|world| world.limits[0].quota.per_second() > 500.0);
        some(|world| world.servers == 4 && world.routing == Routing::Sticky);
        some(|world| world.limits.len() == 2);
        some(|world| !world.resets.is_empty());
        some(|world| world.retry_after == RetryAfter::Garbage);
        some(|world| world.work.processes > 1 && world.work.tokens == 1);
    }
}
