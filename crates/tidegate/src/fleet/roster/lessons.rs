//! What calls teach about the servers that they went to: who is ejected, who comes back. Never here: what checks say.

use std::time::Duration;

use tidegate_core::Time;

use super::{Entry, Roster};
use crate::fleet::lease::{Lease, Seen, Turn};
use crate::fleet::outcome::{Blame, Failure, Outcome, Sign};
use crate::fleet::settings::Passive;
use crate::fleet::view::State;

/// Whether somebody should look how things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fleet) enum Effect {
    None,
    MayChange,
}

impl Roster {
    /// Something of a call was seen that a glance can't judge.
    pub(in crate::fleet) fn saw(&mut self, lease: &mut Lease, now: Time, outcome: Outcome) -> Effect {
        let now = self.now.max(now);
        let place = self.entries.iter().position(|entry| entry.member.id() == lease.server());
        let Some(place) = place else { return Effect::None };
        let health = &mut self.entries[place].health;
        if outcome != Outcome::Refused {
            health.seen_alive();
        }
        if let Some(what) = Failure::of(outcome) {
            health.failed(now, what);
        }
        let rules = self.settings.passive;
        let sign = outcome.sign(&rules.unwrap_or_default());
        lease.seen = match sign {
            Sign::Well => Seen::Well,
            Sign::Failing(_) => Seen::Failed,
            Sign::Busy(_) | Sign::Neither => Seen::Nothing,
        };
        // What a call tells of a time before the server's state changed is one lesson with what changed it.
        let is_late = health.epoch() != lease.epoch;
        let turn = lease.turn;
        if sign != Sign::Neither {
            lease.end_trial();
        }
        match rules {
            Some(rules) if !is_late => self.learn(place, &rules, turn, sign, now),
            _ if turn == Turn::Panic => Effect::MayChange,
            _ => Effect::None,
        }
    }

    /// Draws the conclusion from a call that was made while the server was as it is now.
    fn learn(&mut self, place: usize, rules: &Passive, turn: Turn, sign: Sign, now: Time) -> Effect {
        match (turn, sign) {
            (Turn::Trial | Turn::Panic, Sign::Well) => self.entries[place].health.end_ejection(),
            (Turn::Trial, Sign::Failing(_)) => self.entries[place].health.eject(rules, now),
            (Turn::Routed, Sign::Failing(what)) => {
                let row = self.entries[place].fail(now, self.settings.stale_after);
                if row < rules.failures.get() || !self.may_eject(rules, what.blame()) {
                    return Effect::None;
                }
                self.entries[place].health.eject(rules, now);
            }
            (Turn::Trial, Sign::Busy(wait)) => self.set_aside(place, rules, wait, now),
            (Turn::Routed, Sign::Busy(wait)) => {
                if rules.longest_set_aside.is_none() || !self.may_eject(rules, Blame::Anybody) {
                    return Effect::None;
                }
                self.set_aside(place, rules, wait, now);
            }
            (Turn::Panic, _) => {}
            (Turn::Trial, Sign::Neither) | (Turn::Routed, Sign::Well | Sign::Neither) => return Effect::None,
        }
        Effect::MayChange
    }

    fn set_aside(&mut self, place: usize, rules: &Passive, wait: Duration, now: Time) {
        if let Some(longest) = rules.longest_set_aside {
            self.entries[place].health.set_aside(now.later(wait.min(longest)));
        }
    }

    /// Whether one more server in routing may be ejected: never the last one, and for what callers can provoke no
    /// more than a share.
    fn may_eject(&self, rules: &Passive, blame: Blame) -> bool {
        let states = || self.entries.iter().map(|entry| entry.health.state());
        let in_routing = states().filter(|state| *state == State::InRouting).count();
        let out = states().filter(|state| matches!(state, State::Ejected { .. } | State::Trial)).count();
        let share = self.entries.len() * usize::from(rules.most_out_percent) / 100;
        in_routing > 1 && (blame == Blame::Server || out < share)
    }
}

impl Entry {
    /// Counts a failed call, and tells how many in a row there are now.
    ///
    /// A row ends when an answered call ends. Where answers last for hours, none may: so calls that were answered
    /// since the last failure count, too, once that is a while ago.
    fn fail(&mut self, now: Time, a_while: Duration) -> u32 {
        let answered = self.member.counts().answered;
        if answered > self.answered_then && now >= self.failed_at.later(a_while) {
            self.member.end_row();
        }
        (self.failed_at, self.answered_then) = (now, answered);
        self.member.fail()
    }
}
