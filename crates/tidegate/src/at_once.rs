//! How many calls of a key are in flight, and whether one more may be. Never here: how many may be, a queue, a clock.
//!
//! A key that nobody is in for isn't remembered, so memory is bounded by the calls in flight, however many keys
//! there are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;

use crate::store::Key;
use crate::store::sync::{Mutex, MutexGuard, lock};

/// How many parts the counts lie in, each with a lock of its own.
const SHARDS: usize = if cfg!(tidegate_loom) { 2 } else { 64 };

/// Below this capacity a shard isn't worth shrinking.
const SMALL: usize = 64;

/// The calls in flight of each key, under each limit. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct AtOnce {
    shards: Arc<Shards>,
}

/// How many calls of a key may be in flight under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The limit's number, which tells it from the others.
    pub limit: u32,
    /// Whose calls they are.
    pub key: Key,
    /// The most of them at once. With 0 nobody enters.
    pub most: u32,
}

/// What a call holds while it is in flight: one place under each of its bounds. Dropping it leaves them all.
#[derive(Debug)]
#[must_use = "who drops the place at once isn't in"]
pub struct Place {
    shards: Arc<Shards>,
    ids: SmallVec<[Id; 2]>,
    over: u32,
}

impl AtOnce {
    /// Nobody in yet.
    pub fn new() -> AtOnce {
        AtOnce::default()
    }

    /// A place under one bound; `None` if it is full.
    pub fn enter(&self, bound: Bound) -> Option<Place> {
        self.enter_all(&[bound]).ok()
    }

    /// A place under each of these bounds, or under none.
    ///
    /// Exact whoever else comes at once: nobody is turned away for the sake of a call that doesn't get in itself.
    ///
    /// # Errors
    /// The index of the first bound that is full.
    pub fn enter_all(&self, bounds: &[Bound]) -> Result<Place, usize> {
        let mut held = self.shards.lock_for(bounds);
        for (index, bound) in bounds.iter().enumerate() {
            if !counts_of(&mut held, bound.id()).enter_within(bound) {
                for entered in &bounds[..index] {
                    counts_of(&mut held, entered.id()).leave(entered.id());
                }
                return Err(index);
            }
        }
        drop(held);
        Ok(self.place(bounds, 0))
    }

    /// A place whether the bound is full or not, for limits in shadow mode: [`Place::over`] tells.
    pub fn enter_anyway(&self, bound: Bound) -> Place {
        let inside = lock(&self.shards.0[bound.id().shard()]).enter(bound.id());
        self.place(&[bound], inside.saturating_sub(bound.most))
    }

    /// How many calls of a key are in under a limit.
    pub fn in_flight(&self, limit: u32, key: Key) -> u32 {
        let id = Id { limit, key };
        lock(&self.shards.0[id.shard()]).inside(id)
    }

    /// How many pairs of limit and key somebody is in for.
    pub fn len(&self) -> usize {
        self.shards.0.iter().map(|shard| lock(shard).0.len()).sum()
    }

    /// Whether nobody is in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn place(&self, bounds: &[Bound], over: u32) -> Place {
        Place { shards: self.shards.clone(), ids: bounds.iter().map(Bound::id).collect(), over }
    }
}

impl Place {
    /// By how many calls the bound was exceeded when this one entered, itself among them; 0 for one within it.
    pub fn over(&self) -> u32 {
        self.over
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for id in &self.ids {
            lock(&self.shards.0[id.shard()]).leave(*id);
        }
    }
}

impl Bound {
    fn id(&self) -> Id {
        Id { limit: self.limit, key: self.key }
    }
}

/// What is counted: a key under a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    limit: u32,
    key: Key,
}

impl Id {
    /// Keys are hashes already, which nobody outside can aim.
    fn bits(self) -> u64 {
        self.key.to_bits() ^ u64::from(self.limit).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// By bits from the middle: the map in the shard goes by those at both ends.
    fn shard(self) -> usize {
        (self.bits() >> 32) as usize % SHARDS
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.bits());
    }
}

/// Hands on what is a hash already.
#[derive(Clone, Copy, Debug, Default)]
struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Ids write whole words; whatever else came would still be told apart.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}

/// The counts of one shard, none of which is zero.
#[derive(Debug, Default)]
struct Counts(HashMap<Id, u32, BuildHasherDefault<Passed>>);

impl Counts {
    fn inside(&self, id: Id) -> u32 {
        self.0.get(&id).copied().unwrap_or(0)
    }

    /// Counts one more, and says how many that makes.
    fn enter(&mut self, id: Id) -> u32 {
        let inside = self.0.entry(id).or_insert(0);
        *inside = inside.saturating_add(1);
        *inside
    }

    /// Counts one more if it may be, and says whether it did.
    fn enter_within(&mut self, bound: &Bound) -> bool {
        let has_room = self.inside(bound.id()) < bound.most;
        if has_room {
            self.enter(bound.id());
        }
        has_room
    }

    fn leave(&mut self, id: Id) {
        let Some(inside) = self.0.get_mut(&id) else { return };
        *inside -= 1;
        if *inside > 0 {
            return;
        }
        self.0.remove(&id);
        // What a crowd once took is given back, so seldom that it costs next to nothing for each who leaves.
        let capacity = self.0.capacity();
        if capacity > SMALL && self.0.len() < capacity / 8 {
            self.0.shrink_to(capacity / 4);
        }
    }
}

#[derive(Debug)]
struct Shards(Box<[Mutex<Counts>]>);

impl Default for Shards {
    fn default() -> Self {
        Shards((0..SHARDS).map(|_| Mutex::default()).collect())
    }
}

/// Locked shards, in the order of their numbers: so nobody waits for somebody who waits for them.
type Held<'a> = SmallVec<[(usize, MutexGuard<'a, Counts>); 4]>;

impl Shards {
    fn lock_for(&self, bounds: &[Bound]) -> Held<'_> {
        let mut shards: SmallVec<[usize; 4]> = bounds.iter().map(|bound| bound.id().shard()).collect();
        shards.sort_unstable();
        shards.dedup();
        shards.into_iter().map(|shard| (shard, lock(&self.0[shard]))).collect()
    }
}

/// The counts that an id is among.
fn counts_of<'h>(held: &'h mut Held<'_>, id: Id) -> &'h mut Counts {
    let at = held.iter().position(|(shard, _)| *shard == id.shard());
    &mut held[at.expect("what a bound is counted in was locked")].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Secret;

    #[test]
    fn what_a_crowd_once_took_is_given_back() {
        let (at_once, secret) = (AtOnce::new(), Secret::new([1, 2]));
        let bounds =
            (0..100_000u64).map(|number| Bound { limit: 1, key: secret.key(&number.to_le_bytes()), most: 1 });
        let capacity = || at_once.shards.0.iter().map(|shard| lock(shard).0.capacity()).sum::<usize>();
        let places: Vec<Place> = bounds.filter_map(|bound| at_once.enter(bound)).collect();
        assert_eq!((places.len(), at_once.len()), (100_000, 100_000));
        assert!(capacity() >= 100_000);
        drop(places);
        assert!(capacity() <= 2 * SMALL * SHARDS, "{}", capacity());
    }

    #[test]
    fn shards_share_the_keys_evenly() {
        let secret = Secret::new([1, 2]);
        let mut counts = [0; SHARDS];
        for number in 0..64_000u64 {
            counts[Id { limit: 3, key: secret.key(&number.to_le_bytes()) }.shard()] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }
}
