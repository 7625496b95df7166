//! What is bad conduct, what it costs, and what may be asked of that by a policy. Never here: a caller.

use std::fmt;
use std::time::Duration;

pub use crate::mode::Mode;
use tidegate_core::{Ask, Decision, Quota, Time, Word, WordQuota, carry};

/// What a policy says about conduct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether who goes too far is refused at the door, and told to wait longer.
    pub mode: Mode,
    /// How many bad calls are forgiven: a burst at once, and the amount per window in the long run. Each further
    /// one costs the time that one takes to be forgiven.
    pub forgiven: Quota,
    /// The longest that anybody is shut out, counted from the last bad call.
    pub longest: Duration,
    /// How long after a refusal calls may still come that were under way; at most half of the told wait is granted.
    pub grace: Duration,
}

impl Default for Settings {
    /// Off; 20 per minute are forgiven, at most 10 minutes' wait, a second of grace.
    fn default() -> Self {
        let forgiven = Quota::new(20, Duration::from_secs(60)).expect("20 per minute is a quota");
        let longest = Duration::from_secs(600);
        Settings { mode: Mode::Off, forgiven, longest, grace: Duration::from_secs(1) }
    }
}

/// Why settings can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// Strikes can't be counted by this quota.
    Forgiven(Quota),
    /// The longest wait is shorter than what one strike costs.
    TooShort {
        /// The longest wait of the settings.
        longest: Duration,
        /// What a strike costs.
        strike: Duration,
    },
    /// The longest wait, with what is forgiven, is longer than can be counted.
    TooLong(Duration),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Forgiven(quota) => write!(
                f,
                "bad calls can't be counted by `{quota}`: name a quota that refills steadily, in a whole number of \
                 nanoseconds or 64ths of them, and wholly within 48 days, such as `20 per minute`"
            ),
            Unfit::TooShort { longest, strike } => write!(
                f,
                "the longest wait, {longest:?}, is shorter than the {strike:?} that one bad call costs: name a \
                 longer one, or forgive more per window"
            ),
            Unfit::TooLong(longest) => write!(
                f,
                "the longest wait, {longest:?}, can't be counted: with the time in which all that is forgiven \
                 refills, it may take 48 days"
            ),
        }
    }
}

impl std::error::Error for Unfit {}

/// [`Settings`] that can be kept, made ready.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    settings: Settings,
    /// One more than are forgiven fits: a caller for whose next strike there is no room is shut out.
    words: WordQuota,
    /// What one strike costs, in nanoseconds, rounded up.
    strike_ns: u64,
    /// Later than so many nanoseconds from now nobody's next strike begins.
    patience_ns: u64,
}

impl Rules {
    /// The rules that these settings are.
    ///
    /// # Errors
    /// When strikes can't be counted by the quota, or the longest wait is too short or too long for it.
    pub fn new(settings: Settings) -> Result<Rules, Unfit> {
        let Settings { forgiven, longest, .. } = settings;
        let strike_ns = ns(forgiven.window()).div_ceil(forgiven.amount());
        let strike = Duration::from_nanos(strike_ns);
        let with_more = |more: u64| forgiven.with_burst(forgiven.burst().saturating_add(more)).ok();
        let words = with_more(1).and_then(WordQuota::new).ok_or(Unfit::Forgiven(forgiven))?;
        let patience_ns = ns(longest).checked_sub(strike_ns).ok_or(Unfit::TooShort { longest, strike })?;
        let most_strikes = (ns(longest) / strike_ns).saturating_add(2);
        if !with_more(most_strikes).is_some_and(|quota| quota.fits_word()) {
            return Err(Unfit::TooLong(longest));
        }
        Ok(Rules { settings, words, strike_ns, patience_ns })
    }

    /// The settings that they were made of.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// When somebody with these strikes is let in again: an instant of the past for who isn't shut out.
    #[inline]
    pub(super) fn opens_at(&self, strikes: Word) -> Time {
        match self.words.refusal(strikes, 1) {
            Decision::Deny { retry_at } => retry_at,
            Decision::Admit { .. } | Decision::Never => Time::ZERO,
        }
    }

    /// Counts one more strike: what `step` does with patience, as it begins where the others end.
    #[inline]
    pub(super) fn strike(&self, strikes: &mut Word, now: Time) {
        let begins = now.max(self.opens_at(*strikes));
        if begins.as_nanos() - now.as_nanos() <= self.patience_ns {
            self.words.step(strikes, begins, Ask::NOW);
        }
    }

