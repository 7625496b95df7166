//! A call on its way to a server, counted while it lasts. Never here: which server it is to be, what its outcome means.

use std::sync::Arc;

use super::member::{Entry, Member, ServerId};

/// A call to a server. It counts as in flight until this is dropped, also when the server has left the fleet.
#[derive(Debug)]
pub struct Lease {
    pub(super) member: Arc<Member>,
    pub(super) turn: Turn,
    /// The server's at the time of the pick.
    pub(super) epoch: u32,
    pub(super) seen: Seen,
}

/// Why the server was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is in routing.
    Routed,
    /// It is tried with one call.
    Trial,
    /// None is in routing, and this one may live.
    Panic,
}

/// What was told of the call so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    Well,
    Failed,
}

impl Lease {
    /// Counts a call in, if the server takes one more.
    pub(super) fn take(member: &Arc<Member>, turn: Turn, epoch: u32) -> Option<Lease> {
        if turn == Turn::Trial && member.begin_trial() == Entry::Shut {
            return None;
        }
        if member.enter() == Entry::Shut {
            if turn == Turn::Trial {
                member.end_trial();
            }
            return None;
        }
        Some(Lease { member: Arc::clone(member), turn, epoch, seen: Seen::Nothing })
    }

    /// Which server the call goes to.
    pub fn server(&self) -> ServerId {
        self.member.id()
    }

    /// The server's name in the settings.
    pub fn name(&self) -> &str {
        self.member.name()
    }

    /// The call's verdict is known, so another may be tried.
    pub(super) fn end_trial(&mut self) {
        if self.turn == Turn::Trial {
            self.member.end_trial();
            self.turn = Turn::Routed;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.end_trial();
        // Only now is it sure that an answer didn't break off.
        if self.seen == Seen::Well {
            self.member.end_row();
        }
        self.member.leave();
    }
}
