//! Identical questions at one time: one is asked, and the others get its answer. Never here: what makes two identical,
//! a connection.
//!
//! Nobody is elected and nothing is handed over. Whoever finds nobody on the way goes first; the others wait beside.
//! If the first is lost, all look again, and again the first of them goes. Who wakes so late that this one has its
//! answer already is given it, too.

mod flight;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Response;
use tidegate::client::Priority;
use tidegate::world;
use tidegate_core::Time;

use super::answered;
use super::asked::Question;
use super::copied::{Copy, Pieces, copied};
use super::room::Room;
use crate::relay::body::Body;
use flight::Flight;
pub(super) use flight::{Followed, Follower, Lost, Whole};

/// How long those who wait beside give a first one that has its answer's head, until they have the rest. It reads as
/// fast as its own caller does, and the answer may have no end.
const REST: Duration = Duration::from_secs(5);

/// How much sooner than the first one a follower's deadline may be: those who come at one time have one deadline but
/// for this.
const SLACK: Duration = Duration::from_millis(100);

/// How much may be held for followers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The longest answer that is given to others.
    pub(super) answer_bytes: u64,
    /// Of all such answers together, from their first byte until the last follower has its last.
    pub(super) all_bytes: u64,
    /// Those who wait beside, of all questions.
    pub(super) followers: usize,
}

/// Questions on their way.
pub(super) struct Twins {
    flights: Mutex<HashMap<Question, Vec<Arc<Flight>>>>,
    /// How many wait beside.
    followers: Arc<AtomicUsize>,
    room: Room,
    bounds: Bounds,
}

/// Where a question stands.
pub(super) enum Place {
    /// Nobody is on the way with it.
    First(First),
    /// Somebody is.
    Behind(Follower),
    /// Too many wait already.
    Alone,
}

/// When one asks: by when it wants its answer, and what it must see.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Time,
    /// Its deadline.
    pub(super) until: Option<Time>,
    /// Nobody waits beside one whose turn comes later than its own would.
    pub(super) priority: Priority,
    /// How many writes ended before it: an answer that was asked for before one of them isn't for it.
    pub(super) writes: u64,
}

/// The one on the way. However it ends, even by being dropped, its followers are told.
pub(super) struct First {
    twins: Arc<Twins>,
    question: Question,
    flight: Arc<Flight>,
}

impl Twins {
    pub(super) fn new(bounds: Bounds) -> Arc<Twins> {
        Arc::new(Twins {
            flights: Mutex::default(),
            followers: Arc::default(),
            room: Room::of(bounds.all_bytes),
            bounds,
        })
    }

    /// How many wait beside somebody now.
    pub(super) fn following(&self) -> usize {
        self.followers.load(Ordering::Relaxed)
    }

    /// How many bytes are held for those who follow, or might.
    pub(super) fn held_bytes(&self) -> u64 {
        self.bounds.all_bytes - self.room.free()
    }

    /// Finds somebody to follow, or goes first: in place of the one that was `lost`, if one was.
    pub(super) fn join(self: &Arc<Self>, question: &Question, moment: Moment, lost: Option<&Lost>) -> Place {
        let mut flights = self.flights();
        let known = flights.get(question).map(Vec::as_slice).unwrap_or_default();
        let mut known = lost.and_then(Lost::next).into_iter().chain(known.iter().rev());
        if let Some(flight) = known.find(|flight| flight.is_for(moment, SLACK)) {
            lost.inspect(|lost| lost.is_followed_by(flight));
            let follower = flight.follower(&self.followers, self.bounds.followers);
            return follower.map_or(Place::Alone, Place::Behind);
        }
        let flight = Flight::new(moment);
        lost.inspect(|lost| lost.is_followed_by(&flight));
        flights.entry(question.clone()).or_default().push(Arc::clone(&flight));
        Place::First(First { twins: Arc::clone(self), question: question.clone(), flight })
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Question, Vec<Arc<Flight>>>> {
        // Nothing under this lock can leave the map half changed.
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl First {
    /// The answer that came, as the first one gets it: at once and as it comes. The others get it once it is whole, if
    /// it is for them.
    pub(super) fn answered(self, answer: Response<Body>) -> Response<Body> {
        let (parts, body) = answer.into_parts();
        if !answered::may_be_shared(&parts) {
            self.flight.is_of_one();
            return Response::from_parts(parts, body);
        }
        self.flight.answers(world::now().later(REST));
        let (status, headers) = (parts.status, parts.headers.clone());
        let (most, share) = (self.twins.bounds.answer_bytes, self.twins.room.share());
        let then = move |copy| match copy {
            Copy::Whole(pieces) => self.give(|pieces| Whole::new(status, headers, pieces), pieces),
            Copy::None => self.flight.is_of_one(),
        };
        Response::from_parts(parts, copied(body, most, share, then))
    }

    /// Gives those who wait a whole answer.
    fn give(self, whole: impl FnOnce(Pieces) -> Whole, pieces: Pieces) {
        // From here on only they know of it who follow it, or the one that was lost before it: nobody is missed.
        self.leave();
        if Arc::strong_count(&self.flight) > 1 {
            self.flight.is_whole(whole(pieces));
        }
    }

    fn leave(&self) {
        let mut flights = self.twins.flights();
        if let Some(known) = flights.get_mut(&self.question) {
            known.retain(|flight| !Arc::ptr_eq(flight, &self.flight));
            if known.is_empty() {
                flights.remove(&self.question);
            }
        }
    }
}

impl Drop for First {
    fn drop(&mut self) {
        self.leave();
        self.flight.is_lost();
    }
}

impl fmt::Debug for Twins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twins").field("following", &self.following()).finish_non_exhaustive()
    }
}
