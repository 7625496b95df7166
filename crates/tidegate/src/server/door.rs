//! Where each request is looked at: whose it is, whether it goes, and what it is called. Never here: an inner service.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Response, StatusCode};
use tidegate_wire::problem::Kind;
use tidegate_wire::tracking::TrackingId;

use super::answer::{Answers, Asked, Trouble};
use crate::classify::Request;
use crate::classify::client::Trust;
use crate::limiter::{Limiter, Permit, Verdict};
use crate::path::{Fault, Host, Target};
use crate::store::Store;
use crate::world;

/// The address that a request's connection comes from: put it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectAddress(pub SocketAddr);

/// What becomes of calls while the store can't answer. The memory store always can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStoreError {
    /// They go, uncounted.
    #[default]
    Open,
    /// They are refused with a 503.
    Closed,
}

/// How long a caller is told to wait while the store can't answer: nobody knows when it can.
const WAIT_FOR_THE_STORE: Duration = Duration::from_secs(1);

type Address = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

/// What a layer was told.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) answers: Answers,
    pub(super) trust: Trust,
    pub(super) address: Arc<Address>,
    pub(super) on_store_error: OnStoreError,
}

impl Default for Settings {
    fn default() -> Settings {
        let address = |parts: &Parts| parts.extensions.get().map(|ConnectAddress(address)| address.ip());
        Settings {
            answers: Answers::default(),
            trust: Trust::default(),
            address: Arc::new(address),
            on_store_error: OnStoreError::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { answers, trust, on_store_error, .. } = self;
        let mut shown = f.debug_struct("Settings");
        shown.field("answers", answers).field("trust", trust).field("on_store_error", on_store_error);
        shown.finish_non_exhaustive()
    }
}

/// What all calls to one service go through.
#[derive(Debug)]
pub(super) struct Door<T> {
    pub(super) limiter: Arc<Limiter<T>>,
    pub(super) settings: Settings,
}

/// What the door says to a request.
pub(super) enum Passage {
    /// It goes; without a permit, uncounted.
    Goes(Option<Box<Permit>>),
    /// It is answered here.
    Stays(Response<Bytes>),
}

impl<T: Store> Door<T> {
    /// What the request is called, by itself and by all that see it from here on.
    pub(super) fn name(&self, headers: &mut HeaderMap) -> TrackingId {
        let answers = &self.settings.answers;
        let draw = || u128::from(world::draw()) << 64 | u128::from(world::draw());
        let tracking = answers.tracking(headers, draw);
        headers.insert(answers.tracking.clone(), (&tracking).into());
        tracking
    }

    /// Whether the request goes. If it does, its target is the one that was looked at.
    pub(super) async fn ask(&self, parts: &mut Parts, tracking: &TrackingId) -> Passage {
        let rules = self.limiter.rules();
        let (verdict, forward) = {
            let target = match Target::of_uri(&parts.uri, rules.paths()) {
                Ok(target) => target,
                Err(fault) => return self.fault(&fault, &parts.headers, tracking),
            };
            let host = match Host::of(target.authority(), &parts.headers) {
                Ok(host) => host,
                Err(fault) => return self.fault(&fault, &parts.headers, tracking),
            };
            let request = Request {
                method: &parts.method,
                target: &target,
                host: &host,
                headers: &parts.headers,
                client: self.client(parts),
            };
            let verdict = self.limiter.decide_by(rules, world::now(), &request).await;
            (verdict, (!target.is_as_sent()).then(|| target.path_and_query().to_owned()))
        };
        match verdict {
            Ok(Verdict::Refused(refusal)) => {
                Passage::Stays(self.settings.answers.refusal(&refusal, &asked(&parts.headers, tracking)))
            }
            Ok(Verdict::Admitted(permit)) => self.forward(parts, forward, Some(permit), tracking),
            Err(_) if self.settings.on_store_error == OnStoreError::Open => {
                self.forward(parts, forward, None, tracking)
            }
            Err(_) => self.unknown(&parts.headers, tracking),
        }
    }

    /// Who called. Who can't be told from others is nobody's address, and shares its counts with all such.
    fn client(&self, parts: &Parts) -> IpAddr {
        let peer = (self.settings.address)(parts).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.settings.trust.client(peer, &parts.headers).address
    }

    /// What is forwarded is what was matched.
    fn forward(
        &self,
        parts: &mut Parts,
        to: Option<String>,
        permit: Option<Box<Permit>>,
        tracking: &TrackingId,
    ) -> Passage {
        let Some(to) = to else { return Passage::Goes(permit) };
        let mut uri = parts.uri.clone().into_parts();
        let rewritten = PathAndQuery::try_from(to).ok().and_then(|to| {
            uri.path_and_query = Some(to);
            uri.try_into().ok()
        });
        match rewritten {
            Some(rewritten) => {
                parts.uri = rewritten;
                Passage::Goes(permit)
            }
            None => {
                let detail = "the target's normal form is no target: send it as it is meant";
                let trouble = Trouble::new(StatusCode::BAD_REQUEST, detail);
                self.trouble(&trouble, &parts.headers, tracking)
            }
        }
    }

    fn fault(&self, fault: &Fault, headers: &HeaderMap, tracking: &TrackingId) -> Passage {
        self.trouble(&fault.into(), headers, tracking)
    }

    fn unknown(&self, headers: &HeaderMap, tracking: &TrackingId) -> Passage {
        let detail = "it can't be told now whether the limits leave room: send the request again later";
        let (kind, wait) = (Kind::TemporaryReducedCapacity, Some(WAIT_FOR_THE_STORE));
        let trouble = Trouble { kind, wait, ..Trouble::new(StatusCode::SERVICE_UNAVAILABLE, detail) };
        self.trouble(&trouble, headers, tracking)
    }

    fn trouble(&self, trouble: &Trouble<'_>, headers: &HeaderMap, tracking: &TrackingId) -> Passage {
        Passage::Stays(self.settings.answers.problem(trouble, &asked(headers, tracking)))
    }
}

fn asked<'a>(headers: &'a HeaderMap, tracking: &'a TrackingId) -> Asked<'a> {
    Asked { headers, tracking, draw: world::draw(), wall_clock: world::wall_clock() }
}
