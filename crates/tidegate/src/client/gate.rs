//! One bucket's gate: its pacer, its queue, and who is woken when. Never here: a request, a header, another bucket.
//!
//! The lock is held for a few operations on small maps, never across an await, and nobody is woken or told under
//! it.

mod place;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tidegate_core::pacer::Belief;
use tidegate_core::{Pacer, Quota, Time, Turn};

use super::budget::Wanted;
use super::guard::Guard;
use super::known::Known;
use super::line::{Bounds, Line, Number, Outlook, Ticket, TooLong, Whose};
use super::lodging::Lodging;
use super::memory::Tally;
use super::view::{BucketView, TokenTag};
use crate::key::Key;
use crate::observe::Cause;
use crate::world;

pub(crate) use place::{Hold, Learned, Next, Place, UnderWay};

/// The gate of one bucket.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    /// What its requests hold in memory.
    memory: Arc<Tally>,
    /// Asked last, and by all gates of the origin.
    guard: Arc<Guard>,
}

#[derive(Debug, Default)]
struct State {
    pacer: Pacer,
    /// The bucket's quota, where it is known beforehand.
    known: Option<Known>,
    line: Line,
    next: Number,
    /// How many refusals are being read: nobody goes until it is known how long they tell to wait.
    held: u32,
}

/// Why a request waits here no longer, though it hasn't gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It may not wait as long as it would have to.
    TooLong(TooLong),
    /// Its route waits at another gate now.
    Moved,
}

impl Gate {
    pub(crate) fn new(guard: Arc<Guard>) -> Gate {
        Gate { state: Mutex::default(), memory: Arc::default(), guard }
    }

    /// The bucket's quota is known: from now on, no call goes that it would refuse.
    pub(crate) fn know(&self, quota: &Quota) {
        let mut state = self.lock();
        if !state.known.as_ref().is_some_and(|known| known.is_of(quota)) {
            state.known = Some(Known::new(*quota));
        }
    }

    /// A place in the queue; `None` if `most` wait already.
    pub(crate) fn enter(lodging: &Arc<Lodging>, whose: Whose, bounds: Bounds, most: usize) -> Option<Place> {
        let gate = lodging.gate.clone();
        let mut state = gate.lock();
        if state.line.len() >= most {
            return None;
        }
        let now = world::now();
        let ticket = Ticket { number: state.next, whose, bounds, came: now, went: None };
        state.next += 1;
        let outlook = state.outlook(now);
        state.line.join_new(ticket, &outlook);
        drop(state);
        Some(Place { gate, lodging: lodging.clone(), ticket })
    }

    /// What its requests hold in memory.
    pub(crate) fn memory(&self) -> &Arc<Tally> {
        &self.memory
    }

    /// Wakes the head, which may have to move on.
    pub(crate) fn wake(&self) {
        self.change(|_, _| ());
    }

    /// Forgets what answers told and taught.
    pub(crate) fn forget(&self) {
        self.change(|state, _| state.pacer.forget());
    }

    /// Nothing goes before `until`, on the word of an answer elsewhere.
    pub(crate) fn close_until(&self, until: Time) {
        self.change(|state, _| state.pacer.close_until(until));
    }

    /// Whether it could be forgotten, as far as told and announced waits go, and what is spent of a known quota.
    pub(crate) fn is_open(&self, now: Time) -> bool {
        let state = self.lock();
        state.pacer.ask(now) == Turn::Go && state.known.as_ref().is_none_or(|known| known.is_whole(now))
    }

    /// Before this instant nobody goes, by what was told or announced.
    pub(crate) fn not_before(&self, now: Time) -> Time {
        self.lock().pacer.not_before(now)
    }

    pub(crate) fn belief(&self, now: Time) -> Belief {
        self.lock().pacer.belief(now)
    }

    pub(crate) fn view(&self, key: &Key, now: Time) -> BucketView {
        let (stance, refusals_left) = self.guard.view(now);
        let state = self.lock();
        let closed_until = state.pacer.not_before(now);
        BucketView {
            name: key.name.clone(),
            token: key.token.map(TokenTag::of),
            belief: state.pacer.belief(now),
            waiting: state.line.len(),
            callers: state.line.callers(),
            bytes: self.memory.bytes(),
            oldest: state.line.oldest(),
            closed_until: (closed_until > now).then_some(closed_until),
            held: state.held,
            stance,
            refusals_left,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock leaves the state half changed, should it panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the origin's guard has against it that the head goes. It wakes the head when that changes.
    fn guarded(&self, now: Time, waker: &Waker) -> Option<(Cause, Option<Time>)> {
        let wanted = self.guard.obstacle(std::ptr::from_ref(self).addr(), now, waker)?;
        let (Wanted::At(until) | Wanted::Answer(until)) = wanted;
        Some((Cause::Guard, Some(until)))
    }

    /// Changes the state, then wakes the head, and those who now would have to wait too long.
    fn change<T>(&self, change: impl FnOnce(&mut State, Time) -> T) -> T {
        let mut state = self.lock();
        let now = world::now();
        let before = state.outlook(now);
        let result = change(&mut state, now);
        let after = state.outlook(now);
        let mut overdue = Vec::new();
        if after.until > before.until {
            overdue = state.line.wake_overdue(&after);
        }
        if after.is_worse_than(&before) {
            overdue.extend(state.line.wake_late(&after));
        }
        let head = state.line.wake_head();
        drop(state);
        head.into_iter().chain(overdue).for_each(Waker::wake);
        result
    }
}

impl State {
    /// What is known of the turns to come.
    fn outlook(&self, now: Time) -> Outlook {
        let (told, until) = (self.pacer.not_before(now), self.earliest(now));
        Outlook { now, told, until, pace: self.pacer.belief(now).pace }
    }

    /// When a request's turn comes, as far as is known.
    fn turn_of(&self, number: Number, outlook: &Outlook) -> Time {
        outlook.turn(outlook.pace.map_or(0, |_| self.line.ahead(number)))
    }

    /// Before this instant nobody goes, whoever is the head.
    fn earliest(&self, now: Time) -> Time {
        let known = self.known.as_ref().map_or(now, |known| known.earliest(now));
        match self.pacer.ask(now) {
            Turn::At(at) => at.max(known),
            Turn::Go | Turn::OnAnswer(_) => known,
        }
    }

    /// Why, and until when, the request of this number waits; `None` if it may go.
    fn obstacle(&self, number: Number, now: Time) -> Option<(Cause, Option<Time>)> {
        let is_head = self.line.head() == Some(number);
        match self.pacer.ask(now) {
            Turn::At(at) if at == self.pacer.closed_until() => Some((Cause::Told, Some(at))),
            _ if self.held > 0 => Some((Cause::UnderWay, None)),
            _ if !is_head => Some((Cause::Turn, None)),
            Turn::At(_) => Some((Cause::Pace, Some(self.earliest(now)))),
            _ if self.earliest(now) > now => Some((Cause::Pace, Some(self.earliest(now)))),
            Turn::OnAnswer(at) => Some((Cause::UnderWay, Some(at))),
            Turn::Go => None,
        }
    }
}
