//! What needn't be asked of an upstream twice: identical questions at one time, and answers that still hold. Never
//! here: a limit, a wait, a connection.
//!
//! Both stand between a caller's request as it would go to the upstream, its token put in, and the answer as it came
//! from there, before anything in it is written for one caller. So callers with different tokens never share.

mod answered;
mod asked;
mod copied;
mod counts;
mod directives;
mod kept;
mod room;
#[cfg(test)]
mod tests;
mod twins;
mod writes;

use std::future::Future;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue, IF_NONE_MATCH};
use http::uri::{Authority, Uri};
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tidegate::store::Secret;
use tidegate::world;
use tidegate_core::Time;

use super::settings::{Coalesce, Manner, Revalidate};
use crate::relay::body::Body;
use asked::Asked;
use counts::Counts;
pub(crate) use counts::Figures;
use kept::Kept;
use twins::{Followed, Moment, Place, Twins};
use writes::Writes;

/// Marks an answer that another caller's call got: `followed`.
const SHARED: HeaderName = HeaderName::from_static("tidegate-shared");

/// Marks an answer whose body was kept from an earlier call: `revalidated`.
const KEPT: HeaderName = HeaderName::from_static("tidegate-kept");

/// How often a call follows another one before it goes by itself: once, and once more if that one was lost.
const MOST_FOLLOWED: u32 = 2;

/// How much is held at most.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    twins: twins::Bounds,
    kept: kept::Bounds,
}

const MIB: u64 = 1024 * 1024;

const BOUNDS: Bounds = Bounds {
    twins: twins::Bounds { answer_bytes: MIB, all_bytes: 64 * MIB, followers: 10_000 },
    kept: kept::Bounds { answer_bytes: MIB, all_bytes: 64 * MIB, answers: 16_384 },
};

/// The deadline passed while the call waited for another one's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Late;

/// What needn't be asked twice, for all workers of a proxy.
#[derive(Debug)]
pub(crate) struct Saved {
    twins: Arc<Twins>,
    kept: Arc<Kept>,
    writes: Writes,
    counts: Counts,
}

/// What goes to an upstream, and how that is called.
struct Errand<'s, F> {
    saved: &'s Saved,
    asked: Asked,
    revalidate: Revalidate,
    send: F,
}

impl Saved {
    /// Nothing is kept yet.
    pub(crate) fn new() -> Saved {
        Saved::within(BOUNDS)
    }

    fn within(bounds: Bounds) -> Saved {
        let secrets = [Secret::new(world::secret()), Secret::new(world::secret())];
        Saved {
            twins: Twins::new(bounds.twins),
            writes: Writes::new(secrets[0].clone()),
            kept: Kept::new(secrets, bounds.kept),
            counts: Counts::default(),
        }
    }

    /// The answer to a request: by `send`, or by somebody else's sending.
    ///
    /// `request` is as it goes upstream, by an absolute URL, the token put in and what is between the caller and the
    /// proxy taken out. `send` is called once, or not at all; twice only if a server answers to what nobody asked. To
    /// drop this is to leave, and costs those nothing who wait for the same.
    ///
    /// # Errors
    /// What `send` says, and [`Late`] where `deadline` passes while another call's answer is waited for. Nobody is
    /// given another call's error.
    pub(crate) async fn call<B, F, E>(
        &self,
        manner: &Manner,
        deadline: Option<Time>,
        request: Request<B>,
        mut send: impl FnMut(Request<B>) -> F,
    ) -> Result<Response<Body>, E>
    where
        B: HttpBody + Default,
        F: Future<Output = Result<Response<Body>, E>>,
        E: From<Late>,
    {
        let origin = origin(request.uri());
        let Some(asked) = Asked::of(&origin, &request) else {
            let _writing = (!request.method().is_safe()).then(|| self.writes.begin(&origin));
            return send(request).await;
        };
        let mut errand = Errand { saved: self, asked, revalidate: manner.revalidate, send };
        if manner.coalesce == Coalesce::Off || !errand.asked.may_follow() {
            return errand.ask(request).await;
        }
        errand.follow(&origin, deadline, request).await
    }

