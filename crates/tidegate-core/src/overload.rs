//! How many calls one server can have in flight, learned from how it answers. Never here: whose call goes, a clock, a lock.
//!
//! A server with work for all its hands answers later, not more. So the slowness of answers, measured against the
//! same kinds of calls on the unloaded server, tells how far beyond its capacity it is used: at twice the calls
//! that it can work on at once, they take twice as long. [`Capacity`] lets the limit climb while answers are about
//! as quick as unloaded, and lowers it in proportion to their slowness, and by failures.
//!
//! What a call takes *unloaded* is the weak point of every such law: the least latency ever seen is a lucky one,
//! and an average drifts up with the overload that it should tell. Here it is an average, per [`Kind`] of call,
//! of moments when the server had little to do; and under lasting pressure such a moment is made: a probe
//! halves the limit for a few round trips, at most every second. It tells an API that has
//! become slower (less load doesn't help: that is the new measure) from one that is overloaded (it does).
//!
//! The idea of a limit on calls in flight steered by latency is TCP Vegas's (Brakmo and Peterson, 1995); the probe
//! is that of BBR (draft-ietf-ccwg-bbr, ProbeRTT).

mod calm;
mod class;
mod law;
mod probe;
mod window;

use core::time::Duration;

use crate::time::Time;

use calm::Calm;
use law::{Law, Signs};
use probe::{Listened, Pace, Probe, Stage};
use window::Window;

pub use class::{Class, ParseClassError};

/// How many kinds of calls are told apart.
pub const KINDS: usize = 16;

/// Which calls take about as long as each other: a route, or routes of one cost. Any number will do; kinds that
/// are the same modulo [`KINDS`] are one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kind(pub u64);

impl Kind {
    fn index(self) -> usize {
        (self.0 % KINDS as u64) as usize
    }
}

/// What became of a call, once it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was answered.
    Well {
        /// What kind of call it was.
        kind: Kind,
        /// How long the head of the answer took. What follows is as fast as the caller reads.
        took: Duration,
    },
    /// It failed in a way that overload makes calls fail: a 5xx, a connection that broke, a timeout.
    Failed,
}

/// Within what the limit stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least calls in flight, but for the moments of a probe. At least 1.
    pub floor: u32,
    /// The most calls in flight. Not below the floor.
    pub ceiling: u32,
    /// Where it begins, when nothing is known.
    pub start: u32,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { floor: 4, ceiling: 10_000, start: 64 }
    }
}

impl Bounds {
    /// The same, in order: nothing below 1, no ceiling below the floor, the start between them.
    fn in_order(self) -> Bounds {
        let floor = self.floor.max(1);
        let ceiling = self.ceiling.max(floor);
        Bounds { floor, ceiling, start: self.start.clamp(floor, ceiling) }
    }
}

/// What is known of a server, for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// Calls that it may have in flight now.
    pub limit: u32,
    /// Calls that it has.
    pub in_flight: u32,
    /// How many times as long as unloaded its answers took lately.
    pub slowness: f64,
    /// Which share of its calls failed lately, from 0 to 1.
    pub failing: f64,
    /// Whether the limit is lowered for a moment, to learn what calls take unloaded.
    pub probing: bool,
}

/// The learner of one server: how many calls it can have in flight.
///
/// It is told what happens, in the order of time; it refuses nothing itself.
#[derive(Clone, Debug)]
pub struct Capacity {
    law: Law,
    calm: Calm,
    probe: Probe,
    window: Window,
    in_flight: u32,
    slowness: f64,
    failing: f64,
}

impl Capacity {
    /// A server of which nothing is known.
    pub fn new(bounds: Bounds) -> Capacity {
        Capacity {
            law: Law::new(bounds.in_order()),
            calm: Calm::default(),
            probe: Probe::default(),
            window: Window::default(),
            in_flight: 0,
            slowness: 1.0,
            failing: 0.0,
        }
    }

