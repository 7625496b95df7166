//! A request's place at a gate: its wait, its going, its answer. Never here: the queue's order, a pace.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tidegate_core::pacer::Flight;
use tidegate_core::{Feedback, Time};
use tokio::time::Sleep;

use super::super::error::Basis;
use super::super::guard::{Ending, Leave};
use super::super::line::{Beyond, Ticket, TooLong};
use super::super::lodging::Lodging;
use super::{Gate, Stopped};
use crate::observe::{Cause, Stance};
use crate::world;

/// A request's place in the queue. Dropping it frees the place, and the next one is woken.
#[derive(Debug)]
pub(crate) struct Place {
    pub(super) gate: Arc<Gate>,
    pub(super) lodging: Arc<Lodging>,
    pub(super) ticket: Ticket,
}

impl Place {
    /// Waits until the request is the head and may go. Nothing is spent yet: [`go`](Place::go) does.
    ///
    /// `tell` hears why it waits, whenever that changes.
    pub(crate) async fn turn(&self, mut tell: impl FnMut(Cause, Option<Time>)) -> Result<(), Stopped> {
        self.gate.lock().line.join(self.ticket);
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
    fn look(&self, now: Time, waker: &Waker) -> Result<Option<(Cause, Option<Time>)>, Stopped> {
        let mut state = self.gate.lock();
        let Ticket { number, bounds, .. } = self.ticket;
        if self.lodging.is_left() && state.line.head() == Some(number) {
            return Err(Stopped::Moved);
        }
        let outlook = state.outlook(now);
        if let Some((beyond, basis)) = bounds.excess(&outlook) {
            let until = state.turn_of(number, &outlook);
            return Err(Stopped::TooLong(TooLong { until, beyond, basis }));
        }
        if let Some(until) = state.line.late(number) {
            let (beyond, basis) = (Beyond::Deadline, Basis::Estimated);
            return Err(Stopped::TooLong(TooLong { until, beyond, basis }));
        }
        let obstacle = state.obstacle(number, now).or_else(|| self.gate.guarded(now, waker));
        if obstacle.is_some() {
            state.line.sleeps(number, waker);
        }
        Ok(obstacle)
    }

    fn is_head(&self) -> bool {
        self.gate.lock().line.head() == Some(self.ticket.number)
    }

    /// Goes, if the turn still is the request's own; `None` if something came between.
    pub(crate) fn go(&mut self) -> Option<UnderWay> {
        let number = self.ticket.number;
        let (went, flight, leave, sent) = self.gate.change(|state, now| {
            if self.lodging.is_left() || state.obstacle(number, now).is_some() {
                return None;
            }
            let leave = self.gate.guard.go(now)?;
            let went = state.line.go(number)?;
            if let Some(known) = &mut state.known {
                known.sent(now);
            }
            Some((went, state.pacer.sent(now), leave, now))
        })?;
        self.ticket.went = Some(went);
        Some(UnderWay { gate: self.gate.clone(), flight: Some(flight), leave: Some(leave), sent })
    }

    /// Nobody goes from here while this is held, without anything being learned yet.
    pub(crate) fn hold(&self) -> Hold {
        self.gate.change(|state, _| state.held += 1);
        Hold(self.gate.clone())
    }

    /// The request was answered at `at`. If it is to go again, it is back in its place before anybody else can go.
    pub(crate) fn answered(
        &self,
        mut under_way: UnderWay,
        at: Time,
        feedback: &Feedback,
        next: Next,
    ) -> Learned {
        let Some(flight) = under_way.flight.take() else { return Learned::default() };
        let until = self.gate.change(|state, _| {
            state.pacer.answered(flight, at, feedback, world::draw());
            if next == Next::GoAgain {
                state.line.join(self.ticket);
            }
            state.pacer.closed_until()
        });
        let ending = if feedback.is_refusal() { Ending::Refused } else { Ending::Passed };
        let turned = under_way.leave.take().and_then(|leave| leave.answered(ending));
        Learned { until, turned }
    }

    /// What is said to a request whose deadline has passed while it waited: when its turn would come.
    pub(crate) fn expired(&self, now: Time) -> TooLong {
        let state = self.gate.lock();
        let until = state.turn_of(self.ticket.number, &state.outlook(now));
        TooLong { until, beyond: Beyond::Deadline, basis: Basis::Estimated }
    }

    /// The gate that it is at.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(crate) fn lodging(&self) -> &Arc<Lodging> {
        &self.lodging
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.change(|state, _| state.line.leave(self.ticket.number));
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

/// What an answer changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learned {
    /// Nobody goes before this instant.
    pub(crate) until: Time,
    /// How the whole origin is called from now on, if that changed.
    pub(crate) turned: Option<Stance>,
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
    leave: Option<Leave>,
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