    /// What was saved so far, and what is held for it now.
    pub(crate) fn figures(&self) -> Figures {
        let (kept_answers, kept_bytes) = self.kept.size();
        Figures {
            following: self.twins.following() as u64,
            shared_bytes: self.twins.held_bytes(),
            kept_answers: kept_answers as u64,
            kept_bytes,
            ..self.counts.figures()
        }
    }
}

impl<F> Errand<'_, F> {
    /// Asks, unless somebody is on the way with the same question.
    async fn follow<B, A, E>(
        &mut self,
        origin: &str,
        deadline: Option<Time>,
        request: Request<B>,
    ) -> Result<Response<Body>, E>
    where
        B: HttpBody + Default,
        F: FnMut(Request<B>) -> A,
        A: Future<Output = Result<Response<Body>, E>>,
        E: From<Late>,
    {
        let counts = &self.saved.counts;
        let writes = self.saved.writes.ended(origin);
        let priority = request.extensions().get().copied().unwrap_or_default();
        let mut lost = None;
        for _ in 0..MOST_FOLLOWED {
            let moment = Moment { now: world::now(), until: deadline, priority, writes };
            let place = self.saved.twins.join(&self.asked.question, moment, lost.take().as_ref());
            let follower = match place {
                Place::First(first) => return self.ask(request).await.map(|answer| first.answered(answer)),
                Place::Alone => break,
                Place::Behind(follower) => follower,
            };
            match follower.follow(deadline).await {
                Followed::Answered(whole) => {
                    counts.followed.one();
                    return Ok(marked(whole.answer(), SHARED, "followed"));
                }
                Followed::Late => {
                    counts.late.one();
                    return Err(Late.into());
                }
                Followed::OfOne => {
                    counts.of_one.one();
                    break;
                }
                Followed::Lost(one) => {
                    counts.lost.one();
                    lost = Some(one);
                }
            }
        }
        self.ask(request).await
    }

    /// Asks, with the tag of what is kept.
    async fn ask<B, A, E>(&mut self, mut request: Request<B>) -> Result<Response<Body>, E>
    where
        B: HttpBody + Default,
        F: FnMut(Request<B>) -> A,
        A: Future<Output = Result<Response<Body>, E>>,
    {
        let (kept, revalidate) = (&self.saved.kept, self.revalidate);
        if !self.asked.may_be_kept(revalidate) {
            return (self.send)(request).await;
        }
        let print = kept.print(&self.asked.question);
        let Some(known) = kept.find(print) else {
            return (self.send)(request).await.map(|answer| kept.keep(print, answer, revalidate));
        };
        let (again, _) = request.into_parts();
        request = Request::from_parts(again.clone(), B::default());
        request.headers_mut().insert(IF_NONE_MATCH, known.tag.clone());
        self.saved.counts.asked_about.one();
        let answer = (self.send)(request).await?;
        if answer.status() != StatusCode::NOT_MODIFIED {
            return Ok(kept.keep(print, answer, revalidate));
        }
        let (news, _) = answer.into_parts();
        match kept.held(print, &known, &news, revalidate) {
            Some(answer) => {
                self.saved.counts.revalidated.one();
                Ok(marked(answer, KEPT, "revalidated"))
            }
            None => {
                let answer = (self.send)(Request::from_parts(again, B::default())).await?;
                Ok(kept.keep(print, answer, revalidate))
            }
        }
    }
}

/// Scheme, host and port of a URL.
fn origin(url: &Uri) -> String {
    let scheme = url.scheme_str().unwrap_or_default();
    format!("{scheme}://{}", url.authority().map_or("", Authority::as_str))
}

fn marked(mut answer: Response<Body>, name: HeaderName, value: &'static str) -> Response<Body> {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}
