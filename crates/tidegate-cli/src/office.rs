//! Where operators come in: an address of its own, apart from callers. Never here: what is shown or done there.

pub(crate) mod counts;
pub(crate) mod desk;
pub(crate) mod guard;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod reply;

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use crate::exit::Failure;
use crate::policy::settings::{Bounds, Listen};
use crate::relay::drain::Told;
use crate::relay::listen::{Door, Hall, Places};
use desk::{Attended, Desk};

/// How much operators may send, and how slowly. They are few.
const BOUNDS: Bounds = Bounds {
    head_bytes: NonZeroUsize::new(16 * 1024).expect("it isn't zero"),
    fields: NonZeroUsize::new(100).expect("it isn't zero"),
    body_bytes: guard::MOST_BODY as u64,
    head_time: Duration::from_secs(10),
    body_pause: guard::BODY_TIME,
    idle: Duration::from_secs(60),
    connections: NonZeroU32::new(64).expect("it isn't zero"),
};

/// The door that operators come in by.
#[derive(Debug)]
pub(crate) struct Office(Door);

impl Office {
    /// Takes the address. Must be called in a runtime.
    ///
    /// # Errors
    /// When it can't be had.
    pub(crate) fn open(listen: &Listen) -> Result<Office, Failure> {
        let door = Door::open(listen, None).map_err(|failure| {
            failure
                .within("operators' address")
                .hint("name another one, or \"off\" for none: `admin` of the file, or --admin without a file")
        })?;
        Ok(Office(door))
    }

    /// Where it is: with the port that the system chose, if it was to choose.
    pub(crate) fn address(&self) -> &Listen {
        self.0.address()
    }

    /// Answers until it is told to end. It is told last, so that the end can be watched.
    pub(crate) async fn serve(self, desk: impl Desk, told: Told) {
        let places = Places::of(BOUNDS.connections);
        Arc::new(Hall::new(Attended(desk), BOUNDS, told, places)).keep(self.0).await;
    }
}
