//! The proxy's own answers, which no upstream gave: when, with which status, and how they are known. Never here: an
//! upstream's answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Method, Response, StatusCode};
use tidegate::client::{Patience, WaitError};
use tidegate_wire::problem::{self, Kind, Problem};
use tidegate_wire::retry_after;

use super::asked::NoDeadline;
use super::route::Astray;
use super::saved::Late;
use super::sender::Unsent;
use crate::relay::body::Body;
use crate::relay::fault::Fault;
use crate::relay::reach::Unreached;
use crate::relay::upstream::Reached;

/// Says that an answer is the proxy's own, and why it is: the word of [`Refusal::kind`].
pub(crate) const REFUSED: HeaderName = HeaderName::from_static("tidegate-refused");

/// How long to wait before asking a full queue again: nobody knows, and this neither keeps it full nor waits for long.
const WAIT_FOR_A_PLACE: Duration = Duration::from_secs(5);

/// Why a call isn't answered by an upstream: the one list of such answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its turn wouldn't come before its deadline. Nothing was done.
    Late { wait: Duration, said: String },
    /// The upstream told to wait longer than is sat out. Nothing was done.
    TooLong { wait: Duration, said: String },
    /// There is no room to wait. Nothing was done.
    Full { said: String },
    /// No connection to the upstream came about. Nothing was done.
    Unreachable { upstream: String, why: Unreached },
    /// The upstream broke off, and the call may have been done; it isn't one that may be sent twice.
    Unknown { upstream: String },
    /// The upstream broke off, as often as it was tried.
    Broken { upstream: String },
    /// No answer came in time; the call may have been done.
    Unanswered { said: String },
    /// Something is wrong with the request itself.
    Request(Fault),
    /// Its `Tidegate-Deadline` is none.
    Deadline,
    /// Its target is none, or leads out of the upstream's base.
    Target(Astray),
    /// No upstream is found at its path.
    Nowhere,
    /// The host isn't one that may be called.
    Host { host: String },
    /// It leads back to the proxy itself.
    Loop,
    /// It came through an opened tunnel to this host, and names another.
    Misdirected { host: String },
    /// It names the proxy in a way that any web page may, where a token would be put in.
    StrangeHost,
    /// A web page of another site made it, where a token would be put in.
    OtherSite,
}

/// The words by which refusals are known, each once.
pub(crate) const WORDS: [&str; 13] = [
    "deadline",
    "max-wait",
    "full",
    "unreachable",
    "unknown",
    "broken",
    "unanswered",
    "request",
    "nowhere",
    "host",
    "loop",
    "misdirected",
    "site",
];

impl Refusal {
    /// Its status, and the word by which it is known.
    pub(crate) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Refusal::Late { .. } => (StatusCode::TOO_MANY_REQUESTS, "deadline"),
            Refusal::TooLong { .. } => (StatusCode::TOO_MANY_REQUESTS, "max-wait"),
            Refusal::Full { .. } => (StatusCode::SERVICE_UNAVAILABLE, "full"),
            Refusal::Unreachable { .. } => (StatusCode::BAD_GATEWAY, "unreachable"),
            Refusal::Unknown { .. } => (StatusCode::BAD_GATEWAY, "unknown"),
            Refusal::Broken { .. } => (StatusCode::BAD_GATEWAY, "broken"),
            Refusal::Unanswered { .. } => (StatusCode::GATEWAY_TIMEOUT, "unanswered"),
            Refusal::Request(fault) => (fault.status(), "request"),
            Refusal::Deadline | Refusal::Target(_) => (StatusCode::BAD_REQUEST, "request"),
            Refusal::Nowhere => (StatusCode::NOT_FOUND, "nowhere"),
            Refusal::Host { .. } => (StatusCode::FORBIDDEN, "host"),
            Refusal::Loop => (StatusCode::LOOP_DETECTED, "loop"),
            Refusal::Misdirected { .. } => (StatusCode::MISDIRECTED_REQUEST, "misdirected"),
            Refusal::StrangeHost => (StatusCode::MISDIRECTED_REQUEST, "site"),
            Refusal::OtherSite => (StatusCode::FORBIDDEN, "site"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Refusal::Late { wait, .. } | Refusal::TooLong { wait, .. } => Some(*wait),
            Refusal::Full { .. } => Some(WAIT_FOR_A_PLACE),
            _ => None,
        }
    }

    /// The answer to a request of this method.
    pub(crate) fn into_response(self, method: &Method) -> Response<Body> {
        let (status, word) = self.kind();
        let problem = Problem {
            title: status.canonical_reason().map(str::to_owned),
            status: Some(status.as_u16()),
            detail: Some(self.to_string()),
            ..Problem::of(match status {
                StatusCode::TOO_MANY_REQUESTS => Kind::QuotaExceeded,
                StatusCode::SERVICE_UNAVAILABLE => Kind::TemporaryReducedCapacity,
                _ => Kind::Other("about:blank".to_owned()),
            })
        };
        let body = Bytes::from(problem::write(&problem));
        let mut answer =
            Response::new(if *method == Method::HEAD { Body::empty() } else { Body::whole(body) });
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(REFUSED, HeaderValue::from_static(word));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(retry_after::write(wait)));
        }
        if matches!(self, Refusal::Request(fault) if fault.ends_connection()) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

