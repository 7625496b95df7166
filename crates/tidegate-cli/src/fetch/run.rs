//! What a run consists of, as its jobs see it. Never here: how jobs are started, or what one does.

use std::ops::Deref;
use std::sync::Arc;

use reqwest::Url;
use tidegate_core::Time;

use super::call::Caller;
use super::items::Pointer;
use super::ledger::{Ledger, Mark, Then};
use super::sink::{Outlet, Piece};
use super::stop::Stop;
use super::targets::Targets;
use crate::caller::voice::Voice;

/// The cap of bodies that have to be held, unless one is given.
pub(crate) const HELD: u64 = 64 << 20;

/// All that the jobs of a run share.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) caller: Caller,
    pub(crate) targets: Targets,
    pub(crate) work: Work,
    pub(crate) order: Order,
    /// How many jobs go on at once.
    pub(crate) abreast: usize,
    pub(crate) max_body: Option<u64>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) voice: Voice,
    pub(crate) start: Time,
}

/// What is made of the answers.
#[derive(Debug)]
pub(crate) enum Work {
    /// The bodies as they are.
    Bodies,
    /// JSON lines.
    Lines { follow: Follow, items: Option<Pointer> },
    /// A line about each answer.
    Repeat { count: u64, until: Option<Time> },
}

/// Which pages are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// The one that was typed.
    No,
    /// So many at most; the rest is no failure.
    UpTo(u64),
    ToTheEnd,
}

/// In which order results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    AsTyped,
    AsTheyCome,
}

/// The URL that was typed, and its number, counted from 0: secrets stay at its origin, and what becomes of a request
/// is entered under its number.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) number: u64,
    pub(crate) url: Url,
}

impl Deref for Home {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.url
    }
}

/// One URL of a run, and where its results go.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) url: Home,
    pub(crate) outlet: Outlet,
}

impl Job {
    /// Puts out a part of an answer's results.
    pub(crate) async fn put_part(&self, bytes: impl Into<bytes::Bytes>) -> Result<(), Stop> {
        let mark = Mark { target: self.url.number, answers: 0, items: 0, then: Then::Same };
        Ok(self.outlet.put(Piece { bytes: bytes.into(), mark }).await?)
    }

    /// Puts out the results of an answer, or the last of them.
    pub(crate) async fn put(
        &self,
        bytes: impl Into<bytes::Bytes>,
        items: u64,
        then: Then,
    ) -> Result<(), Stop> {
        let mark = Mark { target: self.url.number, answers: 1, items, then };
        Ok(self.outlet.put(Piece { bytes: bytes.into(), mark }).await?)
    }
}
