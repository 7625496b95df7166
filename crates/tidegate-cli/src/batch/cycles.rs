//! How long a lane will take by the waits it has had: it goes on as it went from one opening of its limit to another.
//! Never here: a clock, the layer, a learned pace.
//!
//! Between openings a limit may let through much at once and then nothing, so a rate between any two instants says
//! little; one between two openings is the limit's. What is left is counted from the latest opening on: whole cycles,
//! and of the last one as much as its share of the calls takes.

use std::collections::VecDeque;
use std::time::Duration;

use tidegate_core::Time;

/// How far back it looks at the least: what was before says little of what is now.
const LATELY: Duration = Duration::from_secs(90);

/// How long the openings have to be apart to say anything.
const SOME_WAITS: Duration = Duration::from_secs(20);

/// Waits that end so close together are one.
const ONE_WAIT: Duration = Duration::from_secs(1);

/// How few openings say something: the start and two ends of waits.
const FEWEST: usize = 3;

/// The openings of a lane's limit, as far as they are remembered.
#[derive(Debug)]
pub(crate) struct Cycles {
    /// The latest last; before the first wait it is the start.
    openings: VecDeque<Opening>,
    first: First,
}

/// What the first opening is that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// The start: what goes before the first wait may be a burst.
    Start,
    EndOfWait,
}

/// An end of a wait, perhaps one that is to come.
#[derive(Clone, Copy, Debug)]
struct Opening {
    at: Time,
    /// How many items were done then.
    done: u64,
    /// How many were done before the next one, as far as that is known, and how long after `at` the last of them was.
    until: u64,
    busy: Duration,
}

impl Opening {
    fn new(at: Time, done: u64) -> Opening {
        Opening { at, done, until: done, busy: Duration::ZERO }
    }

    fn see(&mut self, now: Time, done: u64) {
        if now <= self.at {
            // Answers to calls from before the wait.
            (self.done, self.until) = (done, done);
        } else if done > self.until {
            (self.until, self.busy) = (done, now.since(self.at));
        }
    }
}

impl Cycles {
    /// At the start, so many items are done.
    pub(crate) fn new(start: Time, done: u64) -> Cycles {
        Cycles { openings: [Opening::new(start, done)].into(), first: First::Start }
    }

    /// So many items are done at `now`, and nothing goes before `gate`.
    pub(crate) fn see(&mut self, now: Time, done: u64, gate: Time) {
        let Some(last) = self.openings.back_mut() else { return };
        last.see(now, done);
        if last.at > now {
            // The wait may have become longer.
            last.at = last.at.max(gate);
        } else if gate > last.at.later(ONE_WAIT) {
            self.openings.push_back(Opening::new(gate, done));
            self.forget(gate);
        }
    }

    fn forget(&mut self, latest: Time) {
        while self.openings.len() > FEWEST && latest.since(self.openings[1].at) >= LATELY {
            self.openings.pop_front();
            self.first = First::EndOfWait;
        }
    }

    /// How long it takes from `now` on until `left` more are done than the `done` ones; `None` while the openings say
    /// too little of it.
    pub(crate) fn left(&self, now: Time, done: u64, left: u64) -> Option<Duration> {
        let openings = self.comparable(now, done);
        let ([first, before @ ..], last) = (openings.split_last()?.1, openings.last()?) else { return None };
        let (span, passed) = (last.at.since(first.at), last.done.saturating_sub(first.done));
        if span < SOME_WAITS || passed == 0 {
            return None;
        }
        let cycles = 1.0 + before.len() as f64;
        let busy = first.busy + before.iter().map(|opening| opening.busy).sum::<Duration>();
        let (each, cycle, busy) =
            (passed as f64 / cycles, span.as_secs_f64() / cycles, busy.as_secs_f64() / cycles);
        let to_do = (left + done.saturating_sub(last.done)) as f64 / each;
        let whole = (to_do.ceil() - 1.0).max(0.0);
        let takes = Duration::try_from_secs_f64(whole * cycle + (to_do - whole) * busy).ok()?;
        Some(last.at.later(takes).since(now))
    }

    /// The openings that are alike.
    fn comparable(&self, now: Time, done: u64) -> Vec<Opening> {
        let mut openings: Vec<Opening> = self.openings.iter().copied().collect();
        // What was done from the start to the first wait may be a burst. With one wait alone, there is nothing better.
        if self.first == First::Start && openings.len() >= FEWEST {
            openings.remove(0);
        }
        let longest = openings.windows(2).map(|two| two[1].at.since(two[0].at)).max();
        if let Some(last) = openings.last_mut()
            && longest.is_some_and(|longest| now.since(last.at) > longest)
        {
            // It has been open for longer than ever: no wait is to come, and any instant is like any other.
            last.busy = now.since(last.at);
            openings.push(Opening::new(now, done));
        }
        openings
    }
}

#[cfg(test)]
mod tests {
    use tidegate_core::{Feedback, Pacer, Turn, Verdict};
    use tidegate_sim::{Call, Fleet, Outcome, Token};

    use super::*;

    /// How often it is looked.
    const LOOK: Duration = Duration::from_millis(250);