impl From<WaitError<Unsent>> for Refusal {
    fn from(error: WaitError<Unsent>) -> Refusal {
        let said = error.to_string();
        match error {
            WaitError::Overdue { wait, beyond: Patience::Deadline(_), .. } => Refusal::Late { wait, said },
            WaitError::Overdue { wait, .. } => Refusal::TooLong { wait, said },
            WaitError::Overfull { .. } => Refusal::Full { said },
            WaitError::Unknown(unsent) => Refusal::of(unsent, |upstream| Refusal::Unknown { upstream }),
            WaitError::Inner(unsent) if unsent.reached == Reached::Never => {
                let why = match unsent.fault {
                    Fault::Unreachable(why) => why,
                    _ => Unreached::Otherwise,
                };
                Refusal::of(unsent, |upstream| Refusal::Unreachable { upstream, why })
            }
            WaitError::Inner(unsent) => Refusal::of(unsent, |upstream| Refusal::Broken { upstream }),
            // Whatever else there may be one day has no answer either.
            _ => Refusal::Unanswered { said },
        }
    }
}

impl Refusal {
    /// What became of a call that was sent: what the caller did to its own body says more than what became of the
    /// connection.
    fn of(unsent: Unsent, otherwise: impl FnOnce(String) -> Refusal) -> Refusal {
        let Unsent { fault, upstream, .. } = unsent;
        match fault {
            Fault::BadRequest(_) | Fault::TooLarge | Fault::TooSlow => Refusal::Request(fault),
            Fault::UpstreamSlow => Refusal::Unanswered {
                said: format!("{upstream} took too long to answer: the request may have been done"),
            },
            _ => otherwise(upstream),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        Refusal::Request(fault)
    }
}

impl From<Astray> for Refusal {
    fn from(astray: Astray) -> Refusal {
        Refusal::Target(astray)
    }
}

impl From<Late> for Refusal {
    fn from(Late: Late) -> Refusal {
        let said =
            "an identical request was on its way, and its answer didn't come before this one's deadline";
        Refusal::Unanswered { said: said.to_owned() }
    }
}

impl From<NoDeadline> for Refusal {
    fn from(NoDeadline: NoDeadline) -> Refusal {
        Refusal::Deadline
    }
}

/// For the caller: what happened, and what to do now.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Late { said, .. }
            | Refusal::TooLong { said, .. }
            | Refusal::Full { said }
            | Refusal::Unanswered { said } => f.write_str(said),
            Refusal::Unreachable { upstream, why } => {
                write!(f, "no connection to {upstream} came about, and nothing was done: {why}; {}", why.advice())
            }
            Refusal::Unknown { upstream } => write!(
                f,
                "{upstream} broke off after the request had left: it may have been done, and isn't sent again; find out \
                 whether it was, or send an Idempotency-Key next time",
            ),
            Refusal::Broken { upstream } => {
                write!(f, "{upstream} broke off, as often as it was tried: sending the request again does no harm")
            }
            Refusal::Request(fault) => fault.fmt(f),
            Refusal::Deadline => {
                f.write_str("Tidegate-Deadline is a number of seconds above zero, such as 30 or 0.5, told once")
            }
            Refusal::Target(Astray::DotSegment) => {
                f.write_str("the path has a dot segment, which could lead out of the upstream's base: resolve it first")
            }
            Refusal::Target(Astray::NoTarget) => f.write_str("the request's target can't be part of a URL"),
            Refusal::Nowhere => f.write_str("no upstream is found at this path: look at the proxy's prefixes and hosts"),
            Refusal::Host { host } => write!(f, "the proxy isn't set up to call {host}"),
            Refusal::Loop => f.write_str("the request leads back to the proxy itself: give it the URL of an upstream"),
            Refusal::Misdirected { host } => {
                write!(f, "the tunnel was asked for to {host}: ask for one of its own for another host")
            }
            Refusal::StrangeHost => f.write_str(
                "the proxy puts a token in here, and isn't known by this name, which any web page might have: name it by \
                 its address, by localhost, or by a name without a dot",
            ),
            Refusal::OtherSite => {
                f.write_str("the proxy puts a token in here, and a web page of another site sent the request")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_s_word_is_in_the_list() {
        let (wait, said, upstream) = (Duration::from_secs(1), String::new(), String::new());
        let all = [
            Refusal::Late { wait, said: said.clone() },
            Refusal::TooLong { wait, said: said.clone() },
            Refusal::Full { said: said.clone() },
            Refusal::Unreachable { upstream: upstream.clone(), why: Unreached::Refused },
            Refusal::Unknown { upstream: upstream.clone() },
            Refusal::Broken { upstream },
            Refusal::Unanswered { said },
            Refusal::Request(Fault::TooLarge),
            Refusal::Deadline,
            Refusal::Target(Astray::NoTarget),
            Refusal::Nowhere,
            Refusal::Host { host: "a".into() },
            Refusal::Loop,
            Refusal::Misdirected { host: "a".into() },
            Refusal::StrangeHost,
            Refusal::OtherSite,
        ];
        let mut words: Vec<_> = all.iter().map(|refusal| refusal.kind().1).collect();
        words.dedup();
        assert_eq!(words, WORDS);
    }
}
