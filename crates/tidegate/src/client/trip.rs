//! A request's way: wait for its turn, go, and go again while it is refused. Never here: whose turn it is.

use std::error::Error;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tidegate_core::{Scope, Time, jitter};
use tidegate_wire::dialect::Dialect;
use tidegate_wire::feedback::{self, Reading};
use tower_service::Service;

use super::error::{Bound, Patience, WaitError};
use super::gate::{Next, Place, TooLong, UnderWay};
use super::gates::Shared;
use super::line::Bounds;
use super::refusal;
use super::repeat::{self, After, Broken, Twice};
use super::replay::{Replay, Tapes};
use super::settings::{CallId, Settings};
use crate::key::Key;
use crate::observe::{Again, BucketName, Call, Cause, Event};
use crate::world;

/// One request on its way, without its body.
pub(crate) struct Trip {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
    parts: Parts,
    key: Key,
    dialect: &'static Dialect,
    twice: Twice,
    call: Call,
    started: Time,
    /// How long after the start the deadline is.
    span: Option<Duration>,
}

/// The answer of one sending, or what stopped it.
enum Sending<R, E> {
    Answered(Place, UnderWay, Response<R>),
    Broke(Place, Broken, E),
    Stopped(WaitError<E>),
}

impl Trip {
    pub(crate) fn new(settings: Arc<Settings>, shared: Arc<Shared>, parts: Parts) -> Self {
        let id = match parts.extensions.get() {
            Some(&CallId(id)) => id,
            None => shared.calls.fetch_add(1, Ordering::Relaxed),
        };
        Trip {
            key: Key::new(&parts, &settings.resource(&parts)),
            dialect: settings.dialect(&parts),
            twice: Twice::of(&parts),
            call: Call { id, attempt: 0 },
            started: world::now(),
            span: settings.deadline(&parts),
            settings,
            shared,
            parts,
        }
    }

    /// The whole way. Dropped anywhere, it leaves nothing behind: its place and its flight are guards.
    pub(crate) async fn run<S, B, R>(
        mut self,
        mut inner: S,
        body: B,
    ) -> Result<Response<R>, WaitError<S::Error>>
    where
        S: Service<Request<Replay<B>>, Response = Response<R>> + Clone,
        S::Error: 'static,
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
        R: Body,
    {
        let tapes = Tapes::new(body, self.settings.room);
        let mut place = self.enter().map_err(|bound| self.overfull(bound))?;
        let mut broken = 0;
        loop {
            self.call.attempt += 1;
            place = match self.send(place, &mut inner, &tapes).await {
                Sending::Stopped(error) => return Err(error),
                Sending::Broke(place, far, error) => {
                    broken += 1;
                    let may_go_again = broken < self.settings.tries && tapes.rewind();
                    self.broke(far, error, may_go_again, repeat::pause(broken)).await?;
                    place
                }
                Sending::Answered(place, under_way, answer) => {
                    let reading = self.read(&answer, None);
                    let again = reading.feedback.is_refusal() && tapes.rewind();
                    let next = if again { Next::GoAgain } else { Next::Done };
                    self.learn(&place, under_way, &answer, &reading, next);
                    if next == Next::Done {
                        return Ok(answer);
                    }
                    self.refused(&place, answer).await;
                    place
                }
            };
        }
    }

    /// A place in the bucket's queue.
    fn enter(&self) -> Result<Place, Bound> {
        let Settings { buckets, waiters, max_wait, .. } = *self.settings;
        let gate = self.shared.gates.gate(&self.key, self.started, buckets).ok_or(Bound::Buckets(buckets))?;
        gate.enter(Bounds { deadline: self.deadline(), max_wait }, waiters).ok_or(Bound::Waiters(waiters))
    }

    /// Waits for the turn and goes.
    async fn send<S, B, R>(&self, place: Place, inner: &mut S, tapes: &Tapes<B>) -> Sending<R, S::Error>
    where
        S: Service<Request<Replay<B>>, Response = Response<R>> + Clone,
        S::Error: 'static,
    {
        let turn = world::by(self.deadline(), self.turn(&place, inner)).await;
        let (mut ready, under_way) = match turn {
            Some(Ok(turn)) => turn,
            Some(Err(Stop::TooLong(TooLong { until }))) => return Sending::Stopped(self.overdue(until)),
            // It wasn't sent.
            Some(Err(Stop::NotReady(error))) => return Sending::Broke(place, Broken::NeverSent, error),
            None => return Sending::Stopped(self.overdue(place.earliest(world::now()))),
        };
        self.settings.tell(&Event::Sent { call: self.call, bucket: self.bucket(), at: under_way.sent });
        let request = Request::from_parts(self.parts.clone(), tapes.play());
        match world::by(self.deadline(), ready.call(request)).await {
            Some(Ok(answer)) => Sending::Answered(place, under_way, answer),
            Some(Err(error)) => Sending::Broke(place, self.settings.broken(&error), error),
            None => {
                let after = world::now().since(under_way.sent);
                Sending::Stopped(WaitError::Unanswered { bucket: self.bucket().clone(), after })
            }
        }
    }

