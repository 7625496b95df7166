//! An admitted call's way to a server and back: which one, another one if the first was never reached. Never here:
//! a limit, a connection.

use std::sync::Arc;

use http::header::{HeaderValue, RETRY_AFTER};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tidegate::fleet::{Lease, Outcome, ServerId, Unpicked};
use tidegate::limiter::Permit;
use tidegate::overload::{Asking, Call, Heard, Kind, Shed};
use tidegate::world;
use tidegate_core::Time;
use tidegate_wire::retry_after;

use super::Trip;
use super::ended::{Bill, Ended};
use super::turned::Turned;
use crate::gateway::gate::Gate;
use crate::gateway::record::Record;
use crate::gateway::terms::{Known, Terms};
use crate::relay::body::Body;
use crate::relay::fault::Fault;
use crate::relay::forward::{self, Outgoing, Upgrade};
use crate::relay::upstream::{Reached, SendError, Streamed};

/// The rest of a walk: from server to server until one answers.
struct Errand<'t> {
    trip: &'t Trip<'t>,
    /// The terms of a reload since the call began, if it meets a server that came by it.
    newer: Option<Arc<Terms>>,
    asking: Asking,
    /// Which calls take about as long.
    kind: Kind,
    tried: Vec<ServerId>,
    /// What went wrong at the first of them.
    fault: Option<Fault>,
    /// Whether some server may have seen the call.
    reached: Reached,
}

/// A call at a server.
struct Visit {
    lease: Lease,
    call: Call,
    sent_at: Time,
}

impl Trip<'_> {
    /// Takes an admitted call to a server, and its answer back.
    pub(super) async fn run(
        &self,
        permit: Box<Permit>,
        normal: Option<PathAndQuery>,
        mut request: Request<Incoming>,
        record: &mut Record,
    ) -> Result<Response<Body>, Turned> {
        let asking = Asking {
            key: self.caller,
            class: permit.class(),
            cost: permit.cost(),
            in_flight: self.gate.in_flight(),
            limit: self.terms.capacity(),
        };
        let held = match self.gate.overload.admit(self.began, &asking) {
            Shed::Pass(held) | Shed::Would(held, _) => held,
            Shed::Refuse(refusal) => {
                self.gate.take_back(permit).await;
                return Err(Turned::Shed(refusal));
            }
        };
        let in_flight = self.gate.begin();
        // Servers find the same id in their logs.
        let id = HeaderValue::from(&self.tracking);
        request.headers_mut().insert(&self.terms.gateway.answers.tracking, id.clone());
        let (outgoing, upgrade) =
            forward::request(request, normal, self.peer, self.believed, &self.terms.forward);
        let progress = outgoing.body().progress();
        let mut bill = Bill::of(self.gate, permit, progress.clone());
        let kind = kind_of(&outgoing);
        let mut errand = Errand::new(self, asking, kind);
        let (answer, visit) = match errand.go(outgoing, upgrade.as_ref()).await {
            Ok(answered) => answered,
            Err(turned) => {
                if errand.reached == Reached::Never
                    && let Some(permit) = bill.take()
                {
                    self.gate.take_back(permit).await;
                }
                // What the caller did to its own body says more than what became of the connection.
                let of_caller = progress.and_then(|progress| progress.fault()).map(Turned::Fault);
                return Err(of_caller.unwrap_or(turned));
            }
        };
        record.served(visit.lease.name(), answer.status(), errand.tried.len());
        let told = bill.permit().map(|permit| permit.told().clone());
        if let Some(permit) = bill.permit().filter(|permit| permit.is_open()) {
            let Ok(()) = self.gate.limiter.settle_head(world::now(), permit, answer.headers()).await;
        }
        let Visit { lease, call, sent_at } = visit;
        bill.sent_at = sent_at;
        let ended = Ended { record: std::mem::take(record), _places: (lease, call, held, in_flight, bill) };
        let mut answer =
            forward::answer(answer.map(Body::streamed), upgrade, ended).map_err(Turned::Fault)?;
        let headers = answer.headers_mut();
        if let Some(told) = told {
            self.terms.gateway.answers.announce(&told, headers, world::wall_clock());
        }
        let tracking = &self.terms.gateway.answers.tracking;
        if !headers.contains_key(tracking) {
            headers.insert(tracking, id);
        }
        Ok(answer)
    }
}

