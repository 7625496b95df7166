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
use tidegate_core::{Quota, Time, Verdict, jitter};
use tidegate_wire::dialect::Dialect;
use tidegate_wire::feedback::Reading;
use tower_service::Service;

use super::error::{Bound, Patience, WaitError};
use super::gate::{Gate, Learned, Next, Place, Stopped, UnderWay};
use super::gates::{Shared, Terms};
use super::handed_back::HandedBack;
use super::heard::{Heard, hear};
use super::kin::{Route, Said};
use super::line::{Beyond, Bounds, TooLong};
use super::memory::{self, Share};
use super::peeked::Peeked;
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
    route: Route,
    /// The quota of its resource, if that is known.
    quota: Option<Quota>,
    dialect: Arc<Dialect>,
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

/// What becomes of a request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It was refused, and goes again when it may.
    GoesAgain,
    /// Its answer is handed back; if that is a refusal, for this reason.
    Done(Option<HandedBack>),
}

impl Trip {
    pub(crate) fn new(settings: Arc<Settings>, shared: Arc<Shared>, parts: Parts) -> Self {
        let id = match parts.extensions.get() {
            Some(&CallId(id)) => id,
            None => shared.calls.fetch_add(1, Ordering::Relaxed),
        };
        let key = Key::new(&parts, &settings.resource(&parts));
        let quota = settings.quota(&parts, key.name.resource());
        let route = match quota {
            None => Route::new(key, &parts.method),
            Some(_) => Route::settled(key),
        };
        Trip {
            route,
            quota,
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
    ) -> Result<Response<Peeked<R>>, WaitError<S::Error>>
    where
        S: Service<Request<Replay<B>>, Response = Response<R>> + Clone,
        S::Error: 'static,
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
        R: Body<Data = Bytes>,
    {
        let (mut place, share) = self.enter().map_err(|bound| self.overfull(bound))?;
        let tapes = Tapes::new(body, self.settings.room, share.another());
        let mut failed = 0;
        loop {
            self.call.attempt += 1;
            place = match self.send(place, &mut inner, &tapes).await {
                Sending::Stopped(error) => return Err(error),
                Sending::Broke(place, far, error) => {
                    failed += 1;
                    let may_go_again = failed < self.settings.tries && tapes.rewind();
                    self.broke(far, error, may_go_again, repeat::pause(failed)).await?;
                    place
                }
                Sending::Answered(place, under_way, answer) => {
                    let heard = hear(&self.dialect, &place, answer, self.deadline()).await;
                    let fate = self.fate(&heard.reading, &mut failed, &tapes);
                    let mut answer = self.learn(&place, under_way, heard, fate);
                    if let Fate::Done(why) = fate {
                        why.map(|why| answer.extensions_mut().insert(why));
                        return Ok(answer);
                    }
                    let (call, bucket, cause) = (self.call, self.bucket(), Again::Refused);
                    self.settings.tell(&Event::Repeated { call, bucket, cause });
                    place
                }
            };
        }
    }

    /// What becomes of a request that was answered so. An outage without an end told counts as a try that failed.
    fn fate<B>(&self, reading: &Reading, failed: &mut u32, tapes: &Tapes<B>) -> Fate {
        let verdict = reading.feedback.verdict;
        *failed += u32::from(verdict == Verdict::Unavailable { wait: None });
        match verdict {
            Verdict::Passed => Fate::Done(reading.terminal.then_some(HandedBack::NoWaitHelps)),
            Verdict::Unavailable { wait: None } if *failed >= self.settings.tries => {
                Fate::Done(Some(HandedBack::TriedEnough))
            }
            _ if tapes.rewind() => Fate::GoesAgain,
            _ => Fate::Done(Some(HandedBack::SentOnce)),
        }
    }

    /// A place in the bucket's queue, and what the request holds in memory.
    fn enter(&self) -> Result<(Place, Share), Bound> {
        let Settings { buckets, waiters, waiting_bytes: most, .. } = *self.settings;
        let lodging = self.shared.gates.lodge(&self.route, self.started, self.terms());
        let lodging = lodging.ok_or(Bound::Buckets(buckets))?;
        if let Some(quota) = &self.quota {
            lodging.gate.know(quota);
        }
        let mut share = Share::new(self.shared.memory.clone(), lodging.gate.memory().clone(), most);
        share.hold(memory::of_head(&self.parts)).map_err(|_| Bound::Bytes(most))?;
        let place = Gate::enter(&lodging, Settings::whose(&self.parts), self.bounds(), waiters);
        place.map(|place| (place, share)).ok_or(Bound::Waiters(waiters))
    }

    /// Moves on to the gate where the route waits now. Who waits already is not turned away there. What the request
    /// holds in memory is counted where it came in.
    fn move_on(&self, place: &mut Place) {
        let next = self.shared.gates.next(&self.route, place.lodging(), world::now(), self.terms());
        let whose = Settings::whose(&self.parts);
        if let Some(next) = Gate::enter(&next, whose, self.bounds(), usize::MAX) {
            *place = next;
        }
    }

    fn bounds(&self) -> Bounds {
        let Settings { max_wait, given_up_on, .. } = *self.settings;
        Bounds { deadline: self.deadline(), max_wait, given_up_on }
    }

    fn terms(&self) -> Terms {
        Terms { most: self.settings.buckets, refusals: self.settings.refusals(&self.parts) }
    }

    /// Waits for the turn and goes.
    async fn send<S, B, R>(&self, mut place: Place, inner: &mut S, tapes: &Tapes<B>) -> Sending<R, S::Error>
    where
        S: Service<Request<Replay<B>>, Response = Response<R>> + Clone,
        S::Error: 'static,
    {
        let turn = world::by(self.deadline(), self.turn(&mut place, inner)).await;
        let (mut ready, under_way) = match turn {
            Some(Ok(turn)) => turn,
            Some(Err(Stop::TooLong(too_long))) => return Sending::Stopped(self.overdue(too_long)),
            // It wasn't sent.
            Some(Err(Stop::NotReady(error))) => return Sending::Broke(place, Broken::NeverSent, error),
            None => return Sending::Stopped(self.overdue(place.expired(world::now()))),
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
    async fn turn<S, Q>(&self, place: &mut Place, inner: &mut S) -> Result<(S, UnderWay), Stop<S::Error>>
    where
        S: Service<Q> + Clone,
    {
        loop {
            match place.turn(|cause, until| self.waits(cause, until)).await {
                Ok(()) => {}
                Err(Stopped::TooLong(too_long)) => return Err(Stop::TooLong(too_long)),
                Err(Stopped::Moved) => {
                    self.move_on(place);
                    continue;
                }
            }
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

    /// Tells the gate, and whoever observes, what the answer says.
    fn learn<R: Body>(
        &self,
        place: &Place,
        under_way: UnderWay,
        mut heard: Heard<R>,
        fate: Fate,
    ) -> Response<Peeked<R>> {
        let (call, bucket, status) = (self.call, self.bucket(), heard.answer.status());
        let feedback = &heard.reading.feedback;
        let next = if fate == Fate::GoesAgain { Next::GoAgain } else { Next::Done };
        let sent = under_way.sent;
        let took = heard.arrived.since(sent);
        let Learned { until, turned } = place.answered(under_way, heard.counts_from(), feedback, next);
        let closed = if feedback.is_refusal() { Some(until) } else { heard.closes_until() };
        if let Some(until) = closed {
            self.close(place, &heard, until);
        }
        let said = Said::new(&heard.reading, sent, heard.counts_from(), closed);
        self.shared.gates.hear(&self.route, &said);
        drop(heard.hold.take());
        self.settings.tell(&if feedback.is_refusal() {
            let headers = heard.answer.headers();
            Event::Refused { call, bucket, status, headers, feedback, until }
        } else if heard.reading.terminal {
            let message = heard.reading.message.as_deref();
            Event::Terminal { call, bucket, status, provider: &self.dialect.name, message, took }
        } else {
            Event::Passed { call, bucket, status, feedback, took }
        });
        if let Some(stance) = turned {
            self.settings.tell(&Event::Guarded { call, origin: bucket.origin(), stance });
        }
        heard.answer
    }

    /// Nothing goes before `until`: in this bucket, or in all of the origin if the answer is about all.
    fn close<R: Body>(&self, place: &Place, heard: &Heard<R>, until: Time) {
        place.gate().close_until(until);
        if heard.is_for_origin() {
            self.shared.gates.close_origin(&self.route.home, world::now(), until);
        }
    }

    fn waits(&self, cause: Cause, until: Option<Time>) {
        self.settings.tell(&Event::Waiting { call: self.call, bucket: self.bucket(), until, cause });
    }

    fn bucket(&self) -> &BucketName {
        &self.route.home.name
    }

    fn deadline(&self) -> Option<Time> {
        self.span.map(|span| self.started.later(span))
    }

    fn overfull<E>(&self, bound: Bound) -> WaitError<E> {
        WaitError::Overfull { bucket: self.bucket().clone(), bound }
    }

    fn overdue<E>(&self, TooLong { until, beyond, basis }: TooLong) -> WaitError<E> {
        let beyond = match (beyond, self.span) {
            (Beyond::Deadline, Some(span)) => Patience::Deadline(span),
            _ => Patience::MaxWait(self.settings.max_wait),
        };
        WaitError::Overdue { bucket: self.bucket().clone(), wait: until.since(world::now()), basis, beyond }
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
