//! When the next call to one upstream bucket may go, learned from its answers. Never here: a queue, a timer, a clock.

mod announced;
mod learned;

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::feedback::{Feedback, Verdict};
use crate::jitter::jitter;
use crate::time::Time;
use announced::Announced;
use learned::Learned;

/// The least wait after a refusal that told one, doubled each time that a wait proves too short.
const LEAST_WAIT: Duration = Duration::from_millis(50);

/// The wait after a refusal that told none, doubled each time that it is refused again.
const UNTOLD_WAIT: Duration = Duration::from_secs(1);

/// How far the doubling of waits goes: to 64 times.
const MOST_DOUBLINGS: u32 = 6;

/// How many round trips, and how long at the least, a call may be under way and keep others from going. After
/// that it may be a long poll, or hang: nobody is to wait for it.
const ROUND_TRIPS_TO_HANG: u32 = 8;
const LEAST_TO_HANG: Duration = Duration::from_secs(5);

/// How far a late timer may be caught up with, by sending closer together.
const CATCH_UP: Duration = Duration::from_millis(20);

/// Paces the calls to one upstream bucket: one origin, one token, one resource.
///
/// It keeps no queue and sends nothing. Its owner asks, for the call at the head of the queue, whether it may go
/// ([`ask`](Pacer::ask)), says so when it went ([`sent`](Pacer::sent)), and what came of it
/// ([`answered`](Pacer::answered), [`lost`](Pacer::lost)).
///
/// What it promises: after a refusal nothing goes before the told wait has passed since the answer's arrival;
/// then calls go one by one, at the rate learned, not as a herd. Ten refusals of one flight are one lesson.
#[derive(Clone, Debug, Default)]
pub struct Pacer {
    /// Nothing goes before this instant.
    gate: Time,
    /// When the calls under way were sent.
    under_way: BTreeMap<Flight, Time>,
    next_flight: u64,
    last_sent: Option<Time>,
    /// The smoothed round trip of calls that passed.
    round_trip: Option<Duration>,
    /// Not before this instant goes the next call, for the sake of the pace alone.
    next_at: Time,
    /// Calls that passed of those sent since the gate last opened, or since the start.
    passed_since_gate: u64,
    /// The first of them.
    first_since_gate: Flight,
    /// The newest call that went when the last lesson was learned: refusals up to it are the same lesson.
    lesson: Option<Flight>,
    /// How many lessons came one after another without a call that passed between.
    in_a_row: u32,
    learned: Learned,
    announced: Announced,
    passed: u64,
    refused: u64,
}

/// What the call at the head of the queue is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Go now.
    Go,
    /// Ask again at this instant, or when an answer came before it.
    At(Time),
    /// Ask again when an answer came: enough is under way. Or at this instant, when one that takes that long no
    /// longer keeps others from going.
    OnAnswer(Time),
}

/// One call under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flight(u64);

/// What a pacer believes at a moment, for bars, logs and plots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// Until when the told waits forbid any call; in the past if none does.
    pub closed_until: Time,
    /// The pace now, in calls a second, if one was learned.
    pub pace: Option<f64>,
    /// How many calls the upstream's announcement leaves, and until when.
    pub announced: Option<(u64, Time)>,
    /// The smoothed round trip.
    pub round_trip: Option<Duration>,
    /// Calls under way.
    pub under_way: usize,
    /// Calls passed, ever.
    pub passed: u64,
    /// Calls refused, ever.
    pub refused: u64,
}

impl Pacer {
    /// A pacer that knows nothing yet.
    pub fn new() -> Pacer {
        Pacer::default()
    }

    /// Whether the call at the head of the queue may go at `now`.
    pub fn ask(&self, now: Time) -> Turn {
        let at = self.not_before(now).max(self.next_at);
        if at > now { Turn::At(at) } else { self.full_until(now).map_or(Turn::Go, Turn::OnAnswer) }
    }