    /// Keeps what was learned, within other bounds.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.law.set_bounds(bounds.in_order());
    }

    /// How many calls the server should have in flight at most: between the bounds, and less during a probe.
    pub fn limit(&self) -> u32 {
        self.law.limit(self.probe.share())
    }

    /// How many calls it has in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// All that is known, for people.
    pub fn known(&self) -> Known {
        Known {
            limit: self.limit(),
            in_flight: self.in_flight,
            slowness: self.slowness,
            failing: self.failing,
            probing: self.probe.is_on(),
        }
    }

    /// A call was sent to the server.
    pub fn began(&mut self, now: Time) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.window.in_flight(now, self.in_flight);
        self.pass_stages(now);
    }

    /// A call is no longer in flight, whether anything was heard of it or not.
    pub fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A call was refused because the limit is in use: more would have come.
    pub fn refused(&mut self) {
        self.window.refused();
    }

    /// Something is known of a call. It may stay in flight: a long answer goes on after its head.
    pub fn heard(&mut self, now: Time, heard: Heard) {
        self.pass_stages(now);
        match heard {
            Heard::Failed => self.window.failed(now),
            Heard::Well { kind, took } => {
                let seconds = self.calm.counts_as(kind, took.as_secs_f64(), self.slowness);
                self.window.answered(now, kind, seconds);
            }
        }
        if self.window.is_full(now) {
            self.close(now);
        }
    }

    /// Ends what lasts for a time only, whether anything is heard meanwhile or not.
    fn pass_stages(&mut self, now: Time) {
        if self.probe.passes(now) {
            // What was heard until now comes from before.
            self.window = Window::begin(now, self.in_flight);
        }
    }

    /// A window is full: it says something.
    fn close(&mut self, now: Time) {
        let window = self.window;
        match self.probe.stage() {
            Stage::Easing | Stage::Settling => return,
            Stage::Listening => self.listened(now, &window),
            Stage::Off => self.steered(now, &window),
        }
        self.window = Window::begin(now, self.in_flight);
    }

    /// A probe has heard enough. It says what calls take unloaded, if the load did go down.
    fn listened(&mut self, now: Time, window: &Window) {
        let slowness = self.calm.slowness(window).unwrap_or(1.0);
        let lower = self.law.allows(self.probe.share() / 2.0);
        let went_down = window.peak() <= self.limit().saturating_add(self.limit() / 4);
        let round_trip = window.mean().unwrap_or(Duration::ZERO);
        match self.probe.listened(now, slowness, round_trip, lower && went_down) {
            Listened::Lower => {}
            Listened::Found { news, most } if went_down => {
                self.calm.learn_from_probe(window, news);
                self.law.cut_to(most);
                self.slowness = 1.0;
            }
            Listened::Found { .. } => {}
        }
    }

    /// An ordinary window: the limit follows it.
    fn steered(&mut self, now: Time, window: &Window) {
        self.calm.meet(window, self.slowness);
        let slowness = self.calm.slowness(window);
        self.slowness = slowness.unwrap_or(self.slowness);
        self.failing = window.failing();
        let signs = Signs {
            slowness: self.slowness,
            failing: self.calm.unusually_failing(window),
            peak: window.peak(),
            pressed: window.is_pressed(),
        };
        if self.law.is_idle(&signs) {
            self.calm.learn_in_passing(window);
        }
        // Who knows neither what is slow nor of failures waits until one is known.
        if slowness.is_some() || signs.failing > 0.0 {
            self.law.follow(&signs);
        }
        if !self.probe.was_ever_made() {
            self.law.forget_trouble();
        }
        if signs.pressed && !self.law.leaps(&signs) && self.law.allows(probe::FIRST) {
            let round_trip = window.mean().unwrap_or(Duration::ZERO);
            let pace = if signs.are_strong() { Pace::Soon } else { Pace::Usual };
            self.probe.begin_if_due(now, round_trip, signs.slowness, pace);
        }
    }
}
