//! The penalty box: callers who keep calling while told to wait wait longer, at the door. Never here: a limit, a clock.
//!
//! Bad conduct is a quota like any other: some is forgiven, and then each further bad call moves the instant at
//! which the caller is let in again, as `step` does for whoever has patience. Time forgives it at the quota's rate.
//!
//! Only refusals are looked at. A call that is admitted while its caller was told to wait, under another limit or
//! by another server's count, took nothing that wasn't free.
//!
//! The box is as large as it will ever be, and best effort, which the limits are not: somebody without strikes
//! gives way to a newcomer, whoever was told to wait the longest ago first. Somebody with strikes doesn't, so that
//! no flood of callers opens a shut door. What a flood can do is to keep out of the box who isn't in it yet: either by
//! more refused callers than there are places, between two calls of one caller, or by strikes in all of them.

mod conduct;
mod rules;
mod set;

use std::cmp::Reverse;
use std::sync::PoisonError;

use tidegate_core::Time;

use crate::store::sync::{AtomicU64, Ordering, RwLock};
use conduct::Conduct;
use set::{Set, WAYS};

pub use rules::{Mode, Rules, Settings, Unfit};

/// Whether a caller is let in, as far as its conduct goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It is.
    Open,
    /// It isn't, and this call was one more strike unless it came as it was told to.
    Shut {
        /// Until when the caller is to be told to wait.
        until: Time,
        /// How many strikes aren't forgiven yet.
        strikes: u64,
    },
    /// It is, as the mode is [`Mode::Shadow`]; else it wouldn't be.
    WouldBeShut {
        /// When it would be let in.
        until: Time,
        /// How many strikes aren't forgiven yet.
        strikes: u64,
    },
}

/// A caller as the box knows it, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The caller's keyed hash.
    pub caller: u64,
    /// How many strikes aren't forgiven yet.
    pub strikes: u64,
    /// Until when it is refused at the door, or would be in shadow mode, if it is.
    pub shut_until: Option<Time>,
    /// Until when it was told to wait, if it has to.
    pub told_until: Option<Time>,
}

/// What the box has done since it was made, and how many are shut out now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Callers that are refused at the door at present, or would be in shadow mode.
    pub shut: u64,
    /// Calls that were refused at the door.
    pub refused: u64,
    /// Calls that would have been in shadow mode.
    pub would_be_refused: u64,
    /// Refused calls of callers for whom there was no place.
    pub unnoted: u64,
}

/// Who keeps calling while told to wait. Callers are keyed hashes, which nobody outside can aim.
#[derive(Debug)]
pub struct PenaltyBox {
    sets: Box<[Set]>,
    rules: RwLock<Rules>,
    refused: AtomicU64,
    would_be_refused: AtomicU64,
    unnoted: AtomicU64,
}

impl PenaltyBox {
    /// A box for so many callers, rounded up to sixes. A place takes 43 bytes, from the start.
    pub fn new(rules: Rules, places: usize) -> PenaltyBox {
        PenaltyBox {
            sets: (0..places.div_ceil(WAYS).max(1)).map(|_| Set::default()).collect(),
            rules: RwLock::new(rules),
            refused: AtomicU64::new(0),
            would_be_refused: AtomicU64::new(0),
            unnoted: AtomicU64::new(0),
        }
    }

    /// Whether a caller is let in: asked before anything else about a call, and cheap.
    #[inline]
    pub fn at_door(&self, now: Time, caller: u64) -> Door {
        if self.set(caller).has(caller) { self.at_door_known(now, caller) } else { Door::Open }
    }

    /// Takes note of a call that a limit refuses, and says until when to tell its caller to wait: `until`, which is
    /// the limit's own wait as it would be told, rounded up and all, or longer if the caller is shut out now.
    ///
    /// Ask it before the answer is written: whoever waits as told finds the door open.
    pub fn tell(&self, now: Time, caller: u64, until: Time) -> Time {
        let rules = self.rules();
        if rules.settings().mode == Mode::Off {
            return until;
        }
        match self.set(caller).lock().find_or_take(caller, now) {
            Some(conduct) => conduct.refused(&rules, now, until),
            None => {
                self.unnoted.fetch_add(1, Ordering::Relaxed);
                until
            }
        }
    }

