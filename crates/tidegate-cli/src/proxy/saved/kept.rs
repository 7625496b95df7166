//! Answers that are kept to be asked about by their ETag. No cache: every request goes upstream; a 304 only costs less.
//! Never here: a file, a request's fate.
//!
//! An answer is found by a keyed hash of its whole question, token and all fields that count included: more than any
//! `Vary` asks for, so that no caller is told whether another's answer still holds.

mod shelf;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::response::Parts;
use http::{Response, StatusCode};
use tidegate::store::{Key, Secret};

use super::answered;
use super::asked::Question;
use super::copied::{Copy, copied};
use super::room::Room;
use crate::proxy::settings::Revalidate;
use crate::relay::body::Body;
use shelf::Shelf;

/// How much may be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The longest answer that is kept.
    pub(super) answer_bytes: u64,
    /// Of all answers that are kept; as much again may be on its way here.
    pub(super) all_bytes: u64,
    pub(super) answers: usize,
}

/// Answers that are kept; those not asked about for longest go first.
pub(super) struct Kept {
    /// Two, for keys of 128 bits: no two questions that are ever asked have one in common.
    secrets: [Secret; 2],
    shelf: Mutex<Shelf>,
    coming: Room,
    bounds: Bounds,
}

/// A question as it is found again: nothing can be read back from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Print([Key; 2]);

/// An answer that is kept.
#[derive(Debug)]
pub(super) struct Answer {
    /// What it is asked about by.
    pub(super) tag: HeaderValue,
    headers: HeaderMap,
    body: Bytes,
}

impl Kept {
    pub(super) fn new(secrets: [Secret; 2], bounds: Bounds) -> Arc<Kept> {
        let shelf = Mutex::new(Shelf::new(bounds.answers, bounds.all_bytes));
        Arc::new(Kept { secrets, shelf, coming: Room::of(bounds.all_bytes), bounds })
    }

    /// What a question is found by.
    pub(super) fn print(&self, question: &Question) -> Print {
        Print(self.secrets.each_ref().map(|secret| secret.key(question.text())))
    }

    /// The answer that is kept, if one is.
    pub(super) fn find(&self, print: Print) -> Option<Arc<Answer>> {
        self.shelf().find(print)
    }

    /// How many answers are kept, and their size.
    pub(super) fn size(&self) -> (usize, u64) {
        let shelf = self.shelf();
        (shelf.len(), shelf.bytes())
    }

    /// Passes an answer on, and keeps it once it has passed, if it may be kept.
    pub(super) fn keep(
        self: &Arc<Self>,
        print: Print,
        answer: Response<Body>,
        revalidate: Revalidate,
    ) -> Response<Body> {
        let (parts, body) = answer.into_parts();
        let Some(tag) = answered::tag(&parts, revalidate) else { return Response::from_parts(parts, body) };
        let (kept, headers) = (Arc::clone(self), parts.headers.clone());
        let then = move |copy| {
            if let Copy::Whole(pieces) = copy {
                let (body, _share) = pieces.joined();
                kept.shelf().put(print, Arc::new(Answer { tag, headers, body }));
            }
        };
        let body = copied(body, self.bounds.answer_bytes, self.coming.share(), then);
        Response::from_parts(parts, body)
    }

    /// The answer that a 304 to our own question says still holds; `None` if it speaks of another one, so that there is
    /// nothing to answer with.
    pub(super) fn held(
        &self,
        print: Print,
        known: &Answer,
        news: &Parts,
        revalidate: Revalidate,
    ) -> Option<Response<Body>> {
        if !answered::is_about(&news.headers, &known.tag) {
            self.shelf().forget(print);
            return None;
        }
        let mut answer = Response::new(Body::whole(known.body.clone()));
        *answer.headers_mut() = answered::renewed(&known.headers, &news.headers);
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(known.body.len()));
        *answer.status_mut() = StatusCode::OK;
        let (parts, body) = answer.into_parts();
        // The 304 may have said that from now on it isn't to be kept.
        match answered::tag(&parts, revalidate) {
            Some(tag) => {
                let (headers, body) = (parts.headers.clone(), known.body.clone());
                self.shelf().put(print, Arc::new(Answer { tag, headers, body }));
            }
            None => self.shelf().forget(print),
        }
        Some(Response::from_parts(parts, body))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing under this lock can leave the shelf half changed.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    /// How much memory it takes, in bytes, with what is needed to find it.
    fn size(&self) -> u64 {
        const BESIDE: usize = 512;
        let fields = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
        (fields.sum::<usize>() + self.body.len() + BESIDE) as u64
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}
