//! Which calls still go when servers can't take all, and the shared state that this needs. Never here: a socket, a queue, how a limit is learned.
//!
//! Each [`Server`] learns how many calls it can have in flight (that law is [`tidegate_core::overload`]'s). Their sum
//! is what [`Overload::admit`] compares with the calls that are in flight. It keeps two kinds of room:
//!
//! - *for what matters*: critical calls may fill all of the limit, normal ones seven tenths of it, sheddable ones
//!   less; within a class, the dearer the less. What a limit means follows from how it
//!   is used, so a reserve costs no throughput: with normal calls alone, the learned limit is so much higher.
//! - *for whoever has little*: a key may have twice as many calls in flight as there is room left. So one key alone
//!   gets two thirds, two keys two fifths each, and there is always room for one that has none. This is the dynamic
//!   threshold that switches share their buffers by (Choudhury and Hahne, 1998).
//!
//! Nothing queues here, and nothing is remembered of who was refused: when the servers are well again, so is everybody.

mod held;
mod room;
mod server;
mod wait;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

pub use tidegate_core::overload::{Bounds, Class, Heard, Kind, Known, ParseClassError};

use tidegate_core::Time;

pub use crate::mode::Mode;
use crate::store::Key;

pub use held::Held;
pub use room::Cause;
pub use server::{Call, Server};

use held::Sketch;
use wait::Tally;

/// What an operator chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether calls are refused.
    pub mode: Mode,
    /// The least wait that a refused call is told. At least a second.
    pub shortest: Duration,
    /// The longest, before it is spread.
    pub longest: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { mode: Mode::On, shortest: Duration::from_secs(2), longest: Duration::from_secs(30) }
    }
}

/// A call that asks to go.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    /// Who calls.
    pub key: Key,
    /// How much the call matters.
    pub class: Class,
    /// What it costs, in the policy's units; 1 for a call like any other.
    pub cost: u64,
    /// Calls in flight to all servers in routing.
    pub in_flight: u32,
    /// How many those servers can have: the sum of [`Server::limit`]. Zero when that isn't known.
    pub limit: u32,
}

/// Whether a call goes.
#[derive(Debug)]
#[must_use]
pub enum Shed {
    /// It goes. What it holds of its key's share is to be kept until it ends.
    Pass(Held),
    /// It goes, and would be refused if the mode weren't shadow.
    Would(Held, Refusal),
    /// It is refused.
    Refuse(Refusal),
}

/// Why a call is refused, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The call's class.
    pub class: Class,
    /// What there was no room for.
    pub cause: Cause,
    /// How full the servers are: calls in flight, in percent of what they can have.
    pub percent: u64,
    wait: Duration,
}

impl Refusal {
    /// When to come back: from a wait that grows with how much is refused, to twice as long, as `draw` says. So those
    /// who were refused together don't come back together. `draw` is 64 evenly drawn random bits.
    pub fn retry_after(&self, draw: u64) -> Duration {
        self.wait + self.wait.mul_f64(draw as f64 / u64::MAX as f64)
    }
}

/// How many calls were refused, or would have been, since the start: of each class, in the order of [`Class::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Refused for their class and cost: there was no room.
    pub full: [u64; 3],
    /// Refused for what their key has in flight already.
    pub greedy: [u64; 3],
}

/// Decides, for all servers of a gateway, which calls go. Its memory is fixed: 16 KiB.
#[derive(Debug)]
pub struct Overload {
    mode: AtomicU8,
    tally: Tally,
    /// Calls in flight of each key, while it matters.
    keys: Arc<Sketch>,
    /// Refusals so far, which servers see: somebody wanted more than they gave.
    pressed: Arc<AtomicU64>,
    full: [AtomicU64; 3],
    greedy: [AtomicU64; 3],
}

impl Overload {
    /// One that knows of no servers yet.
    pub fn new(settings: Settings) -> Overload {
        let overload = Overload {
            mode: AtomicU8::default(),
            tally: Tally::default(),
            keys: Arc::default(),
            pressed: Arc::default(),
            full: Default::default(),
            greedy: Default::default(),
        };
        overload.change(settings);
        overload
    }

    /// Takes other settings. Nothing that was learned or is held is lost.
    pub fn change(&self, settings: Settings) {
        self.mode.store(settings.mode as u8, Ordering::Relaxed);
        self.tally.change(settings.shortest, settings.longest);
    }

    /// The learner of one server more.
    pub fn server(&self, bounds: Bounds) -> Server {
        Server::new(bounds, Arc::clone(&self.pressed))
    }

    fn mode(&self) -> Mode {
        let mode = self.mode.load(Ordering::Relaxed);
        [Mode::Off, Mode::On, Mode::Shadow].into_iter().find(|known| *known as u8 == mode).unwrap_or(Mode::On)
    }