    /// Waits until the request may go and the inner service is ready for it.
    ///
    /// Readiness is asked last, since it may hold a permit or a connection that others could use meanwhile. It
    /// may take its time, so the turn is asked for once more.
    async fn turn<S, Q>(&self, place: &Place, inner: &mut S) -> Result<(S, UnderWay), Stop<S::Error>>
    where
        S: Service<Q> + Clone,
    {
        loop {
            place.turn(|cause, until| self.waits(cause, until)).await.map_err(Stop::TooLong)?;
            let mut ready = inner.clone();
            poll_fn(|cx| ready.poll_ready(cx)).await.map_err(Stop::NotReady)?;
            if let Some(under_way) = place.go() {
                return Ok((ready, under_way));
            }
        }
    }

    /// Judges a broken connection, and pauses if the request is to go again.
    async fn broke<E>(
        &self,
        far: Broken,
        error: E,
        may_go_again: bool,
        pause: Duration,
    ) -> Result<(), WaitError<E>> {
        let until = world::now().later(pause).later(jitter(pause, world::draw()));
        let in_time = self.deadline().is_none_or(|deadline| until < deadline);
        match repeat::after(far, self.twice, may_go_again && in_time) {
            After::Repeat(cause) => {
                self.settings.tell(&Event::Repeated { call: self.call, bucket: self.bucket(), cause });
                self.waits(Cause::Broken, Some(until));
                world::sleep_until(until).await;
                Ok(())
            }
            After::Unknown => Err(WaitError::Unknown(error)),
            After::GiveBack => Err(WaitError::Inner(error)),
        }
    }

    fn read<R>(&self, answer: &Response<R>, body: Option<&[u8]>) -> Reading {
        feedback::read(self.dialect, answer.status(), answer.headers(), body, world::wall_clock())
    }

    /// Tells the gate, and whoever observes, what the answer says.
    fn learn<R>(
        &self,
        place: &Place,
        under_way: UnderWay,
        answer: &Response<R>,
        reading: &Reading,
        next: Next,
    ) {
        let (call, bucket, status) = (self.call, self.bucket(), answer.status());
        let feedback = &reading.feedback;
        let (now, sent) = (world::now(), under_way.sent);
        let until = place.answered(under_way, feedback, next);
        if !feedback.is_refusal() {
            self.hint(place, now, reading);
            return self.settings.tell(&Event::Passed {
                call,
                bucket,
                status,
                feedback,
                took: now.since(sent),
            });
        }
        if feedback.scope == Scope::Origin {
            self.shared.gates.close_origin(bucket, now, until);
        }
        let headers = answer.headers();
        self.settings.tell(&Event::Refused { call, bucket, status, headers, feedback, until });
    }

    /// An answer that passed may ask for no further call until later, as redirections do.
    fn hint(&self, place: &Place, now: Time, reading: &Reading) {
        if let (Some(wait), Some("retry-after")) = (reading.wait, reading.origins.wait) {
            place.gate().close_until(now.later(wait));
        }
    }

    /// Reads what else a refusal says, in its body, while the gate is closed already.
    async fn refused<R: Body>(&self, place: &Place, answer: Response<R>) {
        let arrived = world::now();
        let (parts, body) = answer.into_parts();
        if let Some(body) = refusal::read(body, self.deadline()).await {
            let reading = self.read(&Response::from_parts(parts, ()), Some(&body));
            if let Some(wait) = reading.wait {
                place.gate().close_until(arrived.later(wait));
            }
        }
        self.settings.tell(&Event::Repeated {
            call: self.call,
            bucket: self.bucket(),
            cause: Again::Refused,
        });
    }

    fn waits(&self, cause: Cause, until: Option<Time>) {
        self.settings.tell(&Event::Waiting { call: self.call, bucket: self.bucket(), until, cause });
    }

    fn bucket(&self) -> &BucketName {
        &self.key.name
    }

    fn deadline(&self) -> Option<Time> {
        self.span.map(|span| self.started.later(span))
    }

    fn overfull<E>(&self, bound: Bound) -> WaitError<E> {
        WaitError::Overfull { bucket: self.bucket().clone(), bound }
    }

    fn overdue<E>(&self, until: Time) -> WaitError<E> {
        let wait = until.since(world::now());
        let beyond = match self.span {
            Some(span) if wait <= self.settings.max_wait => Patience::Deadline(span),
            _ => Patience::MaxWait(self.settings.max_wait),
        };
        WaitError::Overdue { bucket: self.bucket().clone(), wait, beyond }
    }
}

impl Drop for Trip {
    /// The trip is at its end wherever it is dropped, so whoever observes hears of every end.
    fn drop(&mut self) {
        self.settings.tell(&Event::Ended { call: self.call, bucket: self.bucket() });
    }
}

/// Why a request can't go.
enum Stop<E> {
    TooLong(TooLong),
    NotReady(E),
}
