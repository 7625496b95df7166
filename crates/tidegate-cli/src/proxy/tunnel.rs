//! CONNECT: a tunnel to another host, passed through unread, or opened where that was asked for. Never here: a call within
//! an opened one, which walks like all others.

mod dial;
mod passed;
mod place;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Response, Version};
use http_body_util::Empty;
use hyper::body::Incoming;
use tidegate::client::{Caller, Deadline, Priority, WaitError, WaitLayer};
use tidegate::path::Host;
use tidegate::world;
use tower_layer::Layer as _;
use tower_service::Service as _;

use super::asked;
use super::goal::Within as Origin;
use super::house::{House, Resource};
use super::refusal::Refusal;
use super::seen::Noted;
use super::sender::Unsent;
use super::settings::Scheme;
use crate::relay::body::Body;
use crate::relay::drain::Told;
use crate::relay::fault::Fault;
use crate::relay::listen::{Call, Peer, Within};
use crate::relay::reach::Unreached;
use crate::relay::stream::Plain;
use dial::Dial;
use place::Place;

/// Who answers CONNECT in one worker.
#[derive(Debug)]
pub(crate) struct Tunnels {
    house: Arc<House>,
    /// Paces connections to a host, each of which is a call of its own.
    wait: WaitLayer,
    told: Told,
}

impl Tunnels {
    /// With the gates of all.
    pub(crate) fn new(house: &Arc<House>, told: Told) -> Tunnels {
        // Once: who waits behind it in the queue is not to wait for a host that isn't there, and who asked may ask again.
        Tunnels { house: Arc::clone(house), wait: house.layer.clone().tries(1), told }
    }

    /// The answer to a CONNECT. What becomes of the connection after it goes on by itself.
    ///
    /// # Errors
    /// When there is no tunnel to be had.
    pub(crate) async fn connect(
        &self,
        mut request: Request<Incoming>,
        peer: &Peer,
        noted: &mut Noted,
    ) -> Result<Response<Body>, Refusal> {
        let in_hand = self.house.enter();
        let call = request.extensions_mut().remove::<Call>();
        call.as_ref().inspect(|call| call.becomes_tunnel());
        check(&request, peer)?;
        let place = Place::of(request.uri())?;
        if !self.house.allows(&place.host) {
            return Err(Refusal::Host { host: place.to_string() });
        }
        if self.house.itself.is_reached_by(&place.origin()).await {
            return Err(Refusal::Loop);
        }
        let asked = Asked {
            deadline: asked::take(request.headers_mut())?.map(Deadline),
            caller: self.house.callers.of(request.headers(), peer.address),
            priority: self.house.callers.take_priority(request.headers_mut()),
        };
        let caller = hyper::upgrade::on(&mut request);
        let mut answer = Response::new(Body::empty());
        match self.house.opens(&place.host) {
            Some(authority) => {
                let shown = authority.shown(place.bare(), world::wall_clock());
                let shown = shown.map_err(|_| Refusal::Host { host: place.to_string() })?;
                answer.extensions_mut().insert(Within { caller, host: place.authority(), shown });
            }
            None => {
                let server = self.dial(&place, asked, noted).await?;
                passed::pass(caller, server, self.told.clone(), (call, in_hand, self.house.seen.tunnel()));
            }
        }
        Ok(answer)
    }

    /// A connection to a host, once its turn has come.
    async fn dial(&self, place: &Place, asked: Asked, noted: &mut Noted) -> Result<Plain, Refusal> {
        let dial = Dial::new(place, self.house.connect_within());
        let mut request = asking(place, asked);
        request.extensions_mut().insert(noted.tunnels_to(&place.origin()));
        request.extensions_mut().insert(noted.waits().1);
        self.wait.layer(dial.clone()).call(request).await.map_err(|error| undialled(error, place))?;
        let stream = dial
            .taken()
            .ok_or_else(|| Refusal::Unreachable { upstream: place.to_string(), why: Unreached::Otherwise })?;
        Ok(Plain::tcp(stream))
    }
}

/// Who asks for a tunnel, and how urgent it is.
struct Asked {
    deadline: Option<Deadline>,
    caller: Caller,
    priority: Priority,
}

/// What is paced: a call of its own for each connection to a place.
fn asking(place: &Place, asked: Asked) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = place.origin();
    let extensions = request.extensions_mut();
    extensions.insert(Resource::named(Method::CONNECT.to_string()));
    extensions.insert(asked.caller);
    extensions.insert(asked.priority);
    asked.deadline.map(|deadline| extensions.insert(deadline));
    request
}

/// Looks whether a CONNECT can be served at all.
fn check(request: &Request<Incoming>, peer: &Peer) -> Result<(), Refusal> {
    let has_body = |name| request.headers().get_all(name).iter().any(|length: &HeaderValue| length != "0");
    if request.version() >= Version::HTTP_2 {
        return Err(Fault::NotServed("CONNECT is served over HTTP/1.1: ask for a tunnel in that").into());
    }
    if peer.through.is_some() {
        return Err(Fault::NotServed("there are no tunnels within a tunnel that is opened").into());
    }
    if has_body(CONTENT_LENGTH) || has_body(TRANSFER_ENCODING) {
        return Err(Fault::BadRequest("a CONNECT has no body").into());
    }
    Ok(())
}

/// Why no connection came about: nothing was asked of anybody, so nothing can have been done.
fn undialled(error: WaitError<Unsent>, place: &Place) -> Refusal {
    match error {
        WaitError::Inner(unsent) if unsent.fault == Fault::UpstreamSlow => Refusal::Unanswered {
            said: format!("{place} took too long to take a connection; nothing was done"),
        },
        WaitError::Unanswered { .. } => Refusal::Unanswered {
            said: format!("{place} took no connection before the deadline; nothing was done"),
        },
        other => other.into(),
    }
}

/// Binds a request that came through an opened tunnel to the host that the tunnel was asked for; leaves others as they
/// are.
///
/// # Errors
/// When it names another host: that would go round what the tunnel was allowed for.
pub(crate) fn bind<B>(request: &mut Request<B>, peer: &Peer) -> Result<(), Refusal> {
    let Some(through) = &peer.through else { return Ok(()) };
    let named = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let told = request.headers().get_all(HOST).iter().map(HeaderValue::as_bytes);
    let is_it = |name: &[u8]| Host::read(name).is_ok_and(|host| place::is_same(&host, through));
    if !named.into_iter().chain(told).all(is_it) {
        return Err(Refusal::Misdirected { host: through.to_string() });
    }
    request.extensions_mut().insert(Origin(Scheme::Https, through.clone()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_tunnel_is_asked_for_in_its_caller_s_name() {
        let place = Place::of(&"api.example:443".parse().unwrap()).unwrap();
        let (caller, deadline) = (Caller(7), Some(Deadline(Duration::from_secs(5))));
        let request = asking(&place, Asked { deadline, caller, priority: Priority::High });
        assert_eq!(request.uri(), "https://api.example/");
        assert_eq!(request.extensions().get(), Some(&caller));
        assert_eq!(request.extensions().get(), Some(&Priority::High));
        assert_eq!(
            request.extensions().get::<Deadline>().map(|deadline| deadline.0),
            deadline.map(|it| it.0)
        );
    }
}
