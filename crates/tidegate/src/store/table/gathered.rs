//! Everything that a call's claims touch, locked together: decided all at once, whatever kinds they are. Never here:
//! the quick way of a single key at home.
//!
//! Locks are taken in one order: lines of the table as they lie, then sets of the shelf, then the shared states. Who
//! finds that more lines are needed lets all go and begins anew.

use std::time::Duration;

use tidegate_core::{
    Charge, Decision, Quota, Receipt, State, Time, Together, Word, WordQuota, carry, carry_receipt,
    carry_used, peek_together, settle, step_together,
};

use super::bucket::{Held, REACH, SLOTS};
use super::shelf::{Kept, Set};
use super::{Spot, Table, id};
use crate::store::sync::{MutexGuard, Ordering, lock};
use crate::store::{Claim, Limit};

/// Where a key's state stands, or is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    /// A slot of a line.
    Slot { line: usize, slot: usize },
    /// Its set of the shelf.
    Shelf,
    /// With all the others of its limit that have no place.
    Shared,
}

/// One claim, with what was found for it.
#[derive(Debug)]
struct Sitting<'c> {
    limit: &'c Limit,
    id: u64,
    spot: Spot,
    cost: u64,
    /// Where its state was, if it was anywhere.
    from: Option<Seat>,
    to: Seat,
    /// The quota that the state is counted under, and its place among the limit's.
    quota: Quota,
    words: Option<WordQuota>,
    place: u8,
    state: State,
}

/// More lines must be locked than were.
struct Further;

/// The locks of a call, and its claims' states under their quotas of now.
#[derive(Debug)]
pub(super) struct Gathered<'t, 'c> {
    table: &'t Table,
    /// In the order of their addresses.
    lines: Vec<(usize, Held<'t>)>,
    sets: Vec<(usize, MutexGuard<'t, Set>)>,
    shared: Option<MutexGuard<'t, Set>>,
    sittings: Vec<Sitting<'c>>,
    now: Time,
}

impl<'t, 'c> Gathered<'t, 'c> {
    /// Locks and finds what the claims need.
    pub(super) fn new(table: &'t Table, now: Time, claims: &[Claim<'c>]) -> Gathered<'t, 'c> {
        let mut reach = 0;
        loop {
            let mut gathered = Gathered::locked(table, now, claims, reach);
            if gathered.seat_all(claims, reach).is_ok() {
                return gathered;
            }
            reach = REACH;
        }
    }

    fn locked(table: &'t Table, now: Time, claims: &[Claim<'c>], reach: usize) -> Gathered<'t, 'c> {
        let (mut lines, mut sets) = (Vec::new(), Vec::new());
        for claim in claims {
            let has_words = claim.limit.words().is_some();
            let is_mixed = claim.limit.is_mixed(now);
            if has_words || is_mixed {
                let home = table.spot(claim.limit, claim.key).home;
                lines.extend(home..=home + reach);
            }
            if !has_words || is_mixed {
                sets.push(table.shelf.set_of(id(claim.limit, claim.key)));
            }
        }
        for places in [&mut lines, &mut sets] {
            places.sort_unstable();
            places.dedup();
        }
        Gathered {
            table,
            lines: lines.into_iter().map(|line| (line, table.buckets[line].lock())).collect(),
            sets: sets.into_iter().map(|set| (set, table.shelf.lock(set))).collect(),
            shared: None,
            sittings: Vec::with_capacity(claims.len()),
            now,
        }
    }