    /// When there is room for one more under way, if there is none now and no answer comes.
    fn full_until(&self, now: Time) -> Option<Time> {
        let most = usize::try_from(self.most_under_way()).unwrap_or(usize::MAX);
        // The newest so many leave no room, unless the oldest of them hangs. They are in the order of sending.
        let oldest = self.under_way.values().nth(self.under_way.len().checked_sub(most)?)?;
        let round_trips = self.round_trip.unwrap_or_default() * ROUND_TRIPS_TO_HANG;
        let hangs = oldest.later(round_trips.max(LEAST_TO_HANG));
        (hangs > now).then_some(hangs)
    }

    /// A call went at `now`. Hand the flight back with its answer, or as lost.
    pub fn sent(&mut self, now: Time) -> Flight {
        let flight = Flight(self.next_flight);
        self.next_flight += 1;
        self.under_way.insert(flight, now);
        self.announced.sent();
        self.learned.sent(now, self.last_sent.replace(now));
        self.next_at = self.next_after(self.next_at.max(now.earlier(CATCH_UP)));
        flight
    }

    /// The answer to a call arrived at `now`. `draw` is 64 evenly drawn random bits.
    ///
    /// A flight that is not under way teaches nothing.
    pub fn answered(&mut self, flight: Flight, now: Time, feedback: &Feedback, draw: u64) {
        let Some(sent) = self.under_way.remove(&flight) else { return };
        self.hear(flight, now, feedback);
        match feedback.verdict {
            Verdict::Passed => self.passed(now.since(sent), flight),
            Verdict::Limited { wait } => {
                self.refused += 1;
                let is_new = self.is_new_lesson(flight);
                self.close(flight, now, wait, draw);
                if is_new {
                    self.learned.refused(now, self.gate);
                    // What was planned at the old pace is void.
                    self.next_at = self.next_at.min(self.gate);
                }
            }
            Verdict::Unavailable { wait } => self.close(flight, now, wait, draw),
        }
    }

    /// No answer will come: the call was dropped, or its connection broke. It may have been counted.
    pub fn lost(&mut self, flight: Flight) {
        self.under_way.remove(&flight);
    }

    /// Forgets all that was told, announced and learned. Calls under way stay so, and their answers teach anew.
    pub fn forget(&mut self) {
        let under_way = core::mem::take(&mut self.under_way);
        let (next_flight, passed, refused) = (self.next_flight, self.passed, self.refused);
        *self = Pacer { under_way, next_flight, passed, refused, ..Pacer::default() };
    }

    /// Closes the bucket until `until`, on somebody else's word: a refusal that was about the whole origin.
    pub fn close_until(&mut self, until: Time) {
        if until > self.gate {
            self.gate = until;
            self.passed_since_gate = 0;
            self.first_since_gate = Flight(self.next_flight);
        }
    }

    /// Until when told waits forbid any call. In the past if none does.
    pub fn closed_until(&self) -> Time {
        self.gate
    }

    /// Until when told waits and announcements forbid any call: what the upstream said, without what was learned.
    pub fn not_before(&self, now: Time) -> Time {
        self.gate.max(self.announced.not_before(now))
    }

    /// What is believed at `now`.
    pub fn belief(&self, now: Time) -> Belief {
        Belief {
            closed_until: self.gate,
            pace: self.learned.pace(now),
            announced: self.announced.left(now),
            round_trip: self.round_trip,
            under_way: self.under_way.len(),
            passed: self.passed,
            refused: self.refused,
        }
    }

    fn hear(&mut self, flight: Flight, now: Time, feedback: &Feedback) {
        let (Some(remaining), Some(reset)) = (feedback.remaining, feedback.reset) else { return };
        // Calls that went after this one were not yet counted when the upstream wrote what remains.
        let later = self.under_way.range(flight..).count() as u64;
        self.announced.heard(flight, remaining.saturating_sub(later), now.later(reset));
    }

