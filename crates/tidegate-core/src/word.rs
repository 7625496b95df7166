//! A bucket's state in one machine word, for stores that hold millions. Never here: a lock, an atomic, another shape.
//!
//! A word is the instant at which the bucket is full again: 58 bits of nanoseconds and 6 of ticks, of which a
//! nanosecond of the quota has at most 64. So words of every quota are ordered as their instants are, and whoever
//! holds a word can tell that its time has passed without knowing whose it is.

use core::time::Duration;

use crate::decision::{Ask, Decision, Receipt};
use crate::gcra::FullAt;
use crate::quota::{Quota, Shape};
use crate::step::{Count, State, peek, settle, step};
use crate::time::Time;

/// The bits of a word that count ticks within a nanosecond.
const TICK_BITS: u32 = 6;
const TICKS: u64 = (1 << TICK_BITS) - 1;

/// How long after its epoch a clock may be read for words to be exact and quick: nine years.
const UPTIME_NS: u64 = 9 * 365_250 * 86_400_000_000;

/// The longest refilling of a burst that fits behind that: 48 days.
const REFILL_NS: u64 = (1 << (u64::BITS - TICK_BITS)) - UPTIME_NS;

/// A bucket's state in 64 bits. [`Word::UNUSED`] is an unused one, and so is one whose time has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(u64);

impl Word {
    /// The state of a key that was never seen.
    pub const UNUSED: Word = Word(0);

    /// The word of these bits.
    pub const fn from_bits(bits: u64) -> Word {
        Word(bits)
    }

    /// The bits of the word, to be kept anywhere.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// The first whole nanosecond from which the word equals an unused one, under every quota.
    pub const fn full_at(self) -> Time {
        Time::from_nanos(self.0.div_ceil(1 << TICK_BITS))
    }

    /// Whether the word equals an unused one at `now` and from then on, so that it may be forgotten.
    pub const fn has_passed(self, now: Time) -> bool {
        self.full_at().as_nanos() <= now.as_nanos()
    }
}

/// Whether a call goes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// It does, and leaves this word.
    Now(Word),
    /// It doesn't, and leaves the word as it was.
    Later,
    /// That takes [`WordQuota::step`] to tell: the cost is nothing or never fits, or the clock is over nine years old.
    AtLength,
}

/// A quota made ready to decide on words, with the answers of [`step`].
///
/// ```
/// use tidegate_core::{Ask, Quota, Time, Word, WordQuota};
/// let quota: Quota = "7 per second, burst 1".parse().unwrap();
/// let words = WordQuota::new(quota).expect("a second has a seventh");
/// let mut word = Word::UNUSED;
/// let now = Time::from_secs(100);
/// assert_eq!(words.step(&mut word, now, Ask::NOW).admitted_at(), Some(now));
/// assert_eq!(words.step(&mut word, now, Ask::NOW).admitted_at(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordQuota {
    quota: Quota,
    /// What one unit takes, as a word.
    unit: u64,
    /// What may still be missing from the bucket when a call of one unit goes, as a word.
    beside_one: u64,
    /// The whole burst, in ticks.
    burst_ticks: u64,
}

impl Quota {
    /// Whether a state of this quota fits a [`Word`] exactly: a bucket, whose unit takes a whole number of 64ths
    /// or coarser parts of a nanosecond to refill, and whose burst refills within 48 days. The clock's epoch must
    /// be its own start, not 1970: words reach nine years beyond it.
    ///
    /// What people write mostly fits: 7 per second and 300 per minute do, 997 per minute doesn't.
    pub const fn fits_word(&self) -> bool {
        let scale = self.scale();
        if !matches!(self.shape(), Shape::Bucket) || scale.ticks_per_ns > TICKS + 1 {
            return false;
        }
        let ticks = self.burst() as u128 * scale.ticks_per_unit as u128;
        ticks <= REFILL_NS as u128 * scale.ticks_per_ns as u128
    }
}

impl WordQuota {
    /// The quota, ready for words; `None` if its states don't fit any.
    pub const fn new(quota: Quota) -> Option<WordQuota> {
        if !quota.fits_word() {
            return None;
        }
        let burst_ticks = quota.burst() * quota.scale().ticks_per_unit;
        let plain = WordQuota { quota, unit: 0, beside_one: 0, burst_ticks };
        let (unit, beside_one) = (plain.span(1), plain.span(quota.burst() - 1));
        Some(WordQuota { unit, beside_one, ..plain })
    }

