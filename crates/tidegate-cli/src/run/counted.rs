//! The proxy's answers, counted as they pass. Never here: an answer, a count's words.

use std::sync::Arc;

use http::{Method, Request, Response};
use hyper::body::Incoming;

use super::tally::{Outcome, Tally};
use crate::proxy::house::House;
use crate::proxy::refusal::REFUSED;
use crate::proxy::walk::Walker;
use crate::relay::body::Body;
use crate::relay::drain::Told;
use crate::relay::listen::{Answer, Peer};

/// Who answers in one worker, and is counted.
pub(crate) struct Counted {
    walker: Walker,
    house: Arc<House>,
    tally: Arc<Tally>,
}

impl Counted {
    pub(crate) fn new(house: &Arc<House>, told: Told, tally: &Arc<Tally>) -> Counted {
        let walker = Walker::new(house, told);
        Counted { walker, house: Arc::clone(house), tally: Arc::clone(tally) }
    }

    /// A tunnel is no call. What comes through one that is opened is counted as such.
    async fn tunnel(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let host = request.uri().host().unwrap_or_default().to_ascii_lowercase();
        let answer = self.walker.answer(request, peer).await;
        if !answer.status().is_success() {
            self.tally.no_tunnel();
        } else if self.house.opens(&host).is_none() {
            self.tally.tunnel(&host);
        }
        answer
    }
}

impl Answer for Counted {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        if *request.method() == Method::CONNECT {
            return self.tunnel(request, peer).await;
        }
        let call = self.tally.call();
        let answer = self.walker.answer(request, peer).await;
        call.ended(outcome(&answer));
        answer
    }
}

/// What came of a call, by the proxy's own word where there is one.
fn outcome<B>(answer: &Response<B>) -> Outcome {
    match answer.headers().get(REFUSED).map(|word| word.as_bytes()) {
        None => Outcome::Answered,
        Some(b"unknown" | b"unanswered") => Outcome::Unknown,
        Some(b"unreachable" | b"broken") => Outcome::Failed,
        Some(_) => Outcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::refusal::Refusal;
    use crate::relay::reach::Unreached;

    #[test]
    fn what_may_have_been_done_is_told_from_what_was_not() {
        let check = |refusal: Refusal, expected| {
            assert_eq!(outcome(&refusal.into_response(&Method::POST)), expected);
        };
        let upstream = || "a.example".to_owned();
        check(Refusal::Unknown { upstream: upstream() }, Outcome::Unknown);
        check(Refusal::Unanswered { said: upstream() }, Outcome::Unknown);
        let why = Unreached::Refused;
        check(Refusal::Unreachable { upstream: upstream(), why }, Outcome::Failed);
        check(Refusal::Broken { upstream: upstream() }, Outcome::Failed);
        check(Refusal::Full { said: upstream() }, Outcome::Refused);
        check(Refusal::Loop, Outcome::Refused);
        assert_eq!(outcome(&Response::new(())), Outcome::Answered);
    }
}
