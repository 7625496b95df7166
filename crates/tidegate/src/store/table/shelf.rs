//! Whole states, for quotas that fit no word: windows, logs, odd rates. Never here: a word, a decision.
//!
//! A set is a few places under one lock; a key has its place in one set only. Places are made at the start, and what
//! a log may ever need is set aside when its key comes, so that memory is bounded whatever is asked.

use tidegate_core::{Quota, Shape, State, Time};

use crate::store::sync::{AtomicI64, AtomicUsize, Mutex, MutexGuard, Ordering, lock};

/// How many keys a set holds.
const WAYS: usize = if cfg!(tidegate_loom) { 1 } else { 16 };

/// How many other sets are looked through for logs whose time has passed, when a new one finds no memory.
const SWEEP: usize = 4;

/// The bytes of a set.
const OF_SET: usize = size_of::<Mutex<Set>>() + WAYS * size_of::<Kept>();

/// A state on the shelf, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: u64,
    /// Which of its limit's quotas the state is counted under.
    pub(super) place: u8,
    pub(super) state: State,
    /// From when on it equals none.
    pub(super) full_at: Time,
    /// The bytes that are set aside for it beyond its place.
    pub(super) set_aside: i64,
}

/// The states of one set.
pub(super) type Set = Vec<Kept>;

#[derive(Debug)]
pub(super) struct Shelf {
    sets: Box<[Mutex<Set>]>,
    for_logs: usize,
    /// Bytes that logs may still have.
    free: AtomicI64,
    /// Where the next log that finds no memory looks for some.
    hand: AtomicUsize,
}

impl Shelf {
    /// A shelf that takes no more memory than this: half of it for places, half for logs.
    pub(super) fn new(bytes: usize) -> Shelf {
        let sets = (bytes / 2 / OF_SET).max(1);
        Shelf {
            sets: (0..sets).map(|_| Mutex::new(Vec::with_capacity(WAYS))).collect(),
            free: AtomicI64::new(i64::try_from(bytes / 2).unwrap_or(i64::MAX)),
            for_logs: bytes / 2,
            hand: AtomicUsize::new(0),
        }
    }

    /// How many bytes it may take.
    pub(super) fn bytes(&self) -> usize {
        self.sets.len() * OF_SET + self.for_logs
    }

    /// Which set a key belongs to.
    pub(super) fn set_of(&self, id: u64) -> usize {
        ((u128::from(id) * self.sets.len() as u128) >> u64::BITS) as usize
    }

    /// Takes a set's lock.
    pub(super) fn lock(&self, index: usize) -> MutexGuard<'_, Set> {
        lock(&self.sets[index])
    }

    /// Puts a state into its locked set, over its old one or in a place that is free. Says whether there was one.
    pub(super) fn put(
        &self,
        set: &mut Set,
        id: u64,
        place: u8,
        quota: &Quota,
        state: State,
        now: Time,
    ) -> bool {
        let full_at = state.full_at(quota);
        if let Some(old) = set.iter_mut().find(|kept| kept.id == id) {
            let more = beyond_place(quota) - old.set_aside;
            // A known key isn't turned away because a change made its log longer.
            self.free.fetch_sub(more.max(0), Ordering::Relaxed);
            let set_aside = old.set_aside + more.max(0);
            *old = Kept { id, place, state, full_at, set_aside };
            return true;
        }
        self.forget(set, now);
        let set_aside = beyond_place(quota);
        if set.len() == WAYS || !self.set_aside(set_aside, now) {
            return false;
        }
        set.push(Kept { id, place, state, full_at, set_aside });
        true
    }

    /// Takes a state off.
    pub(super) fn take(&self, set: &mut Set, id: u64) -> Option<Kept> {
        let at = set.iter().position(|kept| kept.id == id)?;
        let kept = set.swap_remove(at);
        self.free.fetch_add(kept.set_aside, Ordering::Relaxed);
        Some(kept)
    }

    /// Drops what equals nothing any more.
    fn forget(&self, set: &mut Set, now: Time) {
        set.retain(|kept| {
            let stays = kept.full_at > now;
            if !stays {
                self.free.fetch_add(kept.set_aside, Ordering::Relaxed);
            }
            stays
        });
    }

    fn set_aside(&self, bytes: i64, now: Time) -> bool {
        if bytes == 0 || self.take_free(bytes) {
            return true;
        }
        for _ in 0..SWEEP {
            let next = self.hand.fetch_add(1, Ordering::Relaxed) % self.sets.len();
            // Not waited for: its holder may be waiting for the set that is held here.
            if let Ok(mut set) = self.sets[next].try_lock() {
                self.forget(&mut set, now);
            }
        }
        self.take_free(bytes)
    }

    fn take_free(&self, bytes: i64) -> bool {
        let before = self.free.fetch_sub(bytes, Ordering::Relaxed);
        if before < bytes {
            self.free.fetch_add(bytes, Ordering::Relaxed);
        }
        before >= bytes
    }
}

/// The bytes that a state of this quota may ever need beyond its place: a log's entries, doubled as they grow.
fn beyond_place(quota: &Quota) -> i64 {
    const ENTRY: u64 = 16;
    match quota.shape() {
        // At most 2^20 entries, so it fits.
        Shape::Log => (quota.amount().next_power_of_two().max(4) * ENTRY) as i64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::{Ask, step};

    fn used(quota: &Quota, now: Time) -> State {
        let mut state = State::default();
        step(quota, &mut state, now, Ask::NOW);
        state
    }

    fn put(shelf: &Shelf, id: u64, quota: &Quota, now: Time) -> bool {
        let mut set = shelf.lock(shelf.set_of(id));
        shelf.put(&mut set, id, 0, quota, used(quota, now), now)
    }

    #[test]
    fn a_full_set_takes_nobody_in_until_somebody_s_time_has_passed() {
        let shelf = Shelf::new(1);
        let quota: Quota = "1 per minute, fixed".parse().unwrap();
        let taken = (0..100).filter(|&id| put(&shelf, id, &quota, Time::ZERO)).count();
        assert_eq!(taken, WAYS);
        assert!(put(&shelf, 0, &quota, Time::from_secs(1)), "who is there stays");
        assert!(!put(&shelf, 200, &quota, Time::from_secs(59)));
        assert!(put(&shelf, 200, &quota, Time::from_secs(60)));
    }

    #[test]
    fn logs_have_their_memory_set_aside_and_give_it_back() {
        let shelf = Shelf::new(1 << 20);
        let quota: Quota = "1000 per minute, log".parse().unwrap();
        let spread = |n: u64| n << 54;
        let taken = (0..1000).filter(|&n| put(&shelf, spread(n), &quota, Time::ZERO)).count();
        assert_eq!(taken, (1 << 19) / (1024 * 16), "half the memory, at 16 KiB each");
        let later = Time::from_secs(60);
        let again = (0..1000).rev().filter(|&n| put(&shelf, spread(n), &quota, later)).count();
        assert_eq!(again, taken, "no scan, and all of it back");
    }
}
