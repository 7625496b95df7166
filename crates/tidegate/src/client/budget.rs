//! How many refusals are risked with one origin, and what is done when they are spent. Never here: a lock, a gate.
//!
//! The law:
//!
//! 1. A refusal spends a unit. So as many calls may be awaited at once as units are left, since each of them might be
//!    refused. One that is awaited for long is none of them: it may be a long poll.
//! 2. When a refusal leaves nothing, the budget is shut: one call at a time goes, a probe, and none before a unit is
//!    there again. After a refused probe a unit's share of the window passes before the next.
//! 3. A probe that passes opens it. By 1 the calls come back as fast as the budget does, and not all at once.
//!
//! So of calls that are answered in good time, no more are refused in any window than the quota allows.

use std::collections::BTreeMap;
use std::time::Duration;

use tidegate_core::{Ask, Decision, Quota, State, Time, peek, step};

use crate::observe::Stance;

/// How long a call may be awaited and keep others from going.
const HANGS: Duration = Duration::from_secs(30);

/// The refusals of one origin, and the calls that may become some.
#[derive(Debug)]
pub(crate) struct Budget {
    quota: Quota,
    spent: State,
    /// Refusals that came when nothing was left: paid as soon as something is.
    owed: u64,
    awaited: BTreeMap<Ticket, Time>,
    next: u64,
    shut: Option<Shut>,
}

#[derive(Debug)]
struct Shut {
    probe: Option<Ticket>,
    not_before: Time,
}

/// A call that is awaited, by its number in the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// What a call waits for that may not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// This instant.
    At(Time),
    /// An answer; or this instant, when one that takes so long no longer counts.
    Answer(Time),
}

impl Budget {
    pub(crate) fn new(quota: Quota) -> Budget {
        let (spent, awaited) = (State::default(), BTreeMap::new());
        Budget { quota, spent, owed: 0, awaited, next: 0, shut: None }
    }

    /// What the next call waits for; `None` if it may go now.
    pub(crate) fn ask(&mut self, now: Time) -> Option<Wanted> {
        self.pay(now);
        if let Some(shut) = &self.shut {
            if let Some(hangs) = shut.probe.and_then(|probe| self.hangs_at(probe)).filter(|at| *at > now) {
                return Some(Wanted::Answer(hangs));
            }
            if shut.not_before > now {
                return Some(Wanted::At(shut.not_before));
            }
        }
        if let Decision::Deny { retry_at } = peek(&self.quota, &self.spent, now, Ask::NOW) {
            return Some(Wanted::At(retry_at));
        }
        let left = usize::try_from(self.spent.remaining(&self.quota, now)).unwrap_or(usize::MAX);
        // The newest so many leave nothing, unless the oldest of them hangs.
        let oldest = self.awaited.values().rev().nth(left.checked_sub(1)?)?;
        Some(oldest.later(HANGS)).filter(|hangs| *hangs > now).map(Wanted::Answer)
    }

