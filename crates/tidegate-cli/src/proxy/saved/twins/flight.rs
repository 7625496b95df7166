//! One question on its way, as those see it who wait for its answer beside. Never here: which question, who goes next.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use tidegate::client::Priority;
use tidegate::world;
use tidegate_core::Time;
use tokio::sync::watch;

use super::Moment;
use crate::proxy::saved::copied::Pieces;
use crate::proxy::saved::room::Share;
use crate::relay::body::Body;

/// One question on its way.
#[derive(Debug)]
pub(super) struct Flight {
    began: Moment,
    stage: watch::Sender<Stage>,
    /// Who went in its place when it was lost.
    next: OnceLock<Arc<Flight>>,
}

/// How far it is.
#[derive(Clone, Debug)]
enum Stage {
    /// It waits for its turn, or for its answer.
    Asks,
    /// Its answer comes; who waits beside gives up at this time.
    Answers { until: Time },
    /// Its answer is for all.
    Whole(Arc<Whole>),
    /// Its answer is for itself.
    OfOne,
    /// There is none, or not all of it.
    Lost,
}

/// A whole answer.
#[derive(Debug)]
pub(in crate::proxy::saved) struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    _share: Share,
}

/// One who waits beside.
#[derive(Debug)]
pub(in crate::proxy::saved) struct Follower {
    flight: Arc<Flight>,
    stage: watch::Receiver<Stage>,
    _counted: Counted,
}

/// What waiting beside came to.
#[derive(Debug)]
pub(in crate::proxy::saved) enum Followed {
    Answered(Arc<Whole>),
    /// The answer isn't for others, so nobody need be followed for it.
    OfOne,
    /// The first one was lost on the way.
    Lost(Lost),
    /// The deadline has passed.
    Late,
}

/// A question that was lost, as its followers know it. Those who wake late find by it who went in its place.
#[derive(Debug)]
pub(in crate::proxy::saved) struct Lost(Arc<Flight>);

#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Flight {
    pub(super) fn new(began: Moment) -> Arc<Flight> {
        Arc::new(Flight { began, stage: watch::Sender::new(Stage::Asks), next: OnceLock::new() })
    }

    /// Whether somebody of this moment may wait beside. Not one whose deadline is the sooner: it could be told at once
    /// that it won't be met, where here it would wait for it. Nor one who may have seen a write that this one hasn't.
    pub(super) fn is_for(&self, moment: Moment, slack: Duration) -> bool {
        let is_soon = match (self.began.until, moment.until) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(first), Some(own)) => first <= own.later(slack),
        };
        let is_open = match *self.stage.borrow() {
            Stage::Asks => true,
            Stage::Answers { until } => moment.now < until,
            // Only those know of it still who asked while it did.
            Stage::Whole(_) => true,
            Stage::OfOne | Stage::Lost => false,
        };
        let is_urgent = urgency(self.began.priority) >= urgency(moment.priority);
        is_soon && is_open && is_urgent && self.began.writes >= moment.writes
    }

    /// One more who waits beside, if so many may.
    pub(super) fn follower(self: &Arc<Self>, all: &Arc<AtomicUsize>, most: usize) -> Option<Follower> {
        let more = |all: usize| (all < most).then_some(all + 1);
        all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        let (flight, stage) = (Arc::clone(self), self.stage.subscribe());
        Some(Follower { flight, stage, _counted: Counted(Arc::clone(all)) })
    }

    /// The answer's head is there.
    pub(super) fn answers(&self, until: Time) {
        self.stage.send_replace(Stage::Answers { until });
    }

    pub(super) fn is_whole(&self, whole: Whole) {
        self.stage.send_replace(Stage::Whole(Arc::new(whole)));
    }

    pub(super) fn is_of_one(&self) {
        self.stage.send_replace(Stage::OfOne);
    }

    /// It is over. Says nothing to those who know already how it ended.
    pub(super) fn is_lost(&self) {
        self.stage.send_if_modified(|stage| {
            let is_under_way = matches!(stage, Stage::Asks | Stage::Answers { .. });
            if is_under_way {
                *stage = Stage::Lost;
            }
            is_under_way
        });
    }
}

impl Follower {
    /// Waits beside, no longer than until its own deadline.
    pub(in crate::proxy::saved) async fn follow(mut self, deadline: Option<Time>) -> Followed {
        loop {
            let rest = match &*self.stage.borrow_and_update() {
                Stage::Asks => None,
                Stage::Answers { until } => Some(*until),
                Stage::Whole(whole) => return Followed::Answered(Arc::clone(whole)),
                Stage::OfOne => return Followed::OfOne,
                Stage::Lost => return Followed::Lost(Lost(self.flight)),
            };
            tokio::select! {
                biased;
                changed = self.stage.changed() => if changed.is_err() {
                    return Followed::Lost(Lost(self.flight));
                },
                () = at(deadline) => return Followed::Late,
                () = at(rest) => return Followed::OfOne,
            }
        }
    }
}

impl Lost {
    pub(super) fn next(&self) -> Option<&Arc<Flight>> {
        self.0.next.get()
    }

    /// Tells those who wake later. One that is told already stays: the others look for it.
    pub(super) fn is_followed_by(&self, next: &Arc<Flight>) {
        self.0.next.get_or_init(|| Arc::clone(next));
    }
}

fn urgency(priority: Priority) -> u8 {
    match priority {
        Priority::High => 2,
        Priority::Normal => 1,
        Priority::Low => 0,
    }
}

/// Waits until then; for ever, if there is no then.
async fn at(time: Option<Time>) {
    match time {
        Some(time) => world::sleep_until(time).await,
        None => pending().await,
    }
}

impl Whole {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, pieces: Pieces) -> Whole {
        let (body, share) = pieces.joined();
        Whole { status, headers, body, _share: share }
    }

    /// The answer once more; what it holds counts until it is sent.
    pub(in crate::proxy::saved) fn answer(self: Arc<Self>) -> Response<Body> {
        let mut answer = Response::new(Body::whole(self.body.clone()));
        *answer.status_mut() = self.status;
        *answer.headers_mut() = self.headers.clone();
        answer.map(|body| body.holding(self))
    }
}
