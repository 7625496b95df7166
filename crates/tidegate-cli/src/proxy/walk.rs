//! One call's walk through the proxy: where it goes, how long it may wait, the wait, the answer. Never here: what any of
//! them decides.

use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use tidegate::client::{Deadline, HandedBack, Wait};
use tidegate_core::Time;
use tower_layer::Layer as _;
use tower_service::Service as _;

use super::goal::Goal;
use super::house::{House, InHand};
use super::refusal::Refusal;
use super::seen::Noted;
use super::sender::{Sender, Sendings};
use super::tunnel::{self, Tunnels};
use super::{asked, guard};
use crate::relay::body::Body;
use crate::relay::drain::Told;
use crate::relay::fault::Fault;
use crate::relay::forward::{self, Believed, Outgoing, Upgrade};
use crate::relay::listen::{Answer, Peer};

/// The largest body that is read before its call waits, in bytes.
///
/// While a body hasn't come, nobody reads on, and that its caller has gone stays unseen: a call with an unread body would
/// keep its place in the queue for nobody. With what most bodies are no longer than, that costs no more memory than the
/// waiting layer would keep anyway.
const READ_AHEAD: u64 = 64 * 1024;

/// How long a call was held back before its last sending, in seconds.
const WAITED: HeaderName = HeaderName::from_static("tidegate-waited");

/// How often a call was sent.
const ATTEMPTS: HeaderName = HeaderName::from_static("tidegate-attempts");

/// A wait that is worth telling of.
const TOLD_FROM: std::time::Duration = std::time::Duration::from_millis(10);

/// Who answers in one worker.
pub(crate) struct Walker {
    house: Arc<House>,
    wait: Wait<Sender>,
    tunnels: Tunnels,
}

impl Answer for Walker {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let mut call = self.house.seen.call(&request, peer.address);
        let method = request.method().clone();
        let answer = match method {
            Method::CONNECT => self.tunnels.connect(request, peer, &mut call).await,
            _ => self.walk(request, peer, &mut call).await,
        };
        match answer {
            Ok(answer) => call.answered(answer),
            Err(refusal) => {
                call.refused(&refusal);
                refusal.into_response(&method)
            }
        }
    }
}

impl Walker {
    /// With connections of its own, and the gates of all.
    pub(crate) fn new(house: &Arc<House>, told: Told) -> Walker {
        let wait = house.layer.layer(house.sender());
        Walker { house: Arc::clone(house), wait, tunnels: Tunnels::new(house, told) }
    }

    async fn walk(
        &self,
        mut request: Request<Incoming>,
        peer: &Peer,
        call: &mut Noted,
    ) -> Result<Response<Body>, Refusal> {
        let in_hand = Arc::new(self.house.enter());
        tunnel::bind(&mut request, peer)?;
        forward::unlist(request.headers_mut());
        forward::check(&request, &self.house.terms.bounds)?;
        let goal = self.house.goal(&request)?;
        let manner = self.house.manner(goal.known);
        if self.house.itself.is_reached_by(&goal.url).await {
            return Err(Refusal::Loop);
        }
        let (mut request, mut upgrade) = self.prepare(request, &goal, peer)?;
        request = read_ahead(request).await?;
        request.extensions_mut().insert(call.goes_to(&goal));
        let (began, sendings) = call.waits();
        request.extensions_mut().insert(sendings.clone());
        let deadline = self.house.deadline(request.extensions());
        let send = |request| self.send(request, upgrade.take(), Arc::clone(&in_hand));
        let answer = self.house.saved.call(manner, deadline, request, send).await?;
        let mut answer = answer.map(|body| body.holding(in_hand));
        goal.rewrite(peer.scheme(), answer.headers_mut());
        mark(&mut answer, began, &sendings);
        Ok(answer)
    }

    /// Sends a request when its turn comes, as often as it takes.
    async fn send(
        &self,
        request: Request<Outgoing>,
        upgrade: Option<Upgrade>,
        in_hand: Arc<InHand>,
    ) -> Result<Response<Body>, Refusal> {
        let answer = self.wait.clone().call(request).await?;
        let handed_back = answer.extensions().get::<HandedBack>().copied();
        let mut answer = forward::answer(answer.map(Body::peeked), upgrade, in_hand)?;
        handed_back.map(|why| answer.extensions_mut().insert(why));
        Ok(answer)
    }

    /// The request as the upstream gets it.
    fn prepare(
        &self,
        mut request: Request<Incoming>,
        goal: &Goal<'_>,
        peer: &Peer,
    ) -> Result<(Request<Outgoing>, Option<Upgrade>), Refusal> {
        let deadline = asked::take(request.headers_mut())?;
        let caller = self.house.callers.of(request.headers(), peer.address);
        let priority = self.house.callers.take_priority(request.headers_mut());
        if let Some(token) = goal.token() {
            guard::check(goal.host_name(), goal.by, request.headers())?;
            token.put(request.headers_mut());
        }
        let resource = self.house.resource(goal.known, request.method(), goal.url.path());
        // A caller's own outgoing proxy: what it says of itself goes on, and nothing is added.
        let (mut request, upgrade) = forward::request(request, None, peer, Believed::Peer, &self.house.terms);
        *request.uri_mut() = goal.url.clone();
        let extensions = request.extensions_mut();
        extensions.insert(caller);
        extensions.insert(priority);
        extensions.insert(resource);
        self.house.refusals(goal.known).map(|refusals| extensions.insert(refusals));
        deadline.map(|span| extensions.insert(Deadline(span)));
        goal.known.map(|known| extensions.insert(known.speaks.clone()));
        Ok((request, upgrade))
    }
}

/// The request with its body here, if that is small.
async fn read_ahead(request: Request<Outgoing>) -> Result<Request<Outgoing>, Fault> {
    if request.body().size_hint().exact().is_none_or(|length| length > READ_AHEAD) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    Ok(Request::from_parts(parts, body.whole().await?))
}

/// Tells what the caller didn't see: that its call waited, and how often it was sent.
fn mark(answer: &mut Response<Body>, began: Time, sendings: &Sendings) {
    let (waited, count) = (sendings.last().since(began), sendings.count());
    if waited < TOLD_FROM && count <= 1 {
        return;
    }
    answer.headers_mut().insert(ATTEMPTS, HeaderValue::from(count));
    if let Ok(seconds) = HeaderValue::try_from(format!("{:.3}", waited.as_secs_f64())) {
        answer.headers_mut().insert(WAITED, seconds);
    }
}