    /// Decides one call.
    #[inline]
    pub fn admit(&self, now: Time, asking: &Asking) -> Shed {
        // While a quarter isn't used, nobody is counted: not even by whom.
        if asking.in_flight < asking.limit / 4 || asking.limit == 0 {
            return Shed::Pass(Held::nothing());
        }
        self.admit_under_pressure(now, asking)
    }

    fn admit_under_pressure(&self, now: Time, asking: &Asking) -> Shed {
        let mode = self.mode();
        if mode == Mode::Off {
            return Shed::Pass(Held::nothing());
        }
        match (room::cause_to_refuse(asking, self.keys.held_by(asking.key)), mode) {
            (None, _) => {
                self.tally.passed();
                Shed::Pass(Held::of(&self.keys, asking.key))
            }
            (Some(cause), Mode::Shadow) => {
                Shed::Would(Held::of(&self.keys, asking.key), self.refusal(now, asking, cause))
            }
            (Some(cause), _) => Shed::Refuse(self.refusal(now, asking, cause)),
        }
    }

    /// Counts a refusal, and says how long it is for: for a call that was to go, and for which no server had room.
    pub fn refuse(&self, now: Time, asking: &Asking) -> Refusal {
        self.refusal(now, asking, Cause::Full)
    }

    fn refusal(&self, now: Time, asking: &Asking, cause: Cause) -> Refusal {
        self.pressed.fetch_add(1, Ordering::Relaxed);
        let counts = match cause {
            Cause::Full => &self.full,
            Cause::Greedy => &self.greedy,
        };
        counts[asking.class as usize].fetch_add(1, Ordering::Relaxed);
        let percent = 100 * u64::from(asking.in_flight) / u64::from(asking.limit.max(1));
        Refusal { class: asking.class, cause, percent, wait: self.tally.refused(now) }
    }

    /// What was refused so far, or would have been.
    pub fn counts(&self) -> Counts {
        let read =
            |counts: &[AtomicU64; 3]| std::array::from_fn(|class| counts[class].load(Ordering::Relaxed));
        Counts { full: read(&self.full), greedy: read(&self.greedy) }
    }
}

#[cfg(test)]
mod tests {
    use crate::store::Secret;

    use super::*;

    fn asking(in_flight: u32) -> Asking {
        let key = Secret::new([1, 2]).key(b"somebody");
        Asking { key, class: Class::Normal, cost: 1, in_flight, limit: 100 }
    }

    fn overload(mode: Mode) -> Overload {
        Overload::new(Settings { mode, ..Settings::default() })
    }

    #[test]
    fn the_mode_says_what_a_refusal_is() {
        let full = asking(100);
        assert!(matches!(overload(Mode::Off).admit(Time::ZERO, &full), Shed::Pass(_)));
        assert!(matches!(overload(Mode::On).admit(Time::ZERO, &full), Shed::Refuse(_)));
        let shadow = overload(Mode::Shadow);
        assert!(matches!(shadow.admit(Time::ZERO, &full), Shed::Would(..)));
        assert_eq!(shadow.counts(), Counts { full: [0, 1, 0], greedy: [0; 3] });
        shadow.change(Settings::default());
        assert!(matches!(shadow.admit(Time::ZERO, &full), Shed::Refuse(_)));
    }

    #[test]
    fn where_no_limit_is_known_everything_goes() {
        let unknown = Asking { limit: 0, ..asking(1_000) };
        assert!(matches!(overload(Mode::On).admit(Time::ZERO, &unknown), Shed::Pass(_)));
    }

    #[test]
    fn a_refusal_says_how_full_it_is_and_spreads_its_wait() {
        let refusal = overload(Mode::On).refuse(Time::ZERO, &asking(150));
        assert_eq!((refusal.percent, refusal.cause), (150, Cause::Full));
        let (least, most) = (refusal.retry_after(0), refusal.retry_after(u64::MAX));
        assert!(least >= Duration::from_secs(2), "{least:?}");
        assert_eq!(most, 2 * least);
    }

    #[test]
    fn a_key_is_refused_for_what_it_holds_until_it_lets_go() {
        let overload = overload(Mode::On);
        let mut held = Vec::new();
        loop {
            // Seventy calls fit, of which others have thirty.
            let in_flight = 30 + u32::try_from(held.len()).unwrap();
            match overload.admit(Time::ZERO, &asking(in_flight)) {
                Shed::Pass(one) => held.push(one),
                other => break assert!(matches!(other, Shed::Refuse(Refusal { cause: Cause::Greedy, .. }))),
            }
        }
        assert_eq!(held.len(), 27, "two thirds of forty, and one that found as much room");
        let other = Asking { key: Secret::new([1, 2]).key(b"somebody else"), ..asking(57) };
        assert!(matches!(overload.admit(Time::ZERO, &other), Shed::Pass(_)));
        held.clear();
        assert!(matches!(overload.admit(Time::ZERO, &asking(57)), Shed::Pass(_)));
    }
}