    /// Lets a caller in again, and remembers nothing of it.
    pub fn forgive(&self, caller: u64) {
        if let Some(conduct) = self.set(caller).lock().find(caller) {
            *conduct = Conduct::default();
        }
    }

    /// Goes by other rules from now on, and forgets nobody: of what is forgiven each caller has used the same share
    /// as before, and beyond that has as many strikes, as far as the new longest wait goes.
    ///
    /// Callers without strikes aren't held up by it; the others for the fraction of a microsecond that each place
    /// of the box takes.
    pub fn change(&self, now: Time, rules: Rules) {
        // Held to the end, so that nobody counts by the one rules what was counted by the others.
        let mut current = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        for set in &self.sets {
            for (_, conduct) in set.lock().all() {
                *conduct = conduct.with_strikes(rules.taken_over(&current, conduct.strikes(), now));
            }
        }
        *current = rules;
    }

    /// What is known of a caller.
    pub fn seen(&self, now: Time, caller: u64) -> Option<Seen> {
        let rules = self.rules();
        let conduct = *self.set(caller).lock().find(caller)?;
        Some(seen(&rules, now, caller, &conduct))
    }

    /// The `most` callers with the most strikes, the worst first. It looks at every place, one set at a time.
    pub fn worst(&self, now: Time, most: usize) -> Vec<Seen> {
        let mut worst = self.with_strikes(now);
        worst.sort_unstable_by_key(|seen| (Reverse(seen.strikes), seen.caller));
        worst.truncate(most);
        worst
    }

    /// What the box has done so far. It looks at every place, one set at a time.
    pub fn counts(&self, now: Time) -> Counts {
        let shut = self.with_strikes(now).iter().filter(|seen| seen.shut_until.is_some()).count();
        Counts {
            shut: shut as u64,
            refused: self.refused.load(Ordering::Relaxed),
            would_be_refused: self.would_be_refused.load(Ordering::Relaxed),
            unnoted: self.unnoted.load(Ordering::Relaxed),
        }
    }

    /// How many bytes the box takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.sets)
    }

    #[inline(never)]
    fn at_door_known(&self, now: Time, caller: u64) -> Door {
        let rules = self.rules();
        let mut held = self.set(caller).lock();
        let Some(conduct) = held.find(caller) else { return Door::Open };
        let until = rules.opens_at(conduct.strikes());
        if until <= now {
            return Door::Open;
        }
        match rules.settings().mode {
            Mode::Off => Door::Open,
            Mode::Shadow => {
                self.would_be_refused.fetch_add(1, Ordering::Relaxed);
                Door::WouldBeShut { until, strikes: rules.left(conduct.strikes(), now) }
            }
            Mode::On => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                let until = conduct.refused(&rules, now, until);
                Door::Shut { until, strikes: rules.left(conduct.strikes(), now) }
            }
        }
    }

    fn with_strikes(&self, now: Time) -> Vec<Seen> {
        let rules = self.rules();
        let mut found = Vec::new();
        for set in &self.sets {
            let mut held = set.lock();
            let bad = held.all().filter(|(_, conduct)| !conduct.strikes().has_passed(now));
            found.extend(bad.map(|(caller, conduct)| seen(&rules, now, caller, conduct)));
        }
        found
    }

    #[inline]
    fn set(&self, caller: u64) -> &Set {
        &self.sets[((u128::from(caller) * self.sets.len() as u128) >> u64::BITS) as usize]
    }

    /// Taken before any set's lock.
    fn rules(&self) -> impl std::ops::Deref<Target = Rules> + '_ {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seen(rules: &Rules, now: Time, caller: u64, conduct: &Conduct) -> Seen {
    let ahead = |instant: Time| (instant > now).then_some(instant);
    Seen {
        caller,
        strikes: rules.left(conduct.strikes(), now),
        shut_until: ahead(rules.opens_at(conduct.strikes())),
        told_until: ahead(conduct.told_until()),
    }
}