    fn passed(&mut self, took: Duration, flight: Flight) {
        self.passed += 1;
        // One that was sent before the gate closed says nothing of what lies behind it.
        self.passed_since_gate += u64::from(flight >= self.first_since_gate);
        if self.is_new_lesson(flight) {
            self.in_a_row = 0;
        }
        self.learned.passed();
        self.round_trip = Some(self.round_trip.map_or(took, |smooth| (smooth * 7 + took) / 8));
    }

    /// Whether the call went after the last lesson, so that its answer says something new.
    fn is_new_lesson(&self, flight: Flight) -> bool {
        self.lesson.is_none_or(|newest| flight > newest)
    }

    fn close(&mut self, flight: Flight, now: Time, told: Option<Duration>, draw: u64) {
        if self.is_new_lesson(flight) {
            self.lesson = Some(Flight(self.next_flight.saturating_sub(1)));
            self.in_a_row += 1;
        }
        let doubled = 1u32 << self.in_a_row.saturating_sub(1).min(MOST_DOUBLINGS);
        let wait = match told {
            Some(told) => told.max(LEAST_WAIT * doubled),
            None => UNTOLD_WAIT * doubled,
        };
        self.close_until(now.later(wait).later(jitter(wait, draw)));
    }

    /// How many calls may be under way at once: few at the start and after a wait, more with each that passes.
    fn most_under_way(&self) -> u64 {
        match self.lesson {
            None => 2 + self.passed / 3,
            Some(_) => 1 + self.passed_since_gate,
        }
    }

