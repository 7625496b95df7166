//! How many calls each key has in flight, about, in a fixed memory. Never here: what that is compared with.

use std::array;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::store::Key;

/// How many bits of a key choose its cell in a row.
const BITS: u32 = 10;

/// In how many rows a key is counted.
const ROWS: usize = 4;

/// A count-min sketch (Cormode and Muthukrishnan, 2005) of calls in flight. It never counts too few. It counts too
/// many only for a key that shares a cell in each row with others: of all keys, one in 10^12 does with a given one.
pub(super) struct Sketch([[AtomicU32; 1 << BITS]; ROWS]);

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch(array::from_fn(|_| array::from_fn(|_| AtomicU32::new(0))))
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sketch").finish_non_exhaustive()
    }
}

impl Sketch {
    /// A key is a hash under a secret, so its bits are its places.
    fn cells(&self, key: Key) -> [&AtomicU32; ROWS] {
        let mut bits = key.to_bits();
        array::from_fn(|row| {
            let place = (bits & ((1 << BITS) - 1)) as usize;
            bits >>= BITS;
            &self.0[row][place]
        })
    }

    /// How many calls the key has in flight, or a few more.
    pub(super) fn held_by(&self, key: Key) -> u32 {
        self.cells(key).into_iter().fold(u32::MAX, |least, cell| least.min(cell.load(Ordering::Relaxed)))
    }
}

/// What a call holds of its key's share. Dropping it lets go.
#[must_use = "dropping it says that the call has ended"]
#[derive(Debug)]
pub struct Held(Option<(Arc<Sketch>, Key)>);

impl Held {
    /// A call that isn't counted.
    pub(super) const fn nothing() -> Held {
        Held(None)
    }

    pub(super) fn of(sketch: &Arc<Sketch>, key: Key) -> Held {
        for cell in sketch.cells(key) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
        Held(Some((Arc::clone(sketch), key)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some((sketch, key)) = &self.0 else { return };
        for cell in sketch.cells(*key) {
            cell.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::store::Secret;

    use super::*;

    proptest! {
        #[test]
        fn it_never_counts_too_few_and_ends_at_none(calls in proptest::collection::vec(0..64u8, 0..400)) {
            let (sketch, secret) = (Arc::<Sketch>::default(), Secret::new([3, 4]));
            let mut held = Vec::new();
            for &caller in &calls {
                held.push(Held::of(&sketch, secret.key(&[caller])));
            }
            for caller in 0..64u8 {
                let own = calls.iter().filter(|other| **other == caller).count();
                prop_assert_eq!(sketch.held_by(secret.key(&[caller])) as usize, own, "64 keys are too few to meet");
            }
            held.clear();
            prop_assert!((0..64u8).all(|caller| sketch.held_by(secret.key(&[caller])) == 0));
        }
    }

    #[test]
    fn a_greedy_key_burdens_no_other_among_many() {
        let (sketch, secret) = (Arc::<Sketch>::default(), Secret::new([3, 4]));
        let key = |number: u32| secret.key(&number.to_le_bytes());
        let _held: Vec<Held> = (0..1000).map(|_| Held::of(&sketch, key(0))).collect();
        assert!((1..100_000).all(|number| sketch.held_by(key(number)) == 0));
    }

    #[test]
    fn threads_that_come_and_go_leave_nothing() {
        let (sketch, key) = (Arc::<Sketch>::default(), Secret::new([3, 4]).key(b"one"));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| drop(Held::of(&sketch, key))));
            }
        });
        assert_eq!(sketch.held_by(key), 0);
    }
}