    /// Plays a list before a fleet in virtual time, and says what was foretold when.
    fn foretold(world: &str, items: u64, phase: Duration) -> (Vec<(Time, Option<Duration>)>, Time) {
        let mut fleet = Fleet::new(&world.parse().unwrap(), 1);
        let (mut pacer, mut now, mut done) = (Pacer::new(), Time::ZERO.later(phase), 0);
        let (mut cycles, mut look, mut said) = (Cycles::new(now, 0), now, Vec::new());
        while done < items {
            if now >= look {
                cycles.see(now, done, pacer.closed_until());
                said.push((now, cycles.left(now, done, items - done)));
                look = look.later(LOOK);
                continue;
            }
            match pacer.ask(now) {
                Turn::At(at) | Turn::OnAnswer(at) => now = at.min(look),
                Turn::Go => {
                    let flight = pacer.sent(now);
                    let reply = fleet.arrive(now, &Call::new(Token(1), "GET", "/v1/rooms", now));
                    let verdict = match reply.outcome {
                        Outcome::Limited { told } => Verdict::Limited { wait: told.as_read(now) },
                        _ => Verdict::Passed,
                    };
                    done += u64::from(verdict == Verdict::Passed);
                    // The same draw for all: half of the jitter.
                    pacer.answered(flight, now, &Feedback { verdict, ..Feedback::PASSED }, u64::MAX / 2);
                }
            }
        }
        (said, now)
    }

    /// From `from` on, until a minute is left, it is never further off than so many percent (and the second that is
    /// the least it tells), at whatever phase of the limit's windows the run starts.
    #[track_caller]
    fn check(world: &str, items: u64, from: u64, percent: f64) {
        for phase in [0, 3_300, 7_700, 11_000, 16_100, 19_000] {
            let phase = Duration::from_millis(phase);
            let (said, end) = foretold(world, items, phase);
            let start = Time::ZERO.later(phase);
            let known = said.iter().filter(|(at, _)| at.since(start) >= Duration::from_secs(from));
            let known: Vec<_> = known.filter(|(at, _)| end.since(*at) >= Duration::from_secs(60)).collect();
            assert!(known.len() > 40, "{world}: it ends too soon");
            for (at, left) in known {
                let (at_second, truth) = (at.since(start).as_secs(), end.since(*at).as_secs_f64());
                let left =
                    left.unwrap_or_else(|| panic!("{world}: nothing known at {at_second}")).as_secs_f64();
                let off = ((left - truth).abs() - 1.0) / truth * 100.0;
                assert!(off <= percent, "{world} + {phase:?}: at {at_second} s: {left}, in truth {truth}");
            }
        }
    }

    fn world(servers: u32, quota: &str) -> String {
        format!("servers = {servers}\n[[limit]]\nmatch = \"GET /v1/rooms\"\nquota = \"{quota}\"\n")
    }

    #[test]
    fn after_a_minute_it_is_right_whatever_shape_the_limit_has() {
        check(&world(1, "100 per 20 s, fixed"), 1_000, 60, 10.0);
        check(&world(1, "100 per 20 s, fixed"), 4_030, 60, 10.0);
        check(&world(1, "100 per 20 s, opened"), 1_000, 60, 10.0);
        check(&world(1, "100 per 20 s, sliding"), 1_000, 60, 10.0);
        check(&world(1, "100 per 20 s, log"), 1_000, 60, 10.0);
        check(&world(1, "5 per 1 s, burst 100"), 1_000, 60, 10.0);
        check(&world(1, "50 per 1 s"), 10_000, 60, 10.0);
        check(&world(1, "300 per minute, burst 50"), 2_000, 60, 10.0);
    }

    #[test]
    fn with_windows_of_a_minute_it_is_right_once_one_has_passed() {
        check(&world(1, "300 per minute, fixed"), 3_000, 120, 10.0);
    }

    #[test]
    fn behind_several_servers_chance_has_a_part_in_it() {
        check(&world(2, "100 per 20 s, fixed"), 2_000, 60, 10.0);
        check(&world(3, "10 per 1 s, fixed"), 5_000, 60, 15.0);
        check(&world(4, "300 per minute, burst 50"), 5_000, 60, 15.0);
    }

    #[test]
    fn a_limit_that_has_changed_is_known_after_a_minute_and_a_half() {
        let changed = |quota: &str, times: &str| {
            let limit = "limit = \"GET /v1/rooms\"";
            format!("{}[[change]]\nat = \"150 s\"\n{limit}\ntimes = {times}\n", world(1, quota))
        };
        check(&changed("100 per 20 s, fixed", "0.5"), 2_500, 150 + 100, 10.0);
        check(&changed("5 per 1 s, burst 20", "0.5"), 1_500, 150 + 100, 10.0);
        check(&changed("5 per 1 s, burst 20", "2.0"), 4_000, 150 + 100, 10.0);
    }

    #[test]
    fn a_single_wait_says_what_it_can_and_none_says_nothing() {
        let (mut cycles, at) = (Cycles::new(Time::ZERO, 0), Time::from_secs);
        cycles.see(at(1), 100, Time::ZERO);
        assert_eq!(cycles.left(at(1), 100, 900), None);
        cycles.see(at(2), 100, at(60));
        assert_eq!(cycles.left(at(2), 100, 200), Some(Duration::from_secs(58 + 60 + 1)));
    }

    #[test]
    fn what_is_long_past_is_forgotten() {
        let mut cycles = Cycles::new(Time::ZERO, 0);
        for second in 0..10_000 {
            let now = Time::from_secs(second);
            cycles.see(now, second, now.later(Duration::from_millis(500)));
        }
        assert!(cycles.openings.len() < 100, "{}", cycles.openings.len());
    }
}