    /// Finds each claim's state, and a place for it.
    fn seat_all(&mut self, claims: &[Claim<'c>], reach: usize) -> Result<(), Further> {
        let mut found = Vec::with_capacity(claims.len());
        for claim in claims {
            let from = self.find(claim, reach, &found)?;
            found.push(from);
        }
        if found.contains(&None) {
            self.now = self.table.no_earlier_than_forgotten(self.now);
        }
        let mut taken: Vec<Option<Seat>> = found.clone();
        for (claim, from) in claims.iter().zip(found) {
            let to = match from {
                Some(seat @ Seat::Slot { .. }) if claim.limit.words().is_some() => seat,
                Some(Seat::Shelf) if claim.limit.words().is_none() => Seat::Shelf,
                _ if claim.limit.words().is_some() => self.free_slot(claim, reach, &taken)?,
                _ => self.free_place(claim),
            };
            taken.push(Some(to));
            if to == Seat::Shared && self.shared.is_none() {
                self.shared = Some(lock(&self.table.shared));
            }
            self.sittings.push(Sitting {
                limit: claim.limit,
                id: id(claim.limit, claim.key),
                spot: self.table.spot(claim.limit, claim.key),
                cost: claim.cost,
                from: if to == Seat::Shared { Some(to) } else { from },
                to,
                quota: *claim.limit.quota(),
                words: claim.limit.words().copied(),
                place: claim.limit.place(),
                state: State::default(),
            });
        }
        Ok(())
    }

    /// Where the claim's state is. While a limit has states of both kinds, a slot whose time has passed may be what
    /// is left of a key that stands on the shelf by now.
    fn find(
        &mut self,
        claim: &Claim<'_>,
        reach: usize,
        taken: &[Option<Seat>],
    ) -> Result<Option<Seat>, Further> {
        let (has_words, is_mixed) = (claim.limit.words().is_some(), claim.limit.is_mixed(self.now));
        let slot = if has_words || is_mixed { self.slot(claim, reach, taken)? } else { None };
        let now = self.now;
        if let Some(Seat::Slot { line, slot: at }) = slot
            && (!is_mixed || !self.line(line).word(at).has_passed(now))
        {
            return Ok(slot);
        }
        let id = id(claim.limit, claim.key);
        let is_shelved = (!has_words || is_mixed) && self.set(id).iter().any(|kept| kept.id == id);
        Ok(if is_shelved { Some(Seat::Shelf) } else { slot })
    }

    /// The slot that has the claim's tag.
    fn slot(
        &mut self,
        claim: &Claim<'_>,
        reach: usize,
        taken: &[Option<Seat>],
    ) -> Result<Option<Seat>, Further> {
        let spot = self.table.spot(claim.limit, claim.key);
        let far = self.line(spot.home).reach();
        for line in spot.home..=spot.home + far.min(reach) {
            let seat = self.line(line).find(spot.tag).map(|slot| Seat::Slot { line, slot });
            if seat.is_some() && !taken.contains(&seat) {
                return Ok(seat);
            }
        }
        if far > reach { Err(Further) } else { Ok(None) }
    }

    /// The slot that the key once had, or one whose key's time has passed.
    fn free_slot(
        &mut self,
        claim: &Claim<'_>,
        reach: usize,
        taken: &[Option<Seat>],
    ) -> Result<Seat, Further> {
        if let Some(own) = self.slot(claim, reach, taken)? {
            return Ok(own);
        }
        let home = self.table.spot(claim.limit, claim.key).home;
        let now = self.now;
        for line in home..=home + reach {
            let held = self.line(line);
            let free = (0..SLOTS).filter(|&slot| held.word(slot).has_passed(now));
            let mut seats = free.map(|slot| Seat::Slot { line, slot });
            if let Some(seat) = seats.find(|seat| !taken.contains(&Some(*seat))) {
                return Ok(seat);
            }
        }
        if reach < REACH { Err(Further) } else { Ok(Seat::Shared) }
    }

    /// A place on the shelf, taken with an unused state in it.
    fn free_place(&mut self, claim: &Claim<'_>) -> Seat {
        let (table, now, id) = (self.table, self.now, id(claim.limit, claim.key));
        let (quota, place) = (claim.limit.quota(), claim.limit.place());
        let has_place = table.shelf.put(self.set(id), id, place, quota, State::default(), now);
        if has_place { Seat::Shelf } else { Seat::Shared }
    }

    /// Takes up each state, carried over to its limit's quota of now.
    fn lift_all(&mut self) {
        let (mut sittings, now) = (std::mem::take(&mut self.sittings), self.now);
        for sitting in &mut sittings {
            if let Some((place, state)) = self.found(sitting) {
                sitting.state = carry(&sitting.limit.quota_at(place).0, &state, &sitting.quota, now);
            }
        }
        self.sittings = sittings;
    }

    /// The state as it was found, and the place of the quota that it is counted under.
    fn found(&mut self, sitting: &Sitting<'_>) -> Option<(u8, State)> {
        let now = self.now;
        match sitting.from? {
            Seat::Slot { line, slot } => {
                let held = self.line(line);
                let (place, word) = (held.place(slot), held.word(slot));
                let words = sitting.limit.quota_at(place).1?;
                (!word.has_passed(now)).then(|| (place, words.state(word)))
            }
            Seat::Shelf => {
                let kept = self.set(sitting.id).iter().find(|kept| kept.id == sitting.id)?;
                (kept.full_at > now).then(|| (kept.place, kept.state.clone()))
            }
            Seat::Shared => {
                let kept = self.shared_of(sitting.limit)?;
                Some((kept.place, kept.state.clone()))
            }
        }
    }

    /// Decides, spends, and puts everything back.
    pub(super) fn decide(mut self, claims: &mut [Claim<'_>]) -> Together {
        self.lift_all();
        let now = self.now;
        let mut charges = self.charges();
        let decided = step_together(&mut charges, now, Duration::ZERO);
        let receipts: Vec<Receipt> = charges.iter().map(|charge| charge.receipt).collect();
        drop(charges);
        if let Decision::Admit { .. } = decided.decision {
            for (claim, receipt) in claims.iter_mut().zip(receipts) {
                claim.receipt = receipt;
            }
        }
        if self.shared.is_some() {
            self.table.crowded.fetch_add(1, Ordering::Relaxed);
        }
        self.put_back();
        decided
    }

    /// What the decision would be.
    pub(super) fn peek(mut self) -> Together {
        self.lift_all();
        let now = self.now;
        let seen = peek_together(&self.charges(), now, Duration::ZERO);
        self.put_back();
        seen
    }

    /// Brings what one claim spent to `used`, where its state is, and under the quota it is counted under by now.
    pub(super) fn settle(mut self, receipt: Receipt, used: u64) {
        let (mut sittings, now) = (std::mem::take(&mut self.sittings), self.now);
        for sitting in &mut sittings {
            let Some((place, mut state)) = self.found(sitting) else {
                // Its time has passed, which is no news but for what is owed.
                settle(&sitting.quota, &mut sitting.state, now, receipt, used);
                continue;
            };
            let (quota, words) = sitting.limit.quota_at(place);
            let carried = carry_receipt(sitting.limit.quota(), receipt, &quota, now);
            settle(&quota, &mut state, now, carried, carry_used(receipt, used, carried));
            (sitting.quota, sitting.words, sitting.place, sitting.state) = (quota, words, place, state);
            sitting.to = sitting.from.unwrap_or(sitting.to);
        }
        self.sittings = sittings;
        self.put_back();
    }

    /// Forgets the claims' states. What keys share isn't theirs to forget.
    pub(super) fn reset(mut self) {
        for sitting in &mut self.sittings {
            if sitting.to != Seat::Shared {
                sitting.state = State::default();
            }
        }
        self.put_back();
    }

    fn charges(&mut self) -> Vec<Charge<'_>> {
        let sittings = self.sittings.iter_mut();
        sittings.map(|each| Charge::new(&each.quota, &mut each.state, each.cost)).collect()
    }

    /// Puts each state where it belongs, and lets go.
    fn put_back(mut self) {
        for sitting in std::mem::take(&mut self.sittings) {
            match sitting.to {
                Seat::Slot { line, slot } => self.put_in_slot(&sitting, line, slot),
                Seat::Shelf => self.put_on_shelf(sitting),
                Seat::Shared => self.put_with_others(sitting),
            }
        }
    }

    fn put_in_slot(&mut self, sitting: &Sitting<'_>, line: usize, slot: usize) {
        let (table, now) = (self.table, self.now);
        // Beyond the ninth year no word holds it, and the key stays shut rather than open.
        let word = sitting.words.and_then(|words| words.word(&sitting.state));
        let word = word.unwrap_or(Word::from_bits(u64::MAX));
        let is_new = sitting.from != Some(sitting.to);
        if is_new && word.has_passed(now) {
            return;
        }
        let held = self.line(line);
        if is_new {
            table.take_slot(held, slot, now);
            held.set_tag(slot, sitting.spot.tag);
        }
        held.set_place(slot, sitting.place);
        held.set_word(slot, word);
        self.line(sitting.spot.home).extend_reach(line - sitting.spot.home);
        if sitting.from == Some(Seat::Shelf) {
            table.shelf.take(self.set(sitting.id), sitting.id);
        }
    }

    fn put_on_shelf(&mut self, sitting: Sitting<'_>) {
        let (table, now, id) = (self.table, self.now, sitting.id);
        if let Some(Seat::Slot { line, slot }) = sitting.from {
            // Under the new quota's place, so that who still decides by the old one looks here for it.
            self.line(line).set_word(slot, Word::UNUSED);
            self.line(line).set_place(slot, sitting.place);
        }
        if sitting.state.full_at(&sitting.quota) <= now {
            table.shelf.take(self.set(id), id);
        } else {
            table.shelf.put(self.set(id), id, sitting.place, &sitting.quota, sitting.state, now);
        }
    }

    fn put_with_others(&mut self, sitting: Sitting<'_>) {
        let (id, full_at) = (u64::from(sitting.limit.number()), sitting.state.full_at(&sitting.quota));
        let Some(shared) = &mut self.shared else { return };
        shared.retain(|kept| kept.id != id);
        shared.push(Kept { id, place: sitting.place, state: sitting.state, full_at, set_aside: 0 });
    }

    fn line(&mut self, line: usize) -> &mut Held<'t> {
        let at = self.lines.binary_search_by_key(&line, |(at, _)| *at);
        &mut self.lines[at.expect("what a claim may need was locked")].1
    }

    fn set(&mut self, id: u64) -> &mut Set {
        let set = self.table.shelf.set_of(id);
        let at = self.sets.binary_search_by_key(&set, |(at, _)| *at);
        &mut self.sets[at.expect("what a claim may need was locked")].1
    }

    fn shared_of(&self, limit: &Limit) -> Option<&Kept> {
        self.shared.as_ref()?.iter().find(|kept| kept.id == u64::from(limit.number()))
    }
}
