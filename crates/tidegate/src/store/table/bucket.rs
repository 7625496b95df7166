//! One cache line of the table: a lock, five tags, five words. Never here: which bucket, what is decided.
//!
//! The head holds the lock in its lowest bit, and is written back whole when the lock is let go: so a decision on
//! a key that is found costs one compare-and-swap and two plain stores.

use tidegate_core::{Time, Word};

use crate::store::sync::{AtomicU64, Ordering, yield_now};

/// How many keys a bucket holds.
pub(super) const SLOTS: usize = 5;

/// How many buckets beyond its home a key may be put in.
#[cfg(not(tidegate_loom))]
pub(super) const REACH: usize = 7;
/// In a model small tables must be full soon.
#[cfg(tidegate_loom)]
pub(super) const REACH: usize = 1;

/// The lowest bit: whether somebody has the lock.
const LOCKED: u64 = 1;
/// Three bits: how far beyond this bucket keys were put whose home it is.
const REACH_SHIFT: u32 = 1;
const REACH_MASK: u64 = 0b111;
/// Five times five bits: which of its limit's quotas each word is counted under.
const PLACES_SHIFT: u32 = 4;
const PLACE_BITS: u32 = 5;
const PLACE_MASK: u64 = 0b1_1111;

/// How often somebody looks again before letting others run: a decision takes less.
const LOOKS: u32 = 64;

/// A cache line. A slot that nobody took has a tag of zero, and a word whose time has passed.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Bucket {
    head: AtomicU64,
    tags: [AtomicU64; 2],
    words: [AtomicU64; SLOTS],
}

impl Bucket {
    /// Takes the lock.
    #[inline]
    pub(super) fn lock(&self) -> Held<'_> {
        match self.try_lock() {
            Some(held) => held,
            None => self.lock_when_free(),
        }
    }

    #[inline]
    fn try_lock(&self) -> Option<Held<'_>> {
        let head = self.head.load(Ordering::Relaxed) & !LOCKED;
        let taken = self.head.compare_exchange(head, head | LOCKED, Ordering::Acquire, Ordering::Relaxed);
        // Not `then_some`: a `Held` that is made is one that unlocks.
        taken.is_ok().then(|| Held { bucket: self, head })
    }

    #[cold]
    #[inline(never)]
    fn lock_when_free(&self) -> Held<'_> {
        loop {
            for _ in 0..LOOKS {
                if self.head.load(Ordering::Relaxed) & LOCKED == 0
                    && let Some(held) = self.try_lock()
                {
                    return held;
                }
                if cfg!(not(tidegate_loom)) {
                    std::hint::spin_loop();
                } else {
                    yield_now();
                }
            }
            // Whoever has it may not be running.
            yield_now();
        }
    }
}

/// A bucket under its lock, which is let go with it.
#[derive(Debug)]
pub(super) struct Held<'a> {
    bucket: &'a Bucket,
    head: u64,
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        self.bucket.head.store(self.head, Ordering::Release);
    }
}

impl Held<'_> {
    /// The slot of a tag.
    #[inline]
    pub(super) fn find(&self, tag: u32) -> Option<usize> {
        let is = |tags: u64| tags as u32 == tag;
        if is(self.head >> 32) {
            return Some(0);
        }
        let near = self.bucket.tags[0].load(Ordering::Relaxed);
        if is(near) {
            return Some(1);
        }
        if is(near >> 32) {
            return Some(2);
        }
        let far = self.bucket.tags[1].load(Ordering::Relaxed);
        if is(far) {
            return Some(3);
        }
        is(far >> 32).then_some(4)
    }

    /// A slot whose key's time has passed, so that another key may have it.
    pub(super) fn free(&self, now: Time) -> Option<usize> {
        (0..SLOTS).find(|&slot| self.word(slot).has_passed(now))
    }

    #[inline]
    pub(super) fn word(&self, slot: usize) -> Word {
        Word::from_bits(self.bucket.words[slot].load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn set_word(&mut self, slot: usize, word: Word) {
        self.bucket.words[slot].store(word.to_bits(), Ordering::Relaxed);
    }

    /// Which of its limit's quotas a word is counted under.
    #[inline]
    pub(super) fn place(&self, slot: usize) -> u8 {
        ((self.head >> place_shift(slot)) & PLACE_MASK) as u8
    }

    pub(super) fn set_place(&mut self, slot: usize, place: u8) {
        let shift = place_shift(slot);
        self.head = (self.head & !(PLACE_MASK << shift)) | (u64::from(place) & PLACE_MASK) << shift;
    }

    /// Gives a slot to another key.
    pub(super) fn set_tag(&mut self, slot: usize, tag: u32) {
        if slot == 0 {
            self.head = with_half(self.head, 1, tag);
            return;
        }
        let pair = &self.bucket.tags[(slot - 1) / 2];
        pair.store(with_half(pair.load(Ordering::Relaxed), (slot - 1) % 2, tag), Ordering::Relaxed);
    }

    /// How far beyond this bucket its keys have to be looked for.
    #[inline]
    pub(super) fn reach(&self) -> usize {
        ((self.head >> REACH_SHIFT) & REACH_MASK) as usize
    }

    /// Has its keys looked for as far as `distance`.
    pub(super) fn extend_reach(&mut self, distance: usize) {
        if distance > self.reach() {
            self.head = (self.head & !(REACH_MASK << REACH_SHIFT)) | ((distance as u64) << REACH_SHIFT);
        }
    }
}

#[inline]
const fn place_shift(slot: usize) -> u32 {
    PLACES_SHIFT + PLACE_BITS * slot as u32
}

/// The lower or upper half of a pair, replaced.
const fn with_half(pair: u64, half: usize, tag: u32) -> u64 {
    let shift = 32 * half;
    (pair & !((u32::MAX as u64) << shift)) | (tag as u64) << shift
}

const _: () = assert!(REACH <= REACH_MASK as usize);
#[cfg(not(tidegate_loom))]
const _: () = assert!(size_of::<Bucket>() == 64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_keeps_its_own() {
        let bucket = Bucket::default();
        let mut held = bucket.lock();
        for slot in 0..SLOTS {
            held.set_tag(slot, 0xffff_0000 + slot as u32);
            held.set_place(slot, 31 - slot as u8);
            held.set_word(slot, Word::from_bits(u64::MAX - slot as u64));
            held.extend_reach(slot);
        }
        drop(held);
        let held = bucket.lock();
        for slot in 0..SLOTS {
            assert_eq!(held.find(0xffff_0000 + slot as u32), Some(slot));
            assert_eq!(held.place(slot), 31 - slot as u8);
            assert_eq!(held.word(slot).to_bits(), u64::MAX - slot as u64);
        }
        assert_eq!((held.reach(), held.find(7)), (SLOTS - 1, None));
    }

    #[test]
    fn whoever_comes_second_finds_it_locked() {
        let bucket = Bucket::default();
        let held = bucket.lock();
        assert!(bucket.try_lock().is_none());
        drop(held);
        assert!(bucket.try_lock().is_some());
    }
}
