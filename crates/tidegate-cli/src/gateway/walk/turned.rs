//! Calls that turn round in the gateway: why, and what they are answered. Never here: how a refusal looks.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use tidegate::limiter::Refusal;
use tidegate::server::{Asked, Trouble};
use tidegate::{overload, path, world};
use tidegate_wire::problem::Kind;
use tidegate_wire::retry_after;

use super::Trip;
use crate::gateway::record::Record;
use crate::gateway::traffic::Cause;
use crate::relay::body::Body;
use crate::relay::fault::Fault;

/// How long a caller is told to wait when no server is there: about as long as it takes until one is found.
const WAIT_FOR_A_SERVER: Duration = Duration::from_secs(5);

/// Why a call doesn't come back from a server.
pub(super) enum Turned {
    /// Its caller kept calling while told to wait.
    Shut { wait: Duration },
    /// A limit refuses it.
    Refused(Box<Refusal>),
    /// The servers have no room for it.
    Shed(overload::Refusal),
    /// What it asks for can be read in two ways, or not at all.
    Target(path::Fault),
    /// Something went wrong with it.
    Fault(Fault),
}

/// What an answer must know of a request that may be gone by then.
pub(super) struct Kept {
    pub(super) method: Method,
    pub(super) accept: HeaderMap,
}

impl Kept {
    pub(super) fn of<B>(request: &Request<B>) -> Kept {
        let mut accept = HeaderMap::new();
        for line in request.headers().get_all(ACCEPT) {
            accept.append(ACCEPT, line.clone());
        }
        Kept { method: request.method().clone(), accept }
    }
}

impl Trip<'_> {
    /// Answers a call that turns round.
    pub(super) fn turn(
        &self,
        mut turned: Turned,
        method: &Method,
        headers: &HeaderMap,
        mut record: Record,
    ) -> Response<Body> {
        let draw = world::draw();
        let asked = Asked { headers, tracking: &self.tracking, draw, wall_clock: world::wall_clock() };
        let answers = &self.terms.gateway.answers;
        let answer = match &mut turned {
            Turned::Refused(refusal) => {
                refusal.told.wait = refusal.told.wait.map(|wait| self.told_to_wait(wait));
                answers.refusal(refusal, &asked)
            }
            other => {
                let mut trouble = other.trouble(draw);
                // Who doesn't wait for the servers' sake is no better than who doesn't wait for a limit.
                if matches!(other, Turned::Shed(_)) {
                    trouble.wait = trouble.wait.map(|wait| self.told_to_wait(wait));
                }
                answers.problem(&trouble, &asked)
            }
        };
        record.turned(answer.status(), &turned);
        record.ended(world::now());
        self.gate.traffic.turned(turned.cause());
        self.gate.traffic.answered(answer.status());
        let must_close = matches!(turned, Turned::Fault(fault) if fault.ends_connection());
        finished(answer, method, must_close)
    }

    /// The wait that a refused caller is told, which the penalty box may lengthen.
    fn told_to_wait(&self, wait: Duration) -> Duration {
        let until = self.began.later(Duration::from_secs(retry_after::write(wait)));
        self.gate.penalty.tell(self.began, self.caller.to_bits(), until).since(self.began).max(wait)
    }
}

impl Turned {
    /// For counts.
    fn cause(&self) -> Cause {
        match self {
            Turned::Shut { .. } => Cause::Penalty,
            Turned::Refused(_) => Cause::Limit,
            Turned::Shed(_) => Cause::Overload,
            Turned::Target(_) => Cause::Target,
            Turned::Fault(_) => Cause::Fault,
        }
    }

    fn trouble(&self, draw: u64) -> Trouble<'static> {
        match self {
            Turned::Shut { wait } => Trouble {
                status: StatusCode::TOO_MANY_REQUESTS,
                kind: Kind::AbnormalUsageDetected,
                detail: "requests kept coming while this caller was told to wait, and each makes the wait longer: send \
                         nothing until it has passed"
                    .into(),
                wait: Some(*wait),
            },
            Turned::Shed(refusal) => Trouble {
                status: StatusCode::SERVICE_UNAVAILABLE,
                kind: Kind::TemporaryReducedCapacity,
                detail: "the servers are busy and take no more of these requests now: wait, then send it again".into(),
                wait: Some(refusal.retry_after(draw)),
            },
            Turned::Target(fault) => Trouble::from(fault),
            Turned::Fault(fault) => {
                let wait = (*fault == Fault::NoServer).then_some(WAIT_FOR_A_SERVER);
                let said = match fault {
                    // Why is for those who run it, and in the log: callers can do nothing about it.
                    Fault::Unreachable(_) => "the server can't be reached".to_owned(),
                    fault => fault.to_string(),
                };
                Trouble { wait, ..Trouble::new(fault.status(), said) }
            }
            Turned::Refused(refusal) => Trouble::new(refusal.status(), refusal.to_string()),
        }
    }
}

/// For the log: the cause, and what of it.
impl fmt::Display for Turned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cause().name())?;
        match self {
            Turned::Refused(refusal) => write!(f, ":{}", refusal.limit),
            Turned::Shed(refusal) => write!(f, ":{}", refusal.class),
            Turned::Fault(fault) => write!(f, ":{fault}"),
            Turned::Shut { .. } | Turned::Target(_) => Ok(()),
        }
    }
}

/// The answer as it is sent: none to a `HEAD` has a body, and after some the connection ends.
fn finished(answer: Response<Bytes>, method: &Method, must_close: bool) -> Response<Body> {
    let (mut parts, body) = answer.into_parts();
    if must_close {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let body = if *method == Method::HEAD { Body::empty() } else { Body::whole(body) };
    Response::from_parts(parts, body)
}