    /// The quota itself.
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }

    /// Decides as [`step`] does, and keeps the state in the word.
    ///
    /// Beyond the ninth year of the clock, what no word holds any more is refused until [`Time::MAX`].
    #[inline]
    pub fn step(&self, word: &mut Word, now: Time, ask: Ask) -> Decision {
        match self.pass(*word, now, ask.cost) {
            Pass::Now(spent) => {
                *word = spent;
                self.admission(spent, now, ask.cost)
            }
            Pass::Later if ask.patience.is_zero() => self.refusal(*word, ask.cost),
            Pass::Later | Pass::AtLength => self.step_at_length(word, now, ask),
        }
    }

    /// Whether a call goes now, in the fewest steps: what [`WordQuota::step`] begins with. What else there is to
    /// tell, [`WordQuota::admission`] and [`WordQuota::refusal`] make of the word.
    #[inline]
    pub const fn pass(&self, word: Word, now: Time, cost: u64) -> Pass {
        let Some((cost, beside)) = self.spans(cost) else { return Pass::AtLength };
        let nanos = now.as_nanos();
        if nanos > UPTIME_NS {
            return Pass::AtLength;
        }
        let here = nanos << TICK_BITS;
        if word.0 > here + beside {
            return Pass::Later;
        }
        Pass::Now(Word(self.sum(if word.0 > here { word.0 } else { here }, cost)))
    }

    /// The decision of a call that passed now, and left this word.
    #[inline]
    pub const fn admission(&self, spent: Word, now: Time, cost: u64) -> Decision {
        let receipt = Receipt { cost, asked: now, place: self.ticks(spent.0) };
        Decision::Admit { at: now, remaining: self.left(spent.0, now.as_nanos()), receipt }
    }

    /// The decision of a call that passes later, and so found this word.
    #[inline]
    pub const fn refusal(&self, word: Word, cost: u64) -> Decision {
        match self.spans(cost) {
            Some((_, beside)) if word.0 > beside => Decision::Deny { retry_at: first_after(word.0, beside) },
            _ => Decision::Never,
        }
    }

    /// What [`WordQuota::step`] would answer, spending nothing; as [`peek`].
    pub fn peek(&self, word: Word, now: Time, ask: Ask) -> Decision {
        let seen = peek(&self.quota, &self.state(word), now, ask);
        match self.step(&mut { word }, now, ask) {
            end @ Decision::Deny { retry_at: Time::MAX } => end,
            _ => seen,
        }
    }

    /// Takes back what a dropped call spent; as [`refund`](crate::refund).
    pub fn refund(&self, word: &mut Word, now: Time, receipt: Receipt) {
        self.settle(word, now, receipt, 0);
    }

    /// Brings what a call spent to what it turned out to cost; as [`settle`].
    pub fn settle(&self, word: &mut Word, now: Time, receipt: Receipt, used: u64) {
        let mut state = self.state(*word);
        settle(&self.quota, &mut state, now, receipt, used);
        // What is owed in the clock's ninth year may not fit; then the word stays.
        *word = self.word(&state).unwrap_or(*word);
    }

    /// The state that a word stands for.
    pub fn state(&self, word: Word) -> State {
        if word == Word::UNUSED {
            return State::default();
        }
        State(Count::Bucket(FullAt(self.ticks(word.0))))
    }

    /// The word of a state of this quota; `None` if it is of another shape, or beyond the ninth year.
    pub fn word(&self, state: &State) -> Option<Word> {
        match state.0 {
            Count::Unused => Some(Word::UNUSED),
            Count::Bucket(FullAt(ticks)) => {
                let per_ns = u128::from(self.quota.scale().ticks_per_ns);
                let nanos = u64::try_from(ticks / per_ns).ok()?;
                let fits = nanos <= u64::MAX >> TICK_BITS;
                // The remainder is below 64, so it is whole.
                fits.then_some(Word((nanos << TICK_BITS) | (ticks % per_ns) as u64))
            }
            _ => None,
        }
    }

    /// The same by the general function: for whoever waits, and for the ends of the range.
    #[cold]
    #[inline(never)]
    fn step_at_length(&self, word: &mut Word, now: Time, ask: Ask) -> Decision {
        let mut state = self.state(*word);
        let decision = step(&self.quota, &mut state, now, ask);
        match self.word(&state) {
            Some(spent) => *word = spent,
            None => return Decision::Deny { retry_at: Time::MAX },
        }
        decision
    }

    /// What a cost takes, and what may be missing beside it. `None` for the costs that need no arithmetic: nothing,
    /// and more than the burst.
    #[inline]
    const fn spans(&self, cost: u64) -> Option<(u64, u64)> {
        match cost {
            1 => Some((self.unit, self.beside_one)),
            0 => None,
            cost if cost > self.quota.burst() => None,
            cost => Some((self.span(cost), self.span(self.quota.burst() - cost))),
        }
    }

    /// How long `units` (at most the burst) take, as a word.
    const fn span(&self, units: u64) -> u64 {
        let scale = self.quota.scale();
        let ticks = units * scale.ticks_per_unit;
        ((ticks / scale.ticks_per_ns) << TICK_BITS) | (ticks % scale.ticks_per_ns)
    }

    /// The word `span` after `word`: ticks that make a nanosecond are carried over into one.
    #[inline]
    const fn sum(&self, word: u64, span: u64) -> u64 {
        let sum = word + span;
        if span & TICKS == 0 {
            return sum;
        }
        let per_ns = self.quota.scale().ticks_per_ns;
        if (word & TICKS) + (span & TICKS) >= per_ns { sum + (TICKS + 1 - per_ns) } else { sum }
    }

    /// The instant of a word in the quota's own ticks.
    #[inline]
    const fn ticks(&self, word: u64) -> u128 {
        (word >> TICK_BITS) as u128 * self.quota.scale().ticks_per_ns as u128 + (word & TICKS) as u128
    }

    /// How many units would pass at `now`, when the bucket is full no later than a burst after it.
    #[inline]
    const fn left(&self, full: u64, now_ns: u64) -> u64 {
        let scale = self.quota.scale();
        let missing = ((full >> TICK_BITS) - now_ns) * scale.ticks_per_ns + (full & TICKS);
        (self.burst_ticks - missing) / scale.ticks_per_unit
    }
}

