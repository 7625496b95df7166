//! The memory store: a table that is as large as it will ever be. Never here: a clock, a scan, a growing thing.
//!
//! A key's state is a word in one of the cache lines from its home on. A decision takes the line's lock for its few
//! nanoseconds. A word whose time has passed equals none, so its slot is free for another key: nothing is ever
//! swept. A living word is never given up for a new key: where no slot is free, new keys share one state per limit.

mod bucket;
mod gathered;
mod shelf;

use std::convert::Infallible;
use std::future::{Future, ready};

use tidegate_core::{Ask, Decision, Pass, Time, Together, Word, WordQuota};

use super::sync::{AtomicU64, Mutex, Ordering};
use super::{Claim, Key, Limit, Store};
use bucket::{Bucket, Held, REACH};
use gathered::Gathered;
use shelf::{Set, Shelf};

/// How much memory a table may take, all of it from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes for words, 64 for five keys: quotas that [fit a word](tidegate_core::Quota::fits_word), which most do.
    pub words: usize,
    /// Bytes for whole states: windows, logs, odd rates.
    pub states: usize,
}

impl Room {
    /// Three quarters for words.
    pub const fn split(bytes: usize) -> Room {
        Room { words: bytes - bytes / 4, states: bytes / 4 }
    }
}

/// The memory store.
///
/// A slot takes 12.8 bytes. The first key without a place comes when somewhat more than half of the slots are
/// taken. Decisions are exact: whatever threads do at once, the answers are those of some order of asking.
#[derive(Debug)]
pub struct Table {
    /// The homes, and behind them as many lines as keys of the last home may reach.
    buckets: Box<[Bucket]>,
    homes: u64,
    shelf: Shelf,
    /// The states that keys without a place share, one for each limit.
    shared: Mutex<Set>,
    /// The latest instant at which a slot went from one key to another. Who was forgotten then comes back no
    /// earlier, though a thread may carry an older reading of the clock.
    forgotten_at: AtomicU64,
    /// How many decisions were made on a shared state.
    crowded: AtomicU64,
}

/// Where a key's word is looked for.
#[derive(Clone, Copy, Debug)]
struct Spot {
    home: usize,
    tag: u32,
}

/// What came of a call on a key at home.
#[derive(Clone, Copy, Debug)]
enum Passed {
    /// It went, and left this word.
    Now(Word),
    /// It goes later, and found this word.
    Later(Word),
    /// The key isn't there, or what is asked is out of the ordinary.
    Elsewhere,
}

impl Table {
    /// A table that takes this much memory, now.
    pub fn new(room: Room) -> Table {
        let homes = (room.words / size_of::<Bucket>()).saturating_sub(REACH).max(1);
        Table {
            buckets: (0..homes + REACH).map(|_| Bucket::default()).collect(),
            homes: homes as u64,
            shelf: Shelf::new(room.states),
            shared: Mutex::new(Vec::new()),
            forgotten_at: AtomicU64::new(0),
            crowded: AtomicU64::new(0),
        }
    }

