//! Who waits in a bucket, in which order, and who can't wait any more. Never here: a lock, a timer, a pacer.

mod fair;
mod lanes;
mod outlook;

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;
use std::time::Duration;

use tidegate_core::Time;

use self::lanes::Lanes;
pub(crate) use self::lanes::Whose;
pub(crate) use self::outlook::{Beyond, Bounds, Outlook, TooLong};
use super::error::Basis;

/// A request's number in its bucket: the smaller, the earlier it came. It keeps it until it is done.
pub(crate) type Number = u64;

/// What a request has while it waits and while it is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(crate) number: Number,
    pub(crate) whose: Whose,
    pub(crate) bounds: Bounds,
    /// When it came.
    pub(crate) came: Time,
    /// The how-manieth of its bucket it was to go, once it has gone.
    pub(crate) went: Option<u64>,
}

#[derive(Debug)]
struct Waiter {
    ticket: Ticket,
    waker: Option<Waker>,
    /// When its turn would come, if that is known to be too late.
    late: Option<Time>,
}

/// The requests that wait: in front those that went and come again, in the order in which they went; then the others
/// by [their turns](Lanes). So a refused request is back where it was, before all that were behind it.
///
/// They are also kept by their bounds, so that those who can't wait any more are found without asking all.
#[derive(Debug, Default)]
pub(crate) struct Line {
    waiting: BTreeMap<Number, Waiter>,
    returned: BTreeMap<u64, Number>,
    lanes: Lanes,
    /// How many went, each counted once.
    gone: u64,
    by_deadline: BTreeSet<(Time, Number)>,
    by_max_wait: BTreeSet<(Duration, Number)>,
}

impl Line {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many callers have requests in it.
    pub(crate) fn callers(&self) -> usize {
        let again = self.returned.values().filter_map(|number| self.waiting.get(number));
        let again: BTreeSet<_> = again.map(|waiter| waiter.ticket.whose.caller).collect();
        // Who comes again is rare, and its caller is there anyhow as long as more of its requests are.
        again.into_iter().filter(|&caller| !self.lanes.has(caller)).count() + self.lanes.callers()
    }

    /// Since when the oldest waits.
    pub(crate) fn oldest(&self) -> Option<Time> {
        self.waiting.first_key_value().map(|(_, waiter)| waiter.ticket.came)
    }

    /// Puts a request where it belongs. One that is there stays.
    pub(crate) fn join(&mut self, ticket: Ticket) {
        let Ticket { number, bounds, .. } = ticket;
        if self.waiting.contains_key(&number) {
            return;
        }
        match ticket.went {
            Some(went) => {
                self.returned.insert(went, number);
            }
            None => self.lanes.join(number, ticket.whose),
        }
        self.waiting.insert(number, Waiter { ticket, waker: None, late: None });
        self.by_max_wait.insert((bounds.max_wait, number));
        if let Some(deadline) = bounds.deadline {
            self.by_deadline.insert((deadline, number));
        }
    }

    /// Puts a new request where it belongs, and looks whether its turn will come in time.
    pub(crate) fn join_new(&mut self, ticket: Ticket, outlook: &Outlook) {
        self.join(ticket);
        let ahead = self.returned.len() as u64 + self.lanes.ahead_of_last(ticket.whose);
        self.judge(ticket.number, ahead, outlook);
    }

    /// Takes a request out that didn't go, if it is there.
    pub(crate) fn leave(&mut self, number: Number) {
        let Some(ticket) = self.take(number) else { return };
        match ticket.went {
            Some(went) => {
                self.returned.remove(&went);
            }
            None => self.lanes.leave(number, ticket.whose),
        }
    }

    /// Takes the head out, which goes; gives the how-manieth it was to go.
    pub(crate) fn go(&mut self, number: Number) -> Option<u64> {
        let ticket = self.take(number)?;
        if let Some(went) = ticket.went {
            self.returned.remove(&went);
            return Some(went);
        }
        self.lanes.went(number, ticket.whose);
        self.gone += 1;
        Some(self.gone)
    }

    fn take(&mut self, number: Number) -> Option<Ticket> {
        let Waiter { ticket, .. } = self.waiting.remove(&number)?;
        self.by_max_wait.remove(&(ticket.bounds.max_wait, number));
        if let Some(deadline) = ticket.bounds.deadline {
            self.by_deadline.remove(&(deadline, number));
        }
        Some(ticket)
    }

    pub(crate) fn head(&self) -> Option<Number> {
        self.returned.values().next().copied().or_else(|| self.lanes.head())
    }

    /// How many go before a request, at the least and as things are.
    pub(crate) fn ahead(&self, number: Number) -> u64 {
        match self.waiting.get(&number).map(|waiter| waiter.ticket) {
            Some(Ticket { went: Some(went), .. }) => self.returned.range(..went).count() as u64,
            Some(ticket) => self.returned.len() as u64 + self.lanes.ahead(number, ticket.whose),
            None => 0,
        }
    }

    /// When a request's turn would come, if that is known to be too late for it. The head's has come.
    pub(crate) fn late(&self, number: Number) -> Option<Time> {
        self.waiting.get(&number)?.late.filter(|_| self.head() != Some(number))
    }

    /// Whom to wake for this request.
    pub(crate) fn sleeps(&mut self, number: Number, waker: &Waker) {
        if let Some(waiter) = self.waiting.get_mut(&number) {
            match &mut waiter.waker {
                Some(known) => known.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
        }
    }

    /// The waker of the head, once.
    pub(crate) fn wake_head(&mut self) -> Option<Waker> {
        let head = self.head()?;
        self.waiting.get_mut(&head)?.waker.take()
    }

    /// The wakers of all who may not wait even for the first turn, once each.
    pub(crate) fn wake_overdue(&mut self, outlook: &Outlook) -> Vec<Waker> {
        let wait = outlook.told.since(outlook.now);
        let too_late = self.by_deadline.range(..(outlook.until, 0)).map(|&(_, number)| number);
        let too_long = self.by_max_wait.range(..(wait, 0)).map(|&(_, number)| number);
        let overdue = too_late.chain(too_long);
        overdue.filter_map(|number| self.waiting.get_mut(&number)?.waker.take()).collect()
    }

    /// The wakers of all whose own turn comes too late by now, once each.
    ///
    /// It walks the line if there is a deadline in danger at all: for an outlook that got worse, not for every turn.
    pub(crate) fn wake_late(&mut self, outlook: &Outlook) -> Vec<Waker> {
        let last = outlook.soonest(self.len() as u64);
        if self.by_deadline.range((outlook.until, 0)..(last, 0)).next().is_none() {
            return Vec::new();
        }
        let mut places: Vec<(Number, u64)> = Vec::with_capacity(self.len());
        places.extend(self.returned.values().copied().zip(0..));
        let returned = places.len() as u64;
        self.lanes.each_ahead(|number, ahead| places.push((number, returned + ahead)));
        places.into_iter().filter_map(|(number, ahead)| self.judge(number, ahead, outlook)).collect()
    }

    /// Marks a request whose turn comes too late; gives whom to wake for it.
    fn judge(&mut self, number: Number, ahead: u64, outlook: &Outlook) -> Option<Waker> {
        let waiter = self.waiting.get_mut(&number)?;
        let Bounds { deadline, given_up_on, .. } = waiter.ticket.bounds;
        let is_late = given_up_on == Basis::Estimated && deadline? < outlook.soonest(ahead);
        waiter.late = is_late.then(|| outlook.turn(ahead));
        waiter.waker.take_if(|_| is_late)
    }
}

#[cfg(test)]
mod tests;
