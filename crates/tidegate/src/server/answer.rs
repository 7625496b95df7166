//! Refusals and errors as HTTP answers. Never here: why one is due, a way to send it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tidegate_core::Time;
use tidegate_wire::announce::Form;
use tidegate_wire::problem::{self, Kind, Stated};
use tidegate_wire::tracking::{TRACKINGID, TrackingId};
use tidegate_wire::{number, retry_after, webex};

use super::accept::{Written, written};
use super::announce;
use crate::limiter::{Refusal, Told, Why};
use crate::path::Fault;

/// What answers look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The body where `Accept` leaves it open.
    pub body: Body,
    /// In which fields limits are announced. With none, refusals still tell their `Retry-After`.
    pub forms: Vec<Form>,
    /// Up to how much is added to a wait by chance, so that a reset releases no herd.
    pub jitter: Duration,
    /// The field of tracking IDs.
    pub tracking: HeaderName,
}

/// The form of a refusal's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// `application/problem+json` (RFC 9457).
    #[default]
    Problem,
    /// JSON as Webex answers: `message`, `errors`, `trackingId`.
    Webex,
}

/// What an answer has to know of the call that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request's fields: `Accept` says which body it takes.
    pub headers: &'a HeaderMap,
    /// What the call is called in every log.
    pub tracking: &'a TrackingId,
    /// 64 random bits, for the jitter.
    pub draw: u64,
    /// The time since the Unix epoch, for fields that tell instants.
    pub wall_clock: Time,
}

/// An error that is no limit's: a path that can't be read, no server to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble<'a> {
    /// The status.
    pub status: StatusCode,
    /// What kind of problem it is.
    pub kind: Kind,
    /// What happened, and what to do now.
    pub detail: Cow<'a, str>,
    /// How long to wait, where waiting helps.
    pub wait: Option<Duration>,
}

impl Default for Answers {
    /// Problem bodies, the form of today's draft, no jitter, and `trackingid`.
    fn default() -> Answers {
        Answers {
            body: Body::Problem,
            forms: vec![Form::Current],
            jitter: Duration::ZERO,
            tracking: TRACKINGID,
        }
    }
}

impl<'a> Trouble<'a> {
    /// An error of no special kind, where waiting doesn't help.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'a, str>>) -> Trouble<'a> {
        Trouble { status, kind: Kind::Other("about:blank".to_owned()), detail: detail.into(), wait: None }
    }
}

impl From<&Fault> for Trouble<'_> {
    fn from(fault: &Fault) -> Self {
        Trouble::new(fault.status(), fault.to_string())
    }
}

impl Answers {
    /// The tracking ID of a request: the caller's own if it is well formed, else a new one. `draw` gives 128 random
    /// bits, if they are needed.
    pub fn tracking(&self, headers: &HeaderMap, draw: impl FnOnce() -> u128) -> TrackingId {
        let told = headers.get(&self.tracking).and_then(|value| TrackingId::read(value.as_bytes()));
        told.unwrap_or_else(|| TrackingId::from_draw(draw()))
    }

    /// The answer to who is refused: a 429 with `Retry-After` where waiting helps, else a 400 or 401 that says so.
    ///
    /// The wait is told rounded up, at least 1 s, and jitter only adds to it. It has a body, and the `Content-Length`
    /// of it: whoever answers a `HEAD` leaves the body out and the field in.
    pub fn refusal(&self, refusal: &Refusal, asked: &Asked<'_>) -> Response<Bytes> {
        let (kind, violated) = match refusal.why {
            Why::UsedUp => (Kind::QuotaExceeded, Some(&*refusal.limit)),
            _ => (Kind::Other("about:blank".to_owned()), None),
        };
        let status = refusal.status();
        let mut detail = String::with_capacity(160);
        // Writing to memory can't fail.
        let _ = write!(detail, "{refusal}");
        let mut answer = self.written(status, &kind, &detail, violated, asked);
        let told = refusal.told.clone().delayed(self.jitter(asked.draw));
        announce::write(&told, &self.forms, answer.headers_mut(), asked.wall_clock);
        if status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }

    /// The answer to who runs into trouble that is no limit's, in the same forms.
    pub fn problem(&self, trouble: &Trouble<'_>, asked: &Asked<'_>) -> Response<Bytes> {
        let Trouble { status, kind, detail, wait } = trouble;
        let mut answer = self.written(*status, kind, detail, None, asked);
        if let Some(wait) = wait {
            let wait = wait.saturating_add(self.jitter(asked.draw));
            answer.headers_mut().insert(RETRY_AFTER, number::value(retry_after::write(wait)));
        }
        answer
    }

    /// Adds to an answer that goes through what its caller may know of the limits.
    ///
    /// Where the upstream announces limits of its own in the form of today, which are lists, both are told, each under
    /// its name: a caller is held by both. Of two of one name, and in forms that can tell but one limit, the one
    /// announced here stays.
    pub fn announce(&self, told: &Told, headers: &mut HeaderMap, wall_clock: Time) {
        announce::join(told, &self.forms, headers, wall_clock);
    }

    /// A part of the jitter, all of it for the largest draw.
    fn jitter(&self, draw: u64) -> Duration {
        let nanos = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos((u128::from(nanos) * u128::from(draw) / u128::from(u64::MAX)) as u64)
    }

    fn written(
        &self,
        status: StatusCode,
        kind: &Kind,
        detail: &str,
        violated_policy: Option<&str>,
        asked: &Asked<'_>,
    ) -> Response<Bytes> {
        let (media_type, body) = match written(asked.headers, self.body) {
            Written::Problem => {
                let stated = Stated { kind, status, detail, instance: asked.tracking, violated_policy };
                (problem::MEDIA_TYPE, stated.write())
            }
            Written::Webex => (webex::MEDIA_TYPE, webex::write(detail, asked.tracking)),
            Written::Text => ("text/plain; charset=utf-8", format!("{detail}\n").into_bytes()),
        };
        let mut answer = Response::new(Bytes::from(body));
        *answer.status_mut() = status;
        let length = number::value(answer.body().len() as u64);
        let headers = answer.headers_mut();
        headers.reserve(8);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CONTENT_LENGTH, length);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(self.tracking.clone(), asked.tracking.into());
        answer
    }
}
