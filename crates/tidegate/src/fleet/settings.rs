//! What an operator wants of a fleet, as plain data. Never here: a file's form, what was seen of a server.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Weight;

/// The servers behind one name, and how it is found out which of them take calls.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The servers: at least one, each name once.
    pub servers: Vec<Server>,
    /// How checks are judged; `None` when nobody checks.
    pub active: Option<Active>,
    /// How calls are judged; `None` when they aren't.
    pub passive: Option<Passive>,
    /// The least that limits count on, whatever is seen. `None` is the lightest server's weight: with nothing
    /// known, limits that are too strict for a moment are safer than servers that fall over.
    pub floor: Option<Weight>,
    /// The most that limits count on.
    pub ceiling: Option<Weight>,
    /// How long what was seen of a server counts as fresh.
    pub stale_after: Duration,
}

impl Settings {
    /// These servers, judged by their calls alone.
    pub fn new(servers: Vec<Server>) -> Settings {
        Settings {
            servers,
            active: None,
            passive: Some(Passive::default()),
            floor: None,
            ceiling: None,
            stale_after: Duration::from_secs(10),
        }
    }

    /// The least that limits count on.
    pub(super) fn least(&self) -> Weight {
        let lightest = self.servers.iter().map(|server| server.weight).min();
        let floor = self.floor.or(lightest).unwrap_or_default();
        self.ceiling.map_or(floor, |ceiling| floor.min(ceiling))
    }

    /// Within the floor and the ceiling.
    pub(super) fn bounded(&self, weight: Weight) -> Weight {
        weight.min(self.ceiling.unwrap_or(weight)).max(self.least())
    }

    /// Finds what can't be meant.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if self.servers.is_empty() {
            return Err(SettingsError::NoServer);
        }
        let mut names = HashSet::new();
        if let Some(twice) = self.servers.iter().find(|server| !names.insert(&server.name)) {
            return Err(SettingsError::SameName(twice.name.clone()));
        }
        match (self.floor, self.ceiling) {
            (Some(floor), Some(ceiling)) if floor > ceiling => {
                Err(SettingsError::FloorAboveCeiling { floor, ceiling })
            }
            _ => Ok(()),
        }
    }
}

/// A server as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What tells it from the others, also across changes of the settings.
    pub name: String,
    /// How strong it is: its part of the calls, and of what limits count on.
    pub weight: Weight,
    /// How many calls it may have in flight; `None` is no bound. [`Fleet::set_at_once`](super::Fleet::set_at_once)
    /// may change it, and what that set stays until this changes.
    pub at_once: Option<NonZeroU32>,
}

impl Server {
    /// An ordinary server without a bound.
    pub fn new(name: impl Into<String>) -> Server {
        Server { name: name.into(), weight: Weight::ONE, at_once: None }
    }
}

/// How checks are judged. A server's first check decides at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// So many passed checks in a row bring a server into routing.
    pub rise: NonZeroU32,
    /// So many failed checks in a row take it out.
    pub fall: NonZeroU32,
}

/// Two to rise, three to fall.
impl Default for Active {
    fn default() -> Self {
        Active { rise: some(2), fall: some(3) }
    }
}

/// How calls are judged: a server that fails them is ejected for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passive {
    /// So many failed calls in a row eject a server.
    pub failures: NonZeroU32,
    /// Whether an ordinary 500 is a failure.
    pub internal_errors: InternalError,
    /// How long the first ejection lasts. Each further one lasts twice as long, until the server has been in
    /// routing for as long as it was last out.
    pub first_back_off: Duration,
    /// How long an ejection may last.
    pub longest_back_off: Duration,
    /// How many of the servers, in percent, may be ejected at once for failures that callers can provoke: all but
    /// refused connections. One caller with one bad call, made often, is to take no fleet down.
    pub most_out_percent: u8,
    /// For how long at most a server is set aside that answers 503 with a Retry-After; `None` leaves it in, because
    /// such an answer may be about one path or one caller.
    pub longest_set_aside: Option<Duration>,
}

/// Five failures without ordinary 500s; out for one second up to one minute, half of the servers at most; nobody
/// is set aside.
impl Default for Passive {
    fn default() -> Self {
        Passive {
            failures: some(5),
            internal_errors: InternalError::Ignored,
            first_back_off: Duration::from_secs(1),
            longest_back_off: Duration::from_secs(60),
            most_out_percent: 50,
            longest_set_aside: None,
        }
    }
}

/// Whether an ordinary 500 speaks against its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InternalError {
    /// It counts as a failure.
    Counts,
    /// It is an answer like any other: the program has a fault, and has it on every server.
    Ignored,
}

const fn some(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number - 1)
}

/// Settings that can't be meant. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsError {
    /// No server is listed.
    NoServer,
    /// Two servers have this name.
    SameName(String),
    /// No number is within the bounds.
    FloorAboveCeiling {
        /// The least that limits are to count on.
        floor: Weight,
        /// The most.
        ceiling: Weight,
    },
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingsError::NoServer => f.write_str("no server is listed: list at least one"),
            SettingsError::SameName(name) => {
                write!(f, "the server {name:?} is listed twice: list it once, with the weight of both")
            }
            SettingsError::FloorAboveCeiling { floor, ceiling } => write!(
                f,
                "the floor of {floor} servers is above the ceiling of {ceiling}: lower the one or raise the other"
            ),
        }
    }
}

impl Error for SettingsError {}
