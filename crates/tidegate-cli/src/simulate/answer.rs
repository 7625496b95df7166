//! What answers look like: JSON bodies, Webex's errors, the fields around them. Never here: which answer is due.

use std::num::NonZeroU64;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, LINK, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use tidegate_core::Time;
use tidegate_sim::{Announced, Told};
use tidegate_wire::ratelimit::{Limit, Policy, RATELIMIT, RATELIMIT_POLICY, write_limits, write_policies};
use tidegate_wire::tracking::{TRACKINGID, TrackingId};
use tidegate_wire::{date, retry_after, webex};

use super::routes::Astray;
use super::tokens::Stranger;

pub(super) type Answer = Response<Full<Bytes>>;

/// Makes the answers to one request: each carries its tracking ID.
#[derive(Debug)]
pub(super) struct Desk {
    tracking: TrackingId,
}

impl Desk {
    pub(super) fn new(tracking: TrackingId) -> Desk {
        Desk { tracking }
    }

    pub(super) fn json(&self, status: StatusCode, body: &impl Serialize) -> Answer {
        self.written(status, json(body))
    }

    /// An answer that people read in a terminal: it ends its line.
    pub(super) fn json_line(&self, body: &impl Serialize) -> Answer {
        let mut line = json(body);
        line.push(b'\n');
        self.written(StatusCode::OK, line)
    }

    fn written(&self, status: StatusCode, body: Vec<u8>) -> Answer {
        let mut answer = Response::new(Full::new(Bytes::from(body)));
        *answer.status_mut() = status;
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(webex::MEDIA_TYPE));
        answer.headers_mut().insert(TRACKINGID, HeaderValue::from(&self.tracking));
        answer
    }

    pub(super) fn error(&self, status: StatusCode, message: &str) -> Answer {
        self.written(status, webex::write(message, &self.tracking))
    }

    pub(super) fn astray(&self, astray: Astray) -> Answer {
        match astray {
            Astray::NotFound => self.error(StatusCode::NOT_FOUND, NO_SUCH_PATH),
            Astray::Method { allow } => {
                let mut answer = self.error(
                    StatusCode::METHOD_NOT_ALLOWED,
                    &format!("The method is not allowed here; allowed: {allow}."),
                );
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
                answer
            }
        }
    }

    pub(super) fn stranger(&self, stranger: Stranger) -> Answer {
        let said = match stranger {
            Stranger::NoToken => {
                "The request requires a valid access token set in the Authorization request header."
            }
            Stranger::OneTooMany => {
                "This simulation knows too many tokens already; POST /_tidegate/reset begins anew."
            }
        };
        let mut answer = self.error(StatusCode::UNAUTHORIZED, said);
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tidegate\""));
        answer
    }

    /// A refusal for the caller's rate. `wall_clock_at` turns the fleet's time into time since the Unix epoch.
    pub(super) fn limited(&self, told: Told, wall_clock_at: impl Fn(Time) -> Time) -> Answer {
        let answer = self.error(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests have been sent in a given amount of time and the request has been rate limited. \
             A Retry-After header should be present that specifies how many seconds you need to wait before a \
             successful request can be made.",
        );
        with_retry_after(answer, told, wall_clock_at)
    }

    /// A refusal because the service is down.
    pub(super) fn unavailable(&self, told: Told, wall_clock_at: impl Fn(Time) -> Time) -> Answer {
        let answer = self
            .error(StatusCode::SERVICE_UNAVAILABLE, "Server is overloaded with requests. Try again later.");
        with_retry_after(answer, told, wall_clock_at)
    }

    /// Adds the `RateLimit` fields, if the scenario tells them.
    pub(super) fn announcing(&self, mut answer: Answer, announced: Option<Announced>) -> Answer {
        let Some(announced) = announced else { return answer };
        let window_secs = NonZeroU64::new(retry_after::write(announced.window));
        let policy = Policy { name: LIMIT.into(), quota: announced.limit, window_secs, ..Policy::default() };
        let (remaining, reset_secs) = (Some(announced.remaining), Some(announced.reset.as_secs()));
        let limit = Limit { name: LIMIT.into(), remaining, reset_secs, ..Limit::default() };
        if let (Ok(policy), Ok(limit)) = (write_policies(&[policy]), write_limits(&[limit])) {
            answer.headers_mut().insert(RATELIMIT_POLICY, policy);
            answer.headers_mut().insert(RATELIMIT, limit);
        }
        answer
    }

    /// Adds where the next page is. A host that no link can hold is refused.
    pub(super) fn with_next(&self, mut answer: Answer, next: Option<String>) -> Answer {
        let Some(next) = next else { return answer };
        match tidegate_wire::link::write(&next, "next") {
            Ok(link) => {
                answer.headers_mut().insert(LINK, link);
                answer
            }
            Err(_) => {
                self.error(StatusCode::BAD_REQUEST, "The Host header is not a host that a link can name.")
            }
        }
    }
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_else(|error| format!("{{\"message\":\"{error}\"}}").into())
}

fn with_retry_after(mut answer: Answer, told: Told, wall_clock_at: impl Fn(Time) -> Time) -> Answer {
    let value = match told {
        Told::Seconds(seconds) => HeaderValue::from(seconds),
        Told::Date(at) => {
            // Up to the next whole second: who waits for the date must not come early.
            let seconds = wall_clock_at(at).as_nanos().div_ceil(1_000_000_000);
            let date = date::write(i64::try_from(seconds).unwrap_or(i64::MAX));
            HeaderValue::try_from(date).unwrap_or(HeaderValue::from_static(""))
        }
        Told::Garbage(text) => HeaderValue::from_static(text),
        Told::Nothing => return answer,
    };
    answer.headers_mut().insert(RETRY_AFTER, value);
    answer
}

/// What the limit is called in `RateLimit` fields.
const LIMIT: &str = "default";

const NO_SUCH_PATH: &str = "There is nothing here. This simulated API has GET /v1/rooms, GET and POST /v1/messages, \
                            GET /v1/people/{id}, and /v1/echo for any method; its counts are at GET /_tidegate/stats.";
