//! One call's walk through the gateway: door, target, limits, server, answer. Never here: what any of them decides.

mod ended;
mod errand;
mod turned;

use std::net::IpAddr;
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use tidegate::classify;
use tidegate::limiter::{Permit, Verdict};
use tidegate::path::{Host, Target};
use tidegate::penalty::Door;
use tidegate::store::Key;
use tidegate::world;
use tidegate_core::Time;
use tidegate_wire::tracking::TrackingId;

use super::gate::Gate;
use super::pools::Pools;
use super::record::Record;
use super::terms::Terms;
use crate::policy::Gateway;
use crate::relay::body::Body;
use crate::relay::forward::{self, Believed};
use crate::relay::listen::Peer;
use turned::{Kept, Turned};

/// What a walk has with it from the start.
struct Trip<'t> {
    gate: &'t Arc<Gate>,
    pools: &'t Pools,
    peer: &'t Peer,
    /// Those of its beginning, whatever is reloaded meanwhile.
    terms: Arc<Terms>,
    began: Time,
    client: IpAddr,
    believed: Believed,
    caller: Key,
    tracking: TrackingId,
}

/// A call that may go to a server.
struct Admitted {
    permit: Box<Permit>,
    /// What to forward in place of the target as it came.
    normal: Option<PathAndQuery>,
}

/// Answers one request.
pub(crate) async fn walk(
    gate: &Arc<Gate>,
    pools: &Pools,
    mut request: Request<Incoming>,
    peer: &Peer,
) -> Response<Body> {
    gate.traffic.came();
    let terms = gate.terms();
    clean(request.headers_mut(), &terms.gateway, peer.address);
    let trip = Trip::new(gate, terms, pools, peer, &request);
    let mut record = Record::of(&gate.log, &request, trip.began, trip.client, &trip.tracking);
    let Admitted { permit, normal } = match trip.admit(&request).await {
        Ok(admitted) => admitted,
        Err(turned) => return trip.turn(turned, request.method(), request.headers(), record),
    };
    let kept = Kept::of(&request);
    match trip.run(permit, normal, request, &mut record).await {
        Ok(answer) => {
            gate.traffic.answered(answer.status());
            answer
        }
        Err(turned) => trip.turn(turned, &kept.method, &kept.accept, record),
    }
}

/// Takes away the fields that servers won't see, or that this peer isn't to set: before limits look.
pub(crate) fn clean(headers: &mut HeaderMap, gateway: &Gateway, peer: IpAddr) {
    forward::unlist(headers);
    if !gateway.forwarding.underscores {
        forward::drop_underscored(headers);
    }
    let trusted = &gateway.trusted_fields;
    if !trusted.is_empty() && !gateway.trust.believes(peer) {
        trusted.iter().for_each(|field| _ = headers.remove(field));
    }
}

impl<'t> Trip<'t> {
    fn new(
        gate: &'t Arc<Gate>,
        terms: Arc<Terms>,
        pools: &'t Pools,
        peer: &'t Peer,
        request: &Request<Incoming>,
    ) -> Trip<'t> {
        let headers = request.headers();
        let trust = &terms.gateway.trust;
        let client = trust.client(peer.address, headers).address;
        let believed = if trust.believes(peer.address) { Believed::Peer } else { Believed::Nobody };
        let caller = terms.caller.of(headers, client, gate.limiter.secret());
        let tracking = terms
            .gateway
            .answers
            .tracking(headers, || u128::from(world::draw()) << 64 | u128::from(world::draw()));
        Trip { gate, pools, peer, terms, began: world::now(), client, believed, caller, tracking }
    }

    /// The walk up to the limits: the door, what the request asks for, and whether it goes.
    async fn admit(&self, request: &Request<Incoming>) -> Result<Admitted, Turned> {
        if let Door::Shut { until, .. } = self.gate.penalty.at_door(self.began, self.caller.to_bits()) {
            return Err(Turned::Shut { wait: until.since(self.began) });
        }
        forward::check(request, &self.terms.gateway.bounds).map_err(Turned::Fault)?;
        let rules = self.gate.limiter.rules();
        let target = Target::of_uri(request.uri(), rules.paths()).map_err(Turned::Target)?;
        let host = Host::of(target.authority(), request.headers()).map_err(Turned::Target)?;
        let normal = forward::normal_form(&target);
        let asked = classify::Request {
            method: request.method(),
            target: &target,
            host: &host,
            headers: request.headers(),
            client: self.client,
        };
        match self.gate.limiter.decide_by(rules.clone(), self.began, &asked).await {
            Ok(Verdict::Admitted(permit)) => Ok(Admitted { permit, normal }),
            Ok(Verdict::Refused(refusal)) => Err(Turned::Refused(refusal)),
            Err(never) => match never {},
        }
    }
}