impl<'t> Errand<'t> {
    fn new(trip: &'t Trip<'t>, asking: Asking, kind: Kind) -> Errand<'t> {
        Errand { trip, newer: None, asking, kind, tried: Vec::new(), fault: None, reached: Reached::Never }
    }

    /// Goes to one server after another until one answers.
    async fn go(
        &mut self,
        mut outgoing: Request<Outgoing>,
        upgrade: Option<&Upgrade>,
    ) -> Result<(Response<Streamed>, Visit), Turned> {
        let Trip { gate, pools, terms, .. } = self.trip;
        loop {
            let is_last = self.tried.len() >= terms.gateway.upstream.retries as usize;
            let lease = self.pick()?;
            let Some((terms, known)) = self.known(lease.server()) else {
                self.newer = Some(gate.latest());
                continue;
            };
            let server = pools.server(terms, lease.server()).map_err(Turned::Fault)?;
            let copy = if is_last { None } else { forward::replay(&outgoing, upgrade) };
            let sent_at = world::now();
            let mut visit = Visit { lease, call: known.learner.began(sent_at), sent_at };
            match server.send(outgoing).await {
                Ok(answer) => {
                    visit.answered(gate, &answer, self.kind);
                    terms.bound(&gate.fleet, visit.lease.server());
                    return Ok((answer, visit));
                }
                Err(error) => {
                    let SendError { reached, fault, request } = *error;
                    visit.failed(gate, fault);
                    terms.bound(&gate.fleet, visit.lease.server());
                    if reached == Reached::Perhaps {
                        self.reached = Reached::Perhaps;
                    }
                    let next = match (reached, fault) {
                        (Reached::Never, _) => request.or(copy),
                        // Servers that are slow get no slower by being asked again.
                        (_, Fault::UpstreamSlow) => None,
                        _ => copy,
                    };
                    outgoing = next.filter(|_| !is_last).ok_or(Turned::Fault(fault))?;
                    self.fault.get_or_insert(fault);
                    self.tried.push(visit.lease.server());
                }
            }
        }
    }

    /// A server for the call, but none that it has been to.
    fn pick(&self) -> Result<Lease, Turned> {
        let (gate, now) = (self.trip.gate, world::now());
        gate.fleet.pick(now, world::draw(), &self.tried).map_err(|unpicked| match unpicked {
            Unpicked::Full => Turned::Shed(gate.overload.refuse(now, &self.asking)),
            // That there is no other server says less than what became of the call at the first.
            _ => Turned::Fault(self.fault.unwrap_or(Fault::NoServer)),
        })
    }

    /// What is known of a server, and the terms that know it.
    fn known(&self, server: ServerId) -> Option<(&Terms, &Known)> {
        let all = [Some(&self.trip.terms), self.newer.as_ref()].into_iter().flatten();
        all.filter_map(|terms| Some((&**terms, terms.servers.get(&server)?))).next()
    }
}

impl Visit {
    fn answered(&mut self, gate: &Gate, answer: &Response<Streamed>, kind: Kind) {
        let (now, status) = (world::now(), answer.status());
        let took = now.since(self.sent_at);
        let outcome = Outcome::Answered { status, retry_after: wait_of(answer) };
        gate.fleet.saw(&mut self.lease, now, outcome);
        gate.traffic.answered_by_server(status, took);
        let is_overloaded = matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        );
        self.call.heard(now, if is_overloaded { Heard::Failed } else { Heard::Well { kind, took } });
    }

    fn failed(&mut self, gate: &Gate, fault: Fault) {
        let now = world::now();
        let outcome = match fault {
            Fault::Unreachable(_) => Outcome::Refused,
            Fault::UpstreamSlow => Outcome::TimedOut,
            Fault::UpstreamBroke => Outcome::Broke,
            // The caller's own, which says nothing of the server.
            _ => return,
        };
        gate.fleet.saw(&mut self.lease, now, outcome);
        self.call.heard(now, Heard::Failed);
    }
}

/// Calls of one method below one path of two segments are taken to last about as long as each other.
fn kind_of(request: &Request<Outgoing>) -> Kind {
    let path = request.uri().path();
    let ends = path.match_indices('/').nth(2).map_or(path.len(), |(at, _)| at);
    let text = request.method().as_str().bytes().chain(path[..ends].bytes());
    // FNV-1a: only so that routes spread over the few kinds there are.
    Kind(
        text.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }),
    )
}

/// The wait that a server asks for which is in trouble.
fn wait_of(answer: &Response<Streamed>) -> Option<std::time::Duration> {
    if !answer.status().is_server_error() {
        return None;
    }
    let lines = answer.headers().get_all(RETRY_AFTER);
    let told = retry_after::read(lines.iter().map(HeaderValue::as_bytes), None, world::wall_clock());
    told.map(|told| told.wait)
}
