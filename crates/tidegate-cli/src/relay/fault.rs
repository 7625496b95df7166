//! What can go wrong with a request on its way, and which status says so. Never here: a limit's refusal, a body's form.

use std::error::Error;
use std::fmt;

use http::StatusCode;

use super::reach::Unreached;

/// What went wrong with one request: the one list from which such answers are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The request can't be forwarded as it is; says why.
    BadRequest(&'static str),
    /// Its method or protocol isn't served; says which.
    NotServed(&'static str),
    /// Its head has more fields than the policy allows.
    HeadTooLarge,
    /// Its body is larger than the policy allows.
    TooLarge,
    /// Its body paused for longer than the policy allows.
    TooSlow,
    /// No server is in routing.
    NoServer,
    /// No connection to the server came about; says why.
    Unreachable(Unreached),
    /// The server broke off, or said what isn't HTTP.
    UpstreamBroke,
    /// The server's answer didn't begin in time.
    UpstreamSlow,
}

impl Fault {
    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Fault::BadRequest(_) => StatusCode::BAD_REQUEST,
            Fault::NotServed(_) => StatusCode::NOT_IMPLEMENTED,
            Fault::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Fault::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Fault::NoServer => StatusCode::SERVICE_UNAVAILABLE,
            Fault::Unreachable(_) | Fault::UpstreamBroke => StatusCode::BAD_GATEWAY,
            Fault::UpstreamSlow => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// Whether the connection must end with the answer: what the caller sends next can't be told from the rest of
    /// this request.
    pub(crate) fn ends_connection(self) -> bool {
        matches!(self, Fault::BadRequest(_) | Fault::NotServed(_) | Fault::TooLarge | Fault::TooSlow)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::BadRequest(why) => why,
            Fault::NotServed(what) => what,
            Fault::HeadTooLarge => "there are more header fields than this gateway takes",
            Fault::TooLarge => "the body is larger than this gateway takes",
            Fault::TooSlow => "the body came too slowly",
            Fault::NoServer => "no server is available now; try again later",
            Fault::Unreachable(why) => return write!(f, "the server can't be reached: {why}"),
            Fault::UpstreamBroke => "the server broke off its answer",
            Fault::UpstreamSlow => "the server took too long to answer",
        })
    }
}

impl Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_s_fault_is_a_4xx_and_a_server_s_a_5xx() {
        let of_caller = [Fault::BadRequest("x"), Fault::TooLarge, Fault::TooSlow];
        assert!(of_caller.iter().all(|fault| fault.status().is_client_error() && fault.ends_connection()));
        let unreachable = Fault::Unreachable(Unreached::Refused);
        let of_server = [Fault::NoServer, unreachable, Fault::UpstreamBroke, Fault::UpstreamSlow];
        assert!(of_server.iter().all(|fault| fault.status().is_server_error() && !fault.ends_connection()));
    }
}
