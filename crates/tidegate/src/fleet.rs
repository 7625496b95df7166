//! Which servers take calls, which one gets the next, and how many the limits may count on. Never here: a socket, a task.
//!
//! A [`Fleet`] is told what was seen, by checks and by calls, and is asked by everybody at once. It does nothing by
//! itself: what time alone changes has changed for whoever asks after it.
//!
//! **In routing** is a server that gets calls and counts for limits. With checks, `rise` passed ones in a row bring
//! it in and `fall` failed ones take it out; its first check decides at once, and before that its health is unknown.
//! Without checks every server is in from the start. Calls that fail in a row *eject* a server for a while, twice as
//! long each time. It comes back when that time is over and, where it is checked, when `rise` checks in a row have
//! passed since; else by a *trial*: one call at a time, until one is answered. What calls tell from before a
//! server's state changed is no further lesson.
//!
//! **The last one in routing is never ejected** for its calls; checks may take it out. **When none is in routing**,
//! a wrong guess costs a call and no guess costs all of them: every server is tried but those that are freshly known
//! to be dead, where the last thing seen, no longer ago than `stale_after`, was that no connection came about.
//! Limits count on the floor then.

mod choice;
mod health;
mod lease;
mod member;
mod outcome;
mod roster;
mod routing;
mod settings;
mod view;
mod weight;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tidegate_core::Time;

use choice::Choice;
use lease::{Seen, Turn};
use roster::{Effect, Roster};

pub use choice::Unpicked;
pub use lease::Lease;
pub use member::ServerId;
pub use outcome::{Check, Counts, Failure, Outcome};
pub use routing::{Basis, Routing};
pub use settings::{Active, InternalError, Passive, Server, Settings, SettingsError};
pub use view::{LastFailure, ServerView, State};
pub use weight::Weight;

/// The servers behind one name. Times are all of one clock; who tells an earlier one is taken to speak of now.
#[derive(Debug)]
pub struct Fleet {
    roster: Mutex<Roster>,
    standing: ArcSwap<Standing>,
    /// The number in `standing`, for who looks at nothing else.
    generation: AtomicU64,
    /// When time alone changes something, in nanoseconds.
    next_change: AtomicU64,
}

/// What is looked at for every call: replaced whole when something changes.
#[derive(Debug)]
struct Standing {
    choice: Choice,
    routing: Routing,
}

impl Fleet {
    /// A fleet that nothing has been seen of.
    ///
    /// # Errors
    /// When the settings can't be meant.
    pub fn new(settings: Settings, now: Time) -> Result<Fleet, SettingsError> {
        settings.check()?;
        let mut roster = Roster::new(settings, now);
        let standings = roster.settle(now);
        let routing = Routing { generation: 1, ..standings.routing };
        Ok(Fleet {
            roster: Mutex::new(roster),
            standing: ArcSwap::from_pointee(Standing { choice: standings.choice, routing }),
            generation: AtomicU64::new(1),
            next_change: AtomicU64::new(standings.next_change.as_nanos()),
        })
    }

    /// Takes other settings. Servers whose names stay keep health, calls in flight and back-offs; those that left
    /// finish their calls.
    ///
    /// # Errors
    /// When the settings can't be meant: then nothing has changed.
    pub fn changed(&self, settings: Settings, now: Time) -> Result<(), SettingsError> {
        self.changed_with(settings, now, |_| ())
    }

    /// The same, for who keeps something of each server: `meet` is called once it is known who is who, and before the
    /// first call can go to a server that came. It gets what [`Fleet::server`] gives, which it must not ask itself.
    ///
    /// # Errors
    /// When the settings can't be meant: then nothing has changed.
    pub fn changed_with(
        &self,
        settings: Settings,
        now: Time,
        meet: impl FnOnce(&dyn Fn(&str) -> Option<ServerId>),
    ) -> Result<(), SettingsError> {
        settings.check()?;
        let mut roster = self.roster();
        roster.change(settings, now);
        meet(&|name| roster.id(name));
        self.publish(&mut roster, now);
        Ok(())
    }

    /// A check of a server has ended. One of a server that has left says nothing.
    pub fn checked(&self, server: ServerId, now: Time, check: Check) {
        let mut roster = self.roster();
        roster.checked(server, now, check);
        self.publish(&mut roster, now);
    }

    /// The call was seen to go so: a failure when it is seen, an answer when its header has come. A connection that
    /// breaks after that is told, too; the answer ends a row of failures only when the lease is dropped without.
    pub fn saw(&self, lease: &mut Lease, now: Time, outcome: Outcome) {
        lease.member.count(outcome);
        let is_quiet = lease.turn == Turn::Routed && lease.member.failed() == 0;
        if is_quiet && outcome.is_plainly_well() {
            lease.seen = Seen::Well;
            return;
        }
        let mut roster = self.roster();
        if roster.saw(lease, now, outcome) == Effect::MayChange {
            self.publish(&mut roster, now);
        }
    }

    /// The server for a call, but none of `not`: those that a repeated call has been to. `draw` is 64 random bits.
    ///
    /// # Errors
    /// When no server can take the call now, and why.
    pub fn pick(&self, now: Time, draw: u64, not: &[ServerId]) -> Result<Lease, Unpicked> {
        self.catch_up(now);
        self.standing.load().choice.pick(draw, not)
    }

    /// How many servers limits may count on.
    pub fn routing(&self, now: Time) -> Routing {
        self.catch_up(now);
        self.standing.load().routing
    }

    /// The number of [`Fleet::routing`], for who only wants to know whether it has changed: two atomic loads.
    pub fn generation(&self, now: Time) -> u64 {
        self.catch_up(now);
        self.generation.load(Ordering::Acquire)
    }

    /// The server of this name in the settings.
    pub fn server(&self, name: &str) -> Option<ServerId> {
        self.roster().id(name)
    }

    /// Bounds a server's calls in flight from now on; those that are above a new bound finish. Nothing happens for a
    /// server that has left.
    pub fn set_at_once(&self, server: ServerId, most: Option<NonZeroU32>) {
        if let Some(member) = self.roster().member(server) {
            member.set_at_once(most);
        }
    }

    /// Every server as it is, in the order of the settings; behind them those that have left and have calls in
    /// flight.
    pub fn view(&self, now: Time) -> Vec<ServerView> {
        self.catch_up(now);
        self.roster().view()
    }

    /// Does what time has brought, if anything.
    #[inline]
    fn catch_up(&self, now: Time) {
        if now.as_nanos() >= self.next_change.load(Ordering::Acquire) {
            let mut roster = self.roster();
            self.publish(&mut roster, now);
        }
    }

    /// Shows everybody how things stand. Whoever holds the roster is the only one who does.
    #[cold]
    fn publish(&self, roster: &mut Roster, now: Time) {
        let standings = roster.settle(now);
        let shown = self.standing.load().routing;
        let is_same = Routing { generation: shown.generation, ..standings.routing } == shown;
        let generation = if is_same { shown.generation } else { shown.generation + 1 };
        let routing = Routing { generation, ..standings.routing };
        self.standing.store(Arc::new(Standing { choice: standings.choice, routing }));
        self.generation.store(generation, Ordering::Release);
        self.next_change.store(standings.next_change.as_nanos(), Ordering::Release);
    }

    fn roster(&self) -> MutexGuard<'_, Roster> {
        // Between any two statements it is whole.
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