    /// When the call after one at `last` goes, for the sake of the pace.
    fn next_after(&self, last: Time) -> Time {
        if let Some(next) = self.learned.next(last) {
            return next;
        }
        // Nothing learned yet: spread one round trip's calls over the round trip.
        let round_trip = self.round_trip.unwrap_or_default();
        last.later(round_trip / self.most_under_way().min(1 << 20) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    fn limited(seconds: u64) -> Feedback {
        Feedback::limited(Some(SECOND * seconds as u32))
    }

    /// Calls that pass, one each 100 ms, until the pacer allows `width` at once.
    fn warm(pacer: &mut Pacer, width: usize) -> Time {
        let mut now = at(0);
        while pacer.most_under_way() < width as u64 {
            let flight = pacer.sent(now);
            now = now.later(Duration::from_millis(100));
            pacer.answered(flight, now, &Feedback::PASSED, 0);
        }
        now
    }

    #[test]
    fn nothing_goes_before_the_told_wait_has_passed() {
        let mut pacer = Pacer::new();
        let flight = pacer.sent(at(0));
        pacer.answered(flight, at(100), &limited(3), 0);
        assert_eq!(pacer.ask(at(100)), Turn::At(at(3100)));
        assert_eq!(pacer.ask(at(3099)), Turn::At(at(3100)));
        assert_eq!(pacer.ask(at(3100)), Turn::Go);
    }

    #[test]
    fn after_a_wait_one_goes_and_then_more() {
        let mut pacer = Pacer::new();
        let now = warm(&mut pacer, 8);
        let flight = pacer.sent(now);
        pacer.answered(flight, now, &limited(1), 0);
        let open = pacer.closed_until();
        let probe = pacer.sent(open);
        let later = open.later(SECOND);
        let hangs = open.later(LEAST_TO_HANG);
        assert_eq!(pacer.ask(later), Turn::OnAnswer(hangs), "one probe at a time");
        pacer.answered(probe, later, &Feedback::PASSED, 0);
        assert_eq!(pacer.ask(later), Turn::Go);
    }

    #[test]
    fn answers_to_calls_from_before_the_wait_open_no_wider_gate() {
        let mut pacer = Pacer::new();
        let now = warm(&mut pacer, 8);
        let flights: [Flight; 5] = core::array::from_fn(|_| pacer.sent(now));
        pacer.answered(flights[0], now, &limited(1), 0);
        for flight in &flights[1..] {
            pacer.answered(*flight, now, &Feedback::PASSED, 0);
        }
        let open = pacer.closed_until();
        pacer.sent(open);
        assert_eq!(pacer.ask(open.later(SECOND)), Turn::OnAnswer(open.later(LEAST_TO_HANG)));
    }

    #[test]
    fn a_call_that_hangs_holds_nobody_up_for_ever() {
        let mut pacer = Pacer::new();
        let flight = pacer.sent(at(0));
        pacer.answered(flight, at(10), &limited(1), 0);
        let probe = pacer.closed_until();
        pacer.sent(probe);
        let hangs = probe.later(LEAST_TO_HANG);
        assert_eq!(pacer.ask(probe.later(SECOND)), Turn::OnAnswer(hangs));
        assert_eq!(pacer.ask(hangs), Turn::Go);
    }

    #[test]
    fn ten_refusals_of_one_flight_are_one_lesson() {
        let (mut once, mut often) = (Pacer::new(), Pacer::new());
        let now = warm(&mut once, 10);
        warm(&mut often, 10);
        let flight = once.sent(now);
        once.answered(flight, now.later(SECOND), &limited(1), 0);
        let flights: [Flight; 10] = core::array::from_fn(|_| often.sent(now));
        for flight in flights {
            often.answered(flight, now.later(SECOND), &limited(1), 0);
        }
        let later = now.later(3 * SECOND);
        assert_eq!(once.belief(later).pace, often.belief(later).pace);
        assert_eq!(once.closed_until(), often.closed_until());
    }

    #[test]
    fn a_refusal_that_told_a_longer_wait_extends_the_gate_and_a_shorter_one_does_not() {
        let mut pacer = Pacer::new();
        let (first, second, third) = (pacer.sent(at(0)), pacer.sent(at(0)), pacer.sent(at(0)));
        pacer.answered(first, at(10), &limited(2), 0);
        pacer.answered(second, at(20), &limited(1), 0);
        assert_eq!(pacer.closed_until(), at(2010));
        pacer.answered(third, at(30), &limited(4), 0);
        assert_eq!(pacer.closed_until(), at(4030));
    }

    #[test]
    fn waits_that_prove_too_short_are_doubled() {
        let mut pacer = Pacer::new();
        let mut now = at(0);
        let mut waits = [Duration::ZERO; 4];
        for wait in &mut waits {
            let flight = pacer.sent(now);
            pacer.answered(flight, now, &Feedback::limited(Some(Duration::ZERO)), 0);
            *wait = pacer.closed_until().since(now);
            now = pacer.closed_until();
        }
        assert_eq!(waits, [1, 2, 4, 8].map(|times| LEAST_WAIT * times));
    }

    #[test]
    fn a_wait_of_ages_neither_wraps_nor_panics() {
        let mut pacer = Pacer::new();
        let flight = pacer.sent(at(0));
        pacer.answered(flight, at(1), &Feedback::limited(Some(Duration::MAX)), u64::MAX);
        assert_eq!(pacer.ask(at(2)), Turn::At(Time::MAX));
    }

    #[test]
    fn an_announced_end_is_stopped_at() {
        let mut pacer = Pacer::new();
        let two_left = Feedback { remaining: Some(2), reset: Some(5 * SECOND), ..Feedback::PASSED };
        let flight = pacer.sent(at(0));
        pacer.answered(flight, at(100), &two_left, 0);
        pacer.sent(at(200));
        pacer.sent(at(300));
        assert_eq!(pacer.ask(at(400)), Turn::At(at(5100)), "what remained is under way");
        assert_eq!(pacer.belief(at(400)).announced, Some((0, at(5100))));
    }

    #[test]
    fn an_outage_teaches_nothing_about_the_rate() {
        let mut pacer = Pacer::new();
        let flight = pacer.sent(at(0));
        pacer.answered(flight, at(10), &Feedback::unavailable(Some(SECOND)), 0);
        assert_eq!(pacer.ask(at(20)), Turn::At(at(1010)));
        assert_eq!(pacer.belief(at(20)).pace, None);
    }
}