    /// How many strikes aren't forgiven yet, to the nearest whole one.
    pub(super) fn left(&self, strikes: Word, now: Time) -> u64 {
        let left_ns = strikes.full_at().as_nanos().saturating_sub(now.as_nanos());
        (left_ns + self.strike_ns / 2) / self.strike_ns
    }

    /// Strikes that were counted by other rules: the share of what is forgiven stays, and so does the number of
    /// strikes beyond it, as far as the longest wait goes.
    pub(super) fn taken_over(&self, old: &Rules, strikes: Word, now: Time) -> Word {
        if self.settings == old.settings {
            return strikes;
        }
        let mut most = Word::UNUSED;
        let whole = self.words.quota().burst();
        self.words.step(
            &mut most,
            now.later(Duration::from_nanos(self.patience_ns)),
            Ask::NOW.costing(whole),
        );
        let state = carry(old.words.quota(), &old.words.state(strikes), self.words.quota(), now);
        self.words.word(&state).map_or(most, |word| word.min(most))
    }
}

/// Whole nanoseconds; a span of over 584 years is as good as that.
fn ns(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_secs(100_000);

    fn settings(forgiven: &str, longest_secs: u64) -> Settings {
        let forgiven = forgiven.parse().unwrap();
        Settings { forgiven, longest: Duration::from_secs(longest_secs), ..Settings::default() }
    }

    fn rules(forgiven: &str, longest_secs: u64) -> Rules {
        Rules::new(settings(forgiven, longest_secs)).unwrap()
    }

    /// The waits after each of so many strikes at once, in milliseconds.
    fn waits(rules: &Rules, strikes: usize) -> Vec<u128> {
        let mut word = Word::UNUSED;
        let mut strike = || {
            rules.strike(&mut word, START);
            rules.opens_at(word).since(START).as_millis()
        };
        (0..strikes).map(|_| strike()).collect()
    }

    #[track_caller]
    fn check_unfit(forgiven: &str, longest_secs: u64, message: &str) {
        let unfit = Rules::new(settings(forgiven, longest_secs)).unwrap_err().to_string();
        assert!(unfit.contains(message), "{unfit}");
    }

    #[test]
    fn what_is_forgiven_costs_nothing_and_each_further_strike_its_time_up_to_the_longest() {
        assert_eq!(waits(&rules("2 per 6 s", 10), 7), [0, 0, 3_000, 6_000, 9_000, 9_000, 9_000]);
        assert_eq!(waits(&rules("2 per 6 s", 3), 4), [0, 0, 3_000, 3_000]);
        assert_eq!(waits(&rules("60 per minute, burst 1", 600), 3), [0, 1_000, 2_000]);
    }

    #[test]
    fn settings_that_cant_be_kept_say_why() {
        check_unfit("20 per minute, fixed", 600, "`20 per minute, fixed`");
        check_unfit("997 per minute", 600, "`997 per minute`");
        check_unfit("20 per minute", 2, "2s, is shorter than the 3s");
        check_unfit("20 per minute", 50 * 86_400, "48 days");
        assert!(Rules::new(Settings::default()).is_ok());
        assert!(Rules::new(Settings { longest: Duration::MAX, ..Settings::default() }).is_err());
    }

    #[test]
    fn strikes_are_told_as_a_number() {
        let rules = rules("7 per s, burst 7", 600);
        let mut word = Word::UNUSED;
        for number in 1..=100 {
            rules.strike(&mut word, START);
            assert_eq!(rules.left(word, START), number);
        }
        assert_eq!(rules.left(word, START.later(Duration::from_secs(10))), 30);
        assert_eq!(rules.left(word, START.later(Duration::from_secs(100))), 0);
    }

    #[test]
    fn other_rules_take_strikes_over_up_to_their_own_longest_wait() {
        let (old, new) = (rules("2 per 6 s", 600), rules("4 per minute, burst 4", 60));
        let after = |strikes: usize| {
            let mut word = Word::UNUSED;
            (0..strikes).for_each(|_| old.strike(&mut word, START));
            new.opens_at(new.taken_over(&old, word, START)).since(START).as_secs()
        };
        // Three fill what there is room for, by either rules; each further one costs 3 s, and 15 s now.
        assert_eq!([0, 2, 3, 4, 5, 6, 100].map(after), [0, 0, 15, 30, 45, 60, 60]);
    }
}