    /// A call goes.
    pub(crate) fn sent(&mut self, now: Time) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.awaited.insert(ticket, now);
        if let Some(shut) = &mut self.shut {
            shut.probe = Some(ticket);
        }
        ticket
    }

    /// The call was refused; says if that shuts the budget.
    pub(crate) fn refused(&mut self, ticket: Ticket, now: Time) -> Option<Stance> {
        self.awaited.remove(&ticket);
        self.owed += 1;
        self.pay(now);
        let is_empty = self.owed > 0 || self.spent.remaining(&self.quota, now) == 0;
        let was_open = self.shut.is_none();
        if is_empty && was_open {
            self.shut = Some(Shut { probe: None, not_before: now });
        }
        self.probe_failed(ticket, now);
        (is_empty && was_open).then_some(Stance::Shut)
    }

    /// The call was done; says if that opens the budget.
    pub(crate) fn passed(&mut self, ticket: Ticket) -> Option<Stance> {
        self.awaited.remove(&ticket);
        self.shut.take_if(|shut| shut.probe == Some(ticket)).map(|_| Stance::Open)
    }

    /// Nobody will know what came of the call.
    pub(crate) fn lost(&mut self, ticket: Ticket, now: Time) {
        self.awaited.remove(&ticket);
        self.probe_failed(ticket, now);
    }

    pub(crate) fn stance(&self) -> Stance {
        if self.shut.is_some() { Stance::Shut } else { Stance::Open }
    }

    /// How many refusals may still come.
    pub(crate) fn left(&self, now: Time) -> u64 {
        self.spent.remaining(&self.quota, now).saturating_sub(self.owed)
    }

    /// Whether it knows no more than a new one would.
    pub(crate) fn is_whole(&self, now: Time) -> bool {
        self.owed == 0
            && self.awaited.is_empty()
            && self.shut.is_none()
            && self.spent.full_at(&self.quota) <= now
    }

    fn probe_failed(&mut self, ticket: Ticket, now: Time) {
        let share = self.quota.window() / u32::try_from(self.quota.amount()).unwrap_or(u32::MAX);
        if let Some(shut) = self.shut.as_mut().filter(|shut| shut.probe == Some(ticket)) {
            *shut = Shut { probe: None, not_before: now.later(share) };
        }
    }

    /// When an awaited call no longer counts.
    fn hangs_at(&self, ticket: Ticket) -> Option<Time> {
        self.awaited.get(&ticket).map(|sent| sent.later(HANGS))
    }

    fn pay(&mut self, now: Time) {
        while self.owed > 0 && step(&self.quota, &mut self.spent, now, Ask::NOW).admitted_at().is_some() {
            self.owed -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_core::Shape;

    fn at(seconds: u64) -> Time {
        Time::from_secs(1_000 + seconds)
    }

    /// So many refusals in ten seconds, wherever those begin.
    fn budget(amount: u64) -> Budget {
        let quota = Quota::new(amount, Duration::from_secs(10)).unwrap();
        Budget::new(quota.with_shape(Shape::Log).unwrap())
    }

    /// Two were refused at once, and nothing is left.
    fn shut() -> Budget {
        let mut budget = budget(2);
        let (one, two) = (budget.sent(at(0)), budget.sent(at(0)));
        assert_eq!(budget.refused(one, at(0)), None);
        assert_eq!(budget.refused(two, at(0)), Some(Stance::Shut));
        budget
    }

    #[test]
    fn as_many_are_awaited_as_might_be_refused() {
        let mut budget = budget(2);
        let one = budget.sent(at(0));
        assert_eq!(budget.ask(at(1)), None);
        budget.sent(at(1));
        assert_eq!(budget.ask(at(2)), Some(Wanted::Answer(at(30))));
        assert_eq!(budget.passed(one), None);
        assert_eq!(budget.ask(at(2)), None);
    }

    #[test]
    fn a_call_that_hangs_is_no_longer_counted() {
        let mut budget = budget(1);
        budget.sent(at(0));
        assert_eq!(budget.ask(at(29)), Some(Wanted::Answer(at(30))));
        assert_eq!(budget.ask(at(30)), None);
    }

    #[test]
    fn a_spent_budget_lets_one_probe_go_when_a_unit_is_back() {
        let mut budget = shut();
        assert_eq!(budget.ask(at(9)), Some(Wanted::At(at(10))));
        assert_eq!(budget.ask(at(10)), None);
        let probe = budget.sent(at(10));
        assert_eq!(budget.ask(at(11)), Some(Wanted::Answer(at(40))), "two units are back, and one goes");
        assert_eq!(budget.refused(probe, at(11)), None, "it is shut already");
        assert_eq!(budget.ask(at(11)), Some(Wanted::At(at(16))), "a unit's share of the window later");
        assert_eq!(budget.ask(at(16)), None);
    }

    #[test]
    fn only_a_probe_that_passes_opens_it() {
        let mut budget = budget(2);
        let [one, two, before] = [0; 3].map(|_| budget.sent(at(0)));
        budget.refused(one, at(0));
        assert_eq!(budget.refused(two, at(0)), Some(Stance::Shut));
        assert_eq!(budget.passed(before), None, "it went before");
        let lost = budget.sent(at(10));
        budget.lost(lost, at(12));
        assert_eq!(budget.ask(at(12)), Some(Wanted::At(at(17))));
        let probe = budget.sent(at(17));
        assert_eq!(budget.passed(probe), Some(Stance::Open));
        assert!(budget.is_whole(at(17)));
    }

    #[test]
    fn what_was_refused_beyond_the_budget_is_owed() {
        let mut budget = budget(1);
        let [one, two, three] = [0; 3].map(|_| budget.sent(at(0)));
        assert_eq!(budget.refused(one, at(0)), Some(Stance::Shut));
        assert_eq!(budget.refused(two, at(0)), None);
        assert_eq!(budget.refused(three, at(0)), None);
        assert_eq!(budget.ask(at(10)), Some(Wanted::At(at(20))), "the second is paid now");
        assert_eq!(budget.ask(at(20)), Some(Wanted::At(at(30))), "the third");
        assert_eq!(budget.ask(at(30)), None);
    }

    #[test]
    fn after_it_opens_calls_come_back_as_the_units_do() {
        let mut budget = budget(3);
        for seconds in [0, 1, 2] {
            let ticket = budget.sent(at(seconds));
            budget.refused(ticket, at(seconds));
        }
        let probe = budget.sent(at(10));
        assert_eq!(budget.passed(probe), Some(Stance::Open));
        budget.sent(at(10));
        assert_eq!(budget.ask(at(10)), Some(Wanted::Answer(at(40))), "one unit, one call");
        assert_eq!(budget.ask(at(11)), None, "the second unit is back");
    }
}
