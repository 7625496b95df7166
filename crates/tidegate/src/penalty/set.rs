//! Six callers in four cache lines: who they are in the first, how they behave behind. Never here: which set, what is bad.

use tidegate_core::Time;

use super::conduct::Conduct;
use crate::store::sync::{AtomicU64, Mutex, MutexGuard, Ordering, lock};

/// How many callers a set holds.
pub(super) const WAYS: usize = 6;

/// The callers are read without the lock, and written with it. A place that nobody took has a caller of zero.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Set {
    callers: [AtomicU64; WAYS],
    conducts: Mutex<[Conduct; WAYS]>,
}

/// A set under its lock.
#[derive(Debug)]
pub(super) struct Held<'a> {
    callers: &'a [AtomicU64; WAYS],
    conducts: MutexGuard<'a, [Conduct; WAYS]>,
}

impl Set {
    /// Whether the caller is in it: what nearly all are asked, and nearly none is.
    #[inline]
    pub(super) fn has(&self, caller: u64) -> bool {
        self.callers.iter().any(|each| each.load(Ordering::Relaxed) == caller)
    }

    pub(super) fn lock(&self) -> Held<'_> {
        Held { callers: &self.callers, conducts: lock(&self.conducts) }
    }
}

impl Held<'_> {
    /// The caller's conduct, if it is remembered.
    pub(super) fn find(&mut self, caller: u64) -> Option<&mut Conduct> {
        let way = self.callers.iter().position(|each| each.load(Ordering::Relaxed) == caller)?;
        Some(&mut self.conducts[way])
    }

    /// The caller's conduct, remembered from now on in place of who has no strikes and was told to wait the longest
    /// ago; `None` if all have strikes, which a newcomer hasn't.
    pub(super) fn find_or_take(&mut self, caller: u64, now: Time) -> Option<&mut Conduct> {
        let known = self.callers.iter().position(|each| each.load(Ordering::Relaxed) == caller);
        let way = match known {
            Some(way) => way,
            None => {
                let ways = self.conducts.iter().enumerate();
                let free = ways.filter_map(|(way, conduct)| Some((conduct.gives_way(now)?, way)));
                let (_, way) = free.min()?;
                self.callers[way].store(caller, Ordering::Relaxed);
                self.conducts[way] = Conduct::default();
                way
            }
        };
        Some(&mut self.conducts[way])
    }

    /// Everybody who was ever put here and not put out.
    pub(super) fn all(&mut self) -> impl Iterator<Item = (u64, &mut Conduct)> {
        let callers = self.callers.iter().map(|each| each.load(Ordering::Relaxed));
        callers.zip(self.conducts.iter_mut())
    }
}

#[cfg(not(tidegate_loom))]
const _: () = assert!(size_of::<Set>() == 256);