/// The first whole nanosecond that isn't before `word` less `span`, where the span is the shorter.
#[inline]
const fn first_after(word: u64, span: u64) -> Time {
    let nanos = (word >> TICK_BITS) - (span >> TICK_BITS);
    let begun = (word & TICKS > span & TICKS) as u64;
    Time::from_nanos(nanos + begun)
}

const _: () = assert!(Duration::from_nanos(REFILL_NS).as_secs() >= 48 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_fits(quota: &str, fits: bool) {
        assert_eq!(quota.parse::<Quota>().unwrap().fits_word(), fits, "{quota}");
    }

    #[test]
    fn the_quotas_that_people_write_fit() {
        check_fits("300 per minute, burst 50", true);
        check_fits("7 per second", true);
        check_fits("61 per second", true);
        check_fits("1 per day, burst 48", true);
        check_fits("1 per day, burst 49", false);
        check_fits("997 per minute", false);
        check_fits("300 per minute, fixed", false);
    }

    #[test]
    fn ticks_are_carried_over() {
        let words = WordQuota::new("3 per 1 s, burst 3".parse().unwrap()).unwrap();
        let mut word = Word::UNUSED;
        for thirds in [(333_333_333, 1), (666_666_666, 2), (1_000_000_000, 0)] {
            words.step(&mut word, Time::ZERO, Ask::NOW);
            assert_eq!((word.0 >> TICK_BITS, word.0 & TICKS), thirds);
        }
    }

    #[test]
    fn a_word_has_passed_when_its_last_tick_has() {
        let words = WordQuota::new("3 per 1 s, burst 1".parse().unwrap()).unwrap();
        let mut word = Word::UNUSED;
        words.step(&mut word, Time::ZERO, Ask::NOW);
        assert!(!word.has_passed(Time::from_nanos(333_333_333)));
        assert!(word.has_passed(Time::from_nanos(333_333_334)));
    }
}
