//! A limit as stores know it: a number, and the quotas that its states may still be counted under. Never here: a state.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tidegate_core::{Ask, Quota, State, Time, WordQuota, step};

use super::sync::{AtomicU64, Ordering, RwLock};

/// How many quotas a limit may have within the time that the slowest of them takes to refill.
const MOST_QUOTAS: usize = 32;

/// How long calls that began before a change may go on deciding by the old quota: a minute.
const HANDOVER: Duration = Duration::from_secs(60);

/// A limit's number and its quota of now.
///
/// When the quota changes, [`Limit::changed`] makes the limit that is used from then on. Keys that are known keep
/// what they used, by [`tidegate_core::carry`]'s rule, each at its own next call: a change takes no time,
/// however many keys there are.
#[derive(Clone, Debug)]
pub struct Limit {
    number: u32,
    /// What the limit turns a key's bits by.
    turn: u64,
    /// The quota's place among the limit's quotas.
    place: u8,
    quota: Quota,
    words: Option<WordQuota>,
    shared: Arc<Shared>,
}

/// What a limit's quotas share, whichever of them a call was begun under.
#[derive(Debug)]
struct Shared {
    known: RwLock<Vec<Known>>,
    /// Until when there may be both words and whole states.
    mixed_until: AtomicU64,
}

/// A quota that states may be counted under.
#[derive(Clone, Copy, Debug)]
struct Known {
    quota: Quota,
    words: Option<WordQuota>,
    /// From when on no state of it has any meaning left.
    ends: Time,
}

/// Too many quotas for one limit, in too short a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyQuotas {
    /// The first instant at which the change would pass.
    pub retry_at: Time,
}

impl fmt::Display for TooManyQuotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a limit can't have more than {MOST_QUOTAS} different quotas within the time that the slowest takes to \
             refill: keep the quota of now and change it later, or to one that it had"
        )
    }
}

impl std::error::Error for TooManyQuotas {}

impl Limit {
    /// A limit under its first quota. Its number tells it from the others of the same store.
    pub fn new(number: u32, quota: Quota) -> Limit {
        let words = WordQuota::new(quota);
        let first = Known { quota, words, ends: Time::MAX };
        let known = RwLock::new(vec![first]);
        let shared = Arc::new(Shared { known, mixed_until: AtomicU64::new(0) });
        Limit {
            number,
            turn: u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            place: 0,
            quota,
            words,
            shared,
        }
    }

    /// The same limit under another quota, from `now` on. Call it on the newest one, and stop using that within a
    /// minute.
    ///
    /// # Errors
    /// When more than 32 quotas would have living states. Going back to one of them is always possible.
    pub fn changed(&self, quota: Quota, now: Time) -> Result<Limit, TooManyQuotas> {
        let words = WordQuota::new(quota);
        let mut known = self.shared.known.write().unwrap_or_else(PoisonError::into_inner);
        let next = Known { quota, words, ends: Time::MAX };
        let place = match known.iter().position(|old| old.quota == quota) {
            Some(place) => place,
            None => free_place(&mut known, next, now)?,
        };
        let last = &mut known[usize::from(self.place)];
        last.ends = now.later(life(&last.quota)).later(HANDOVER);
        known[place] = next;
        let other_kind = known.iter().filter(|old| old.words.is_some() != words.is_some());
        let mixed_until = other_kind.map(|old| old.ends).max().unwrap_or(Time::ZERO);
        // Told before anybody can decide by the new quota, and under the lock: changes come one after another.
        self.shared.mixed_until.fetch_max(mixed_until.as_nanos(), Ordering::Relaxed);
        drop(known);
        // At most 32 places, so it fits.
        Ok(Limit { place: place as u8, quota, words, ..self.clone() })
    }

    /// The number that tells it from others.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The quota of now.
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }

    #[inline]
    pub(super) const fn turn(&self) -> u64 {
        self.turn
    }

    #[inline]
    pub(super) const fn place(&self) -> u8 {
        self.place
    }

    #[inline]
    pub(super) const fn words(&self) -> Option<&WordQuota> {
        self.words.as_ref()
    }

    /// Whether states of the other kind may still be about.
    pub(super) fn is_mixed(&self, now: Time) -> bool {
        now.as_nanos() < self.shared.mixed_until.load(Ordering::Relaxed)
    }

    /// The quota at a place, as states have it that were counted under it.
    pub(super) fn quota_at(&self, place: u8) -> (Quota, Option<WordQuota>) {
        if place == self.place {
            return (self.quota, self.words);
        }
        let known = self.shared.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(usize::from(place)).map_or((self.quota, self.words), |old| (old.quota, old.words))
    }
}

fn free_place(known: &mut Vec<Known>, next: Known, now: Time) -> Result<usize, TooManyQuotas> {
    if let Some(ended) = known.iter().position(|old| old.ends <= now) {
        return Ok(ended);
    }
    if known.len() == MOST_QUOTAS {
        let first = known.iter().map(|old| old.ends).min();
        return Err(TooManyQuotas { retry_at: first.unwrap_or(now) });
    }
    known.push(next);
    Ok(known.len() - 1)
}

/// How long after its last call a state may matter: as long as that of a key that used everything at once.
fn life(quota: &Quota) -> Duration {
    let mut state = State::default();
    step(quota, &mut state, Time::ZERO, Ask::NOW.costing(quota.burst()));
    state.full_at(quota).since(Time::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn per_hour(amount: u64) -> Quota {
        Quota::new(amount, Duration::from_secs(3_600)).unwrap()
    }

    #[test]
    fn a_limit_goes_to_and_fro_as_often_as_it_likes() {
        let mut limit = Limit::new(0, per_hour(1));
        for turn in 0..1_000 {
            limit = limit.changed(per_hour(1 + turn % 32), Time::from_secs(turn)).unwrap();
        }
        let place = limit.place();
        assert_eq!(limit.quota_at(place).0, *limit.quota());
    }

    #[test]
    fn too_many_quotas_at_once_are_refused_until_the_first_has_ended() {
        let mut limit = Limit::new(0, per_hour(1));
        for amount in 2..=32 {
            limit = limit.changed(per_hour(amount), Time::from_secs(amount)).unwrap();
        }
        let refused = limit.changed(per_hour(33), Time::from_secs(33)).unwrap_err();
        assert_eq!(refused.retry_at, Time::from_secs(2 + 3_600 + 60));
        assert!(limit.changed(per_hour(33), refused.retry_at).is_ok());
        assert!(limit.changed(per_hour(7), Time::from_secs(33)).is_ok(), "one that it had");
    }

    #[test]
    fn a_limit_knows_how_long_it_is_mixed() {
        let limit = Limit::new(0, per_hour(10));
        let same_kind = limit.changed(per_hour(20), Time::ZERO).unwrap();
        assert!(!same_kind.is_mixed(Time::ZERO));
        let daily = "10 per day, fixed".parse().unwrap();
        let mixed = same_kind.changed(daily, Time::ZERO).unwrap();
        assert!(mixed.is_mixed(Time::from_secs(3_659)) && !mixed.is_mixed(Time::from_secs(3_660)));
    }
}
