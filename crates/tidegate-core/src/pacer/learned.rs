//! The rate learned from refusals: remembered, approached, gently exceeded. Never here: a told wait, a gate.
//!
//! At a refusal the rate that was delivered since the last one, *the told wait included*, is the best guess of
//! what the limit sustains. Calls then start at a share of it and climb back along a cubic curve, slow near the
//! guess and faster beyond. All is relative to the guess, so it works alike at one call a second and at ten
//! thousand. (The shape of the climb is that of TCP CUBIC, RFC 9438.)

use core::time::Duration;

use crate::time::Time;

/// The share of the guess that calls start at after a refusal.
const START: f64 = 0.9;

/// How long the climb back to the guess takes.
const CLIMB: Duration = Duration::from_secs(3);

/// The most that one bad cycle lowers the guess: to this share.
const LOWEST: f64 = 0.8;

/// How few calls passed are too few to guess a rate by.
const FEW: u64 = 3;

/// How often the interval of the next call's instant is halved: to a thousandth of the gap.
const HALVINGS: u32 = 10;

/// The slowest pace ever kept: one call in an hour.
const SLOWEST: f64 = 1.0 / 3600.0;

/// The pace, and the evidence for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Learned {
    guess: Option<Guess>,
    /// Calls passed since the last lesson, or since the first call.
    passed: u64,
    /// When the count began.
    since: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Guess {
    /// Calls a second that the limit seems to sustain.
    rate: f64,
    /// When the climb began: at the end of the told wait.
    from: Time,
}

impl Guess {
    /// Where on the climb an instant is: -1 at its beginning, 0 when the guess is reached again.
    fn position(&self, now: Time) -> f64 {
        now.since(self.from).as_secs_f64() / CLIMB.as_secs_f64() - 1.0
    }

    fn pace(&self, now: Time) -> f64 {
        let position = self.position(now);
        let cube = position * position * position;
        (self.rate * (1.0 + (1.0 - START) * cube)).max(SLOWEST)
    }

    /// How many calls the pace allows from one instant to another: its integral.
    fn allowed(&self, from: Time, to: Time) -> f64 {
        let fourth = |position: f64| position * position * position * position;
        let climbed = fourth(self.position(to)) - fourth(self.position(from));
        self.rate * (to.since(from).as_secs_f64() + (1.0 - START) * CLIMB.as_secs_f64() * climbed / 4.0)
    }

    /// When the call after one at `last` goes: where the pace, which climbs meanwhile, has allowed one more.
    fn next(&self, last: Time) -> Time {
        // The pace only climbs, so it is no later than at today's pace.
        let (mut early, mut late) = (Duration::ZERO, Duration::from_secs_f64(1.0 / self.pace(last)));
        for _ in 0..HALVINGS {
            let middle = (early + late) / 2;
            if self.allowed(last, last.later(middle)) < 1.0 { early = middle } else { late = middle }
        }
        last.later(late)
    }
}

impl Learned {
    /// Calls a second now, if anything was learned.
    pub(super) fn pace(&self, now: Time) -> Option<f64> {
        self.guess.map(|guess| guess.pace(now))
    }

    /// When the call after one at `last` goes, if a pace was learned.
    pub(super) fn next(&self, last: Time) -> Option<Time> {
        self.guess.map(|guess| guess.next(last))
    }

    /// A call goes: the first one begins the count, and after a silence the climb goes on where it stopped.
    pub(super) fn sent(&mut self, now: Time, last: Option<Time>) {
        self.since.get_or_insert(now);
        let (Some(guess), Some(last)) = (&mut self.guess, last) else { return };
        let silence = now.since(last.max(guess.from));
        // Longer than the pace explains: nobody asked, so nothing was learned meanwhile.
        if silence.as_secs_f64() > 1.0 + 4.0 / guess.pace(last) {
            guess.from = guess.from.later(silence);
        }
    }

    pub(super) fn passed(&mut self) {
        self.passed += 1;
    }

    /// A refusal that is news came at `now`, and nothing goes before `gate`.
    pub(super) fn refused(&mut self, now: Time, gate: Time) {
        let span = gate.since(self.since.unwrap_or(now)).as_secs_f64().max(1e-6);
        let delivered = self.passed as f64 / span;
        let rate = match self.guess {
            // Refused before much passed: others may have used the quota up. That says little of the rate, and
            // what little there is counts with what comes.
            None if self.passed < FEW => return,
            None => delivered,
            Some(old) => {
                let pace = old.pace(now);
                // More than the pace was not delivered; and one bad cycle does not void all that was known.
                delivered.clamp((old.rate * LOWEST).min(pace), pace)
            }
        };
        self.guess = Some(Guess { rate: rate.max(SLOWEST), from: gate });
        self.passed = 0;
        self.since = Some(gate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred calls in the first second, then a refusal that told nine.
    fn after_a_window_of_ten_seconds() -> Learned {
        let mut learned = Learned::default();
        learned.sent(Time::ZERO, None);
        for _ in 0..100 {
            learned.passed();
        }
        learned.refused(Time::from_secs(1), Time::from_secs(10));
        learned
    }

    #[track_caller]
    fn check_pace(learned: &Learned, seconds: u64, pace: f64) {
        let found = learned.pace(Time::from_secs(seconds)).unwrap();
        assert!((found - pace).abs() < 1e-9, "{found} instead of {pace} after {seconds} s");
    }

    #[test]
    fn the_guess_counts_the_told_wait() {
        let learned = after_a_window_of_ten_seconds();
        check_pace(&learned, 10, 9.0);
        check_pace(&learned, 13, 10.0);
        check_pace(&learned, 16, 11.0);
    }

    #[test]
    fn silence_is_no_evidence() {
        let mut learned = after_a_window_of_ten_seconds();
        learned.sent(Time::from_secs(3613), Some(Time::from_secs(13)));
        check_pace(&learned, 3613, 10.0);
    }

    #[test]
    fn a_refusal_before_much_passed_says_nothing_of_the_rate() {
        let mut learned = Learned::default();
        learned.sent(Time::ZERO, None);
        for _ in 1..FEW {
            learned.passed();
        }
        learned.refused(Time::from_secs(1), Time::from_secs(3600));
        assert_eq!(learned.pace(Time::from_secs(3600)), None);
    }

    #[test]
    fn a_long_wait_after_few_calls_is_not_repeated_as_a_pace() {
        let mut learned = Learned::default();
        learned.sent(Time::ZERO, None);
        for _ in 0..FEW {
            learned.passed();
        }
        let gate = Time::from_secs(3600);
        learned.refused(Time::from_secs(1), gate);
        let next = learned.next(gate).unwrap().since(gate);
        assert!(next < Duration::from_secs(60), "the climb makes it sooner than 20 minutes: {next:?}");
    }

    #[test]
    fn the_next_call_goes_when_the_climbing_pace_has_allowed_one() {
        let learned = after_a_window_of_ten_seconds();
        let mut at = Time::from_secs(10);
        let mut calls = 0;
        while at < Time::from_secs(16) {
            at = learned.next(at).unwrap();
            calls += 1;
        }
        // Six seconds around the guess of ten a second, evenly below and above it.
        assert!((59..=61).contains(&calls), "{calls} calls");
    }

    #[test]
    fn a_cycle_without_any_pass_lowers_the_guess_by_a_fifth_and_no_more() {
        let mut learned = after_a_window_of_ten_seconds();
        learned.refused(Time::from_secs(10), Time::from_secs(13));
        check_pace(&learned, 13, 10.0 * LOWEST * START);
    }
}