    /// Decides one call under all its limits; see [`Store::decide`].
    #[inline]
    pub fn decide(&self, now: Time, claims: &mut [Claim<'_>]) -> Together {
        if let [claim] = claims {
            let decision = self.decide_one(now, claim.limit, claim.key, claim.cost);
            if let Decision::Admit { receipt, .. } = decision {
                claim.receipt = receipt;
            }
            return Together { decision, tightest: 0 };
        }
        self.decide_gathered(now, claims)
    }

    /// Decides a call that falls under one limit.
    ///
    /// Small on purpose: what a caller doesn't look at, what remains or a receipt, isn't worked out.
    #[inline(always)]
    pub fn decide_one(&self, now: Time, limit: &Limit, key: Key, cost: u64) -> Decision {
        if let Some(words) = limit.words() {
            match self.pass_at_home(words, now, limit, key, cost) {
                Passed::Now(word) => return words.admission(word, now, cost),
                Passed::Later(word) => return words.refusal(word, cost),
                Passed::Elsewhere => {}
            }
        }
        self.decide_elsewhere(now, limit, key, Ask::NOW.costing(cost))
    }

    /// The case that nearly all calls are: a known key, in its home line, under its limit's quota of now.
    #[inline(always)]
    fn pass_at_home(&self, words: &WordQuota, now: Time, limit: &Limit, key: Key, cost: u64) -> Passed {
        let spot = self.spot(limit, key);
        let mut held = self.buckets[spot.home].lock();
        let Some(slot) = held.find(spot.tag) else { return Passed::Elsewhere };
        if held.place(slot) != limit.place() {
            return Passed::Elsewhere;
        }
        let word = held.word(slot);
        match words.pass(word, now, cost) {
            Pass::Now(spent) => {
                held.set_word(slot, spent);
                Passed::Now(spent)
            }
            Pass::Later => Passed::Later(word),
            Pass::AtLength => Passed::Elsewhere,
        }
    }

    /// What [`Table::decide`] would answer, spending nothing.
    pub fn peek(&self, now: Time, claims: &[Claim<'_>]) -> Together {
        Gathered::new(self, now, claims).peek()
    }

    /// Takes back what an admitted call spent; see [`Store::refund`].
    pub fn refund(&self, now: Time, claims: &mut [Claim<'_>]) {
        for claim in claims {
            self.settle(now, claim, 0);
        }
    }

    /// Brings what an admitted call spent to what it turned out to cost; see [`Store::settle`].
    pub fn settle(&self, now: Time, claim: &mut Claim<'_>, used: u64) {
        let receipt = std::mem::take(&mut claim.receipt);
        Gathered::new(self, now, std::slice::from_ref(claim)).settle(receipt, used);
    }

    /// Forgets what a key used under a limit; see [`Store::reset`].
    pub fn reset(&self, limit: &Limit, key: Key) {
        // At the clock's first instant: a key that was away since then is as good as reset.
        Gathered::new(self, Time::ZERO, &[Claim::new(limit, key, 0)]).reset();
    }

    /// How many decisions were made on a state that keys without a place share.
    pub fn crowded(&self) -> u64 {
        self.crowded.load(Ordering::Relaxed)
    }

    /// How many bytes the table takes, all told but the few of shared states.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.buckets) + self.shelf.bytes()
    }

    fn decide_gathered(&self, now: Time, claims: &mut [Claim<'_>]) -> Together {
        let gathered = Gathered::new(self, now, claims);
        gathered.decide(claims)
    }

    /// The rarer cases of one claim: a key that lies beyond its home, a new one, and all others in general.
    #[inline(never)]
    fn decide_elsewhere(&self, now: Time, limit: &Limit, key: Key, ask: Ask) -> Decision {
        let plain = limit.words().filter(|_| !limit.is_mixed(now));
        if let Some(decision) = plain.and_then(|words| self.decide_near(now, limit, words, key, ask)) {
            return decision;
        }
        let mut claim = [Claim::new(limit, key, ask.cost)];
        let decided = self.decide_gathered(now, &mut claim).decision;
        match decided {
            Decision::Admit { at, remaining, .. } => {
                Decision::Admit { at, remaining, receipt: claim[0].receipt }
            }
            refused => refused,
        }
    }

    /// Decides if the key is within its reach and under its quota of now, or is new and finds a slot at home.
    fn decide_near(
        &self,
        now: Time,
        limit: &Limit,
        words: &WordQuota,
        key: Key,
        ask: Ask,
    ) -> Option<Decision> {
        let spot = self.spot(limit, key);
        let mut home = self.buckets[spot.home].lock();
        if let Some(slot) = home.find(spot.tag) {
            let is_of_now = home.place(slot) == limit.place();
            return is_of_now.then(|| step_in(words, &mut home, slot, now, ask));
        }
        for bucket in &self.buckets[spot.home + 1..=spot.home + home.reach()] {
            let mut held = bucket.lock();
            if let Some(slot) = held.find(spot.tag) {
                let is_of_now = held.place(slot) == limit.place();
                return is_of_now.then(|| step_in(words, &mut held, slot, now, ask));
            }
        }
        let slot = home.free(now)?;
        let now = self.no_earlier_than_forgotten(now);
        let mut word = Word::UNUSED;
        let decision = words.step(&mut word, now, ask);
        if word != Word::UNUSED {
            self.take_slot(&mut home, slot, now);
            home.set_tag(slot, spot.tag);
            home.set_place(slot, limit.place());
            home.set_word(slot, word);
        }
        Some(decision)
    }

    #[inline]
    fn spot(&self, limit: &Limit, key: Key) -> Spot {
        let id = id(limit, key);
        let home = (u128::from(id) * u128::from(self.homes)) >> u64::BITS;
        Spot { home: home as usize, tag: id as u32 }
    }

    /// Another thread may have read its clock before some key was forgotten that it now doesn't find.
    fn no_earlier_than_forgotten(&self, now: Time) -> Time {
        now.max(Time::from_nanos(self.forgotten_at.load(Ordering::Relaxed)))
    }

    /// Notes that whoever had a slot is forgotten.
    fn take_slot(&self, held: &mut Held<'_>, slot: usize, now: Time) {
        if held.word(slot) != Word::UNUSED {
            self.forgotten_at.fetch_max(now.as_nanos(), Ordering::Relaxed);
        }
    }
}

/// What tells a key under a limit from all others: the key's bits, turned by the limit's own.
#[inline]
fn id(limit: &Limit, key: Key) -> u64 {
    key.to_bits() ^ limit.turn()
}

/// Decides on a word where it stands.
#[inline]
fn step_in(words: &WordQuota, held: &mut Held<'_>, slot: usize, now: Time, ask: Ask) -> Decision {
    let mut word = held.word(slot);
    let decision = words.step(&mut word, now, ask);
    held.set_word(slot, word);
    decision
}

impl Store for Table {
    type Error = Infallible;

    fn decide(
        &self,
        now: Time,
        claims: &mut [Claim<'_>],
    ) -> impl Future<Output = Result<Together, Infallible>> + Send {
        ready(Ok(Table::decide(self, now, claims)))
    }

    fn peek(
        &self,
        now: Time,
        claims: &[Claim<'_>],
    ) -> impl Future<Output = Result<Together, Infallible>> + Send {
        ready(Ok(Table::peek(self, now, claims)))
    }

    fn refund(
        &self,
        now: Time,
        claims: &mut [Claim<'_>],
    ) -> impl Future<Output = Result<(), Infallible>> + Send {
        Table::refund(self, now, claims);
        ready(Ok(()))
    }

    fn settle(
        &self,
        now: Time,
        claim: &mut Claim<'_>,
        used: u64,
    ) -> impl Future<Output = Result<(), Infallible>> + Send {
        Table::settle(self, now, claim, used);
        ready(Ok(()))
    }

    fn reset(&self, limit: &Limit, key: Key) -> impl Future<Output = Result<(), Infallible>> + Send {
        Table::reset(self, limit, key);
        ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
