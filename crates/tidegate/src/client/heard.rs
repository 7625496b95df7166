//! What an answer says, looked for in its body where it may be there. Never here: what is done about it.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::header::RETRY_AFTER;
use http::response::Parts;
use http_body::Body;
use tidegate_core::{Scope, Time};
use tidegate_wire::dialect::Dialect;
use tidegate_wire::feedback::{self, Origin, Reading};

use super::gate::{Hold, Place};
use super::peek;
use super::peeked::Peeked;
use crate::world;

/// An answer, and what it says.
pub(crate) struct Heard<R: Body> {
    pub(crate) answer: Response<Peeked<R>>,
    pub(crate) reading: Reading,
    /// When its header arrived.
    pub(crate) arrived: Time,
    /// A refusal's: nobody goes before it is learned what it says.
    pub(crate) hold: Option<Hold>,
}

/// Reads an answer, and its body if that can make a difference.
///
/// While the body of a refusal comes, nobody else goes, since it may tell a wait. While it is open whether the answer
/// is a refusal, others go as they would if it hadn't come yet: the call still counts as under way, so they are few.
pub(crate) async fn hear<R: Body<Data = Bytes>>(
    dialect: &Arc<Dialect>,
    place: &Place,
    answer: Response<R>,
    deadline: Option<Time>,
) -> Heard<R> {
    // All that is told counts from here, whenever it is read.
    let (arrived, wall_clock) = (world::now(), world::wall_clock());
    let (parts, body) = answer.into_parts();
    let read = |parts: &Parts, body: Option<&[u8]>| {
        feedback::read(dialect, parts.status, &parts.headers, body, wall_clock)
    };
    let mut reading = read(&parts, None);
    let refuses = reading.feedback.is_refusal() || reading.terminal;
    let may_refuse = dialect.needs_body(parts.status, &parts.headers) && peek::may_tell(&parts, &body);
    if !refuses && !may_refuse {
        let answer = Response::from_parts(parts, Peeked::whole(body));
        return Heard { answer, reading, arrived, hold: None };
    }
    let hold = reading.feedback.is_refusal().then(|| place.hold());
    let (body, said) = peek::peek(body, deadline).await;
    if let Some(said) = said {
        reading = read(&parts, Some(&said));
    }
    Heard { answer: Response::from_parts(parts, body), reading, arrived, hold }
}

impl<R: Body> Heard<R> {
    /// When the answer's wait begins. A refusal's begins once all of it is known, which is never too early.
    pub(crate) fn counts_from(&self) -> Time {
        if self.reading.feedback.is_refusal() { world::now() } else { self.arrived }
    }

    /// Until when an answer that passed asks for no further call: redirections do that, calls that took the last
    /// of a quota, and those that used up something else than requests.
    ///
    /// What is left of the requests is none of it: the pacer knows that already, and hears if a later answer knows
    /// better.
    pub(crate) fn closes_until(&self) -> Option<Time> {
        let Reading { feedback, wait, origins, .. } = &self.reading;
        let wait = wait.filter(|_| !feedback.is_refusal())?;
        let is_told = self.reading.limited || origins.wait == Some(Origin::Field(RETRY_AFTER));
        let is_paced = feedback.remaining == Some(0) && feedback.reset >= Some(wait);
        (is_told || !is_paced).then(|| self.arrived.later(wait))
    }

    /// Whether the wait is for all calls to the origin. A redirection's is not, whatever the limits there count by.
    pub(crate) fn is_for_origin(&self) -> bool {
        let Reading { feedback, limited, .. } = &self.reading;
        feedback.scope == Scope::Origin && (feedback.is_refusal() || *limited)
    }
}
