//! What is noted of one call, from its beginning to its end. Never here: a count itself.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use tidegate::client::{CallId, HandedBack};
use tidegate::world;
use tidegate_core::Time;

use super::line::Line;
use super::row::Outcome;
use super::{Place, Seen, origin_of};
use crate::office::log::Draft;
use crate::proxy::goal::Goal;
use crate::proxy::refusal::Refusal;
use crate::proxy::sender::Sendings;
use crate::relay::body::Body;

/// One call. Dropping it ends it: if nothing was said of an answer, its caller has gone.
#[derive(Debug)]
pub(crate) struct Noted {
    seen: Arc<Seen>,
    line: Draft<Line>,
    place: Option<Place>,
    sendings: Sendings,
    /// When it began to wait for its turn.
    waits_since: Option<Time>,
    /// How long it had waited when its end was known.
    waited: Option<Duration>,
    outcome: Outcome,
}

impl Noted {
    pub(super) fn new(seen: &Arc<Seen>, line: Draft<Line>) -> Noted {
        let (seen, sendings) = (Arc::clone(seen), Sendings::default());
        Noted { seen, line, place: None, sendings, waits_since: None, waited: None, outcome: Outcome::Gone }
    }

    /// Where it goes is known: an extension for its request, by which the waiting layer tells of it.
    pub(crate) fn goes_to(&mut self, goal: &Goal<'_>) -> CallId {
        let place = match goal.known {
            Some(known) => self.seen.enter_named(known.number),
            None => self.seen.enter_host(&origin_of(&goal.url)),
        };
        self.is_at(place)
    }

    /// It asks for a tunnel to an origin.
    pub(crate) fn tunnels_to(&mut self, origin: &http::Uri) -> CallId {
        let place = self.seen.enter_host(&origin_of(origin));
        self.is_at(place)
    }

    fn is_at(&mut self, place: Place) -> CallId {
        self.place = Some(place);
        let seen = &self.seen;
        self.line.write(|line| line.upstream = Some(seen.name_at(place).to_string()));
        self.seen.id(place)
    }

    /// It begins to wait for its turn: when, and where its sendings are counted.
    pub(crate) fn waits(&mut self) -> (Time, Sendings) {
        let now = world::now();
        self.waits_since = Some(now);
        (now, self.sendings.clone())
    }

    /// It is answered by its upstream. What is noted of it ends with the answer's body.
    pub(crate) fn answered(mut self, answer: Response<Body>) -> Response<Body> {
        let (outcome, why) = match () {
            () if answer.extensions().get::<HandedBack>().is_some() => {
                (Outcome::HandedBack, Some(Outcome::HandedBack.name()))
            }
            () if self.sendings.count() == 0 && self.waits_since.is_some() => {
                (Outcome::Shared, Some(Outcome::Shared.name()))
            }
            () => (Outcome::Answered, None),
        };
        self.outcome = outcome;
        self.line.write(|line| line.answered(answer.status(), why));
        self.write_waits();
        answer.map(|body| body.holding(self))
    }

    /// The proxy refuses it. What is noted of it ends here.
    pub(crate) fn refused(mut self, refusal: &Refusal) {
        let (status, word) = refusal.kind();
        self.outcome = Outcome::Refused;
        self.seen.refused(refusal);
        self.line.write(|line| line.answered(status, Some(word)));
    }

    /// Says how long it was held back, and how often it was sent.
    fn write_waits(&mut self) {
        let until = if self.sendings.count() > 0 { self.sendings.last() } else { world::now() };
        let waited = self.waits_since.map(|since| until.since(since));
        let (attempts, answers) = (self.sendings.count(), self.sendings.answers());
        let seen_by_caller = u32::from(matches!(self.outcome, Outcome::Answered | Outcome::HandedBack));
        self.waited = waited;
        self.line.write(|line| {
            line.attempts = attempts;
            line.absorbed = answers.saturating_sub(seen_by_caller);
            line.waited = waited;
        });
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if matches!(self.outcome, Outcome::Refused | Outcome::Gone) {
            self.write_waits();
        }
        if let Some(place) = self.place {
            self.seen.row(place).end(self.outcome, self.waited);
        }
    }
}
