//! One bucket's gate: its pacer, its queue, and who is woken when. Never here: a request, a header, another bucket.
//!
//! The lock is held for a few operations on small maps, never across an await, and nobody is woken or told under
//! it.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tidegate_core::pacer::{Belief, Flight};
use tidegate_core::{Feedback, Pacer, Time, Turn};
use tokio::time::Sleep;

use super::line::{Bounds, Line, Number};
use crate::observe::Cause;
use crate::world;

/// The gate of one bucket.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    pacer: Pacer,
    line: Line,
    next: Number,
    /// How many refusals are being read: nobody goes until it is known how long they tell to wait.
    held: u32,
}

/// A request may not wait as long as it would have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    pub(crate) until: Time,
}

impl Gate {
    /// A place at the end of the queue; `None` if `most` wait already.
    pub(crate) fn enter(self: &Arc<Self>, bounds: Bounds, most: usize) -> Option<Place> {
        let mut state = self.lock();
        if state.line.len() >= most {
            return None;
        }
        let number = state.next;
        state.next += 1;
        state.line.join(number, bounds);
        Some(Place { gate: self.clone(), number, bounds })
    }

    /// Nothing goes before `until`, on the word of an answer elsewhere.
    pub(crate) fn close_until(&self, until: Time) {
        self.change(|state, _| state.pacer.close_until(until));
    }

    /// Whether it could be forgotten, as far as told and announced waits go.
    pub(crate) fn is_open(&self, now: Time) -> bool {
        self.lock().pacer.ask(now) == Turn::Go
    }

    /// Before this instant nobody goes, by what was told or announced.
    pub(crate) fn not_before(&self, now: Time) -> Time {
        self.lock().pacer.not_before(now)
    }

    pub(crate) fn belief(&self, now: Time) -> Belief {
        self.lock().pacer.belief(now)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock leaves the state half changed, should it panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, then wakes the head, and those who now would have to wait too long.
    fn change<T>(&self, change: impl FnOnce(&mut State, Time) -> T) -> T {
        let mut state = self.lock();
        let now = world::now();
        let before = state.earliest(now);
        let result = change(&mut state, now);
        let (told, after) = (state.pacer.not_before(now), state.earliest(now));
        let overdue = if after > before { state.line.wake_overdue(now, told, after) } else { Vec::new() };
        let head = state.line.wake_head();
        drop(state);
        head.into_iter().chain(overdue).for_each(Waker::wake);
        result
    }
}

impl State {
    /// Before this instant nobody goes, whoever is the head.
    fn earliest(&self, now: Time) -> Time {
        match self.pacer.ask(now) {
            Turn::At(at) => at,
            Turn::Go | Turn::OnAnswer(_) => now,
        }
    }

    /// Why, and until when, the request of this number waits; `None` if it may go.
    fn obstacle(&self, number: Number, now: Time) -> Option<(Cause, Option<Time>)> {
        let is_head = self.line.head() == Some(number);
        match self.pacer.ask(now) {
            Turn::At(at) if at == self.pacer.closed_until() => Some((Cause::Told, Some(at))),
            _ if self.held > 0 => Some((Cause::UnderWay, None)),
            _ if !is_head => Some((Cause::Turn, None)),
            Turn::At(at) => Some((Cause::Pace, Some(at))),
            Turn::OnAnswer(at) => Some((Cause::UnderWay, Some(at))),
            Turn::Go => None,
        }
    }
}

/// A request's place in the queue. Dropping it frees the place, and the next one is woken.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    number: Number,
    bounds: Bounds,
}

impl Place {
    /// Waits until the request is the head and may go. Nothing is spent yet: [`go`](Place::go) does.
    ///
    /// `tell` hears why it waits, whenever that changes.
    pub(crate) async fn turn(&self, mut tell: impl FnMut(Cause, Option<Time>)) -> Result<(), TooLong> {
        self.gate.lock().line.join(self.number, self.bounds);
        let mut alarm = Alarm { timer: pin!(world::timer(Time::MAX)), at: None };
        let mut told = None;
        std::future::poll_fn(move |cx| {
            loop {
                let now = world::now();
                let Some((cause, until)) = self.look(now, cx.waker())? else { return Poll::Ready(Ok(())) };
                if told.replace((cause, until)) != Some((cause, until)) {
                    tell(cause, until);
                }
                // Only the head rings by itself. The others are woken.
                let at = until.filter(|_| self.is_head());
                if alarm.poll(at, cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// The obstacle, if there is one; whoever finds one is woken when it may have changed.
    fn look(&self, now: Time, waker: &Waker) -> Result<Option<(Cause, Option<Time>)>, TooLong> {
        let mut state = self.gate.lock();
        let (told, until) = (state.pacer.not_before(now), state.earliest(now));
        if !self.bounds.allow(now, told, until) {
            return Err(TooLong { until });
        }
        let obstacle = state.obstacle(self.number, now);
        if obstacle.is_some() {
            state.line.sleeps(self.number, waker);
        }
        Ok(obstacle)
    }

    fn is_head(&self) -> bool {
        self.gate.lock().line.head() == Some(self.number)
    }

    /// Goes, if the turn still is the request's own; `None` if something came between.
    pub(crate) fn go(&self) -> Option<UnderWay> {
        let (flight, sent) = self.gate.change(|state, now| {
            if state.obstacle(self.number, now).is_some() {
                return None;
            }
            state.line.leave(self.number);
            Some((state.pacer.sent(now), now))
        })?;
        Some(UnderWay { gate: self.gate.clone(), flight: Some(flight), sent })
    }

    /// Nobody goes from here while this is held, without anything being learned yet.
    pub(crate) fn hold(&self) -> Hold {
        self.gate.change(|state, _| state.held += 1);
        Hold(self.gate.clone())
    }

    /// The request was answered at `at`. If it is to go again, it is back in its place before anybody else can go.
    ///
    /// Gives the instant before which nobody goes.
    pub(crate) fn answered(
        &self,
        mut under_way: UnderWay,
        at: Time,
        feedback: &Feedback,
        next: Next,
    ) -> Time {
        let Some(flight) = under_way.flight.take() else { return Time::ZERO };
        self.gate.change(|state, _| {
            state.pacer.answered(flight, at, feedback, world::draw());
            if next == Next::GoAgain {
                state.line.join(self.number, self.bounds);
            }
            state.pacer.closed_until()
        })
    }

    /// Until when nobody goes, as far as is known.
    pub(crate) fn earliest(&self, now: Time) -> Time {
        self.gate.lock().earliest(now)
    }

    /// The gate that it is at.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.change(|state, _| state.line.leave(self.number));
    }
}

/// Keeps a gate shut while a refusal is read.
#[derive(Debug)]
pub(crate) struct Hold(Arc<Gate>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.change(|state, _| state.held -= 1);
    }
}

/// What becomes of a request after its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is done.
    Done,
    /// It goes again when it may.
    GoAgain,
}

/// A request that was sent. Dropped without an answer, it is lost to the pacer.
#[derive(Debug)]
pub(crate) struct UnderWay {
    gate: Arc<Gate>,
    flight: Option<Flight>,
    pub(crate) sent: Time,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(flight) = self.flight {
            self.gate.change(|state, _| state.pacer.lost(flight));
        }
    }
}

/// A timer that is set anew only when its instant changes.
struct Alarm<'a> {
    timer: Pin<&'a mut Sleep>,
    at: Option<Time>,
}

impl Alarm<'_> {
    /// Ready once the instant has passed; then it may be set again. No instant never passes.
    fn poll(&mut self, at: Option<Time>, cx: &mut Context<'_>) -> Poll<()> {
        if self.at != at {
            self.timer.set(world::timer(at.unwrap_or(Time::MAX)));
            self.at = at;
        }
        if at.is_none() {
            return Poll::Pending;
        }
        let rung = std::future::Future::poll(self.timer.as_mut(), cx);
        if rung.is_ready() {
            self.at = None;
        }
        rung
    }
}
