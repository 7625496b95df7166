//! What was seen of a server, by a check or by a call, and what counts as a failure. Never here: what follows from it.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::settings::{InternalError, Passive};

/// How a check of a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It answered as it should, in time.
    Passed,
    /// It answered otherwise, or took the connection and no answer came in time: it lives, and isn't well.
    Failed,
    /// No connection came about: nobody is there.
    Refused,
}

/// How a call to a server went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered.
    Answered {
        /// The answer's status.
        status: StatusCode,
        /// The wait that the answer asks for, if it does.
        retry_after: Option<Duration>,
    },
    /// No connection came about, or not in time: the call never reached it.
    Refused,
    /// The connection broke before the answer was whole.
    Broke,
    /// It took the call, and no answer came in time.
    TimedOut,
}

impl Outcome {
    /// An answer that asks for no wait.
    pub const fn answered(status: StatusCode) -> Outcome {
        Outcome::Answered { status, retry_after: None }
    }

    /// Whether no rule can make anything of it but a server that is well.
    pub(super) fn is_plainly_well(self) -> bool {
        matches!(self, Outcome::Answered { status, .. } if !status.is_server_error())
    }

    /// What it says about the server.
    ///
    /// Other answers than 500, 502, 503 and 504 speak for the server: it is there, and deals with calls.
    pub(super) fn sign(self, rules: &Passive) -> Sign {
        match self {
            Outcome::Refused => Sign::Failing(Failure::Refused),
            Outcome::Broke => Sign::Failing(Failure::Broke),
            Outcome::TimedOut => Sign::Failing(Failure::TimedOut),
            Outcome::Answered { status, retry_after } => match (status.as_u16(), retry_after) {
                (502..=504, None) => Sign::Failing(Failure::Answer(status)),
                (503, Some(wait)) => Sign::Busy(wait),
                (502 | 504, Some(_)) => Sign::Neither,
                (500, _) if rules.internal_errors == InternalError::Counts => {
                    Sign::Failing(Failure::Answer(status))
                }
                _ => Sign::Well,
            },
        }
    }
}

/// What a call's outcome says about its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Well,
    Failing(Failure),
    /// It asks to be left alone for so long.
    Busy(Duration),
    Neither,
}

/// A failure, as people are told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A call was answered with this status.
    Answer(StatusCode),
    /// A call found no connection.
    Refused,
    /// A call's connection broke.
    Broke,
    /// A call had no answer in time.
    TimedOut,
    /// A check was answered wrongly or too late.
    CheckFailed,
    /// A check found no connection.
    CheckRefused,
}

impl Failure {
    /// The failure that an outcome shows, whether or not it counts.
    pub(super) fn of(outcome: Outcome) -> Option<Failure> {
        match outcome {
            Outcome::Answered { status, .. } => status.is_server_error().then_some(Failure::Answer(status)),
            Outcome::Refused => Some(Failure::Refused),
            Outcome::Broke => Some(Failure::Broke),
            Outcome::TimedOut => Some(Failure::TimedOut),
        }
    }

    pub(super) fn blame(self) -> Blame {
        match self {
            Failure::Refused | Failure::CheckRefused => Blame::Server,
            _ => Blame::Anybody,
        }
    }
}

/// Who may have brought a failure about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The server: callers can't keep it from listening.
    Server,
    /// Also a caller, by what it asks for.
    Anybody,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Answer(status) => write!(f, "it answered a call with {}", status.as_u16()),
            Failure::Refused => f.write_str("a call found no connection"),
            Failure::Broke => f.write_str("its connection broke during a call"),
            Failure::TimedOut => f.write_str("a call had no answer in time"),
            Failure::CheckFailed => f.write_str("a check was answered wrongly or too late"),
            Failure::CheckRefused => f.write_str("a check found no connection"),
        }
    }
}

/// How many calls ended how, since the server was first listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answers below 500.
    pub answered: u64,
    /// Answers of 500 and above.
    pub server_errors: u64,
    /// Calls without a connection.
    pub refused: u64,
    /// Calls whose connection broke.
    pub broke: u64,
    /// Calls without an answer in time.
    pub timed_out: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(3);

    #[track_caller]
    fn check(status: u16, retry_after: Option<Duration>, sign: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        let outcome = Outcome::Answered { status, retry_after };
        let named = match outcome.sign(&Passive::default()) {
            Sign::Well => "well",
            Sign::Failing(_) => "failing",
            Sign::Busy(_) => "busy",
            Sign::Neither => "neither",
        };
        assert_eq!(named, sign, "{status}");
        assert!(!outcome.is_plainly_well() || sign == "well", "{status}");
    }

    #[test]
    fn answers_of_gateways_without_a_wait_are_failures() {
        check(200, None, "well");
        check(404, None, "well");
        check(429, Some(WAIT), "well");
        check(500, None, "well");
        check(501, None, "well");
        check(502, None, "failing");
        check(503, None, "failing");
        check(504, None, "failing");
        check(502, Some(WAIT), "neither");
        check(503, Some(WAIT), "busy");
        check(504, Some(WAIT), "neither");
        check(507, None, "well");
    }

    #[test]
    fn ordinary_errors_count_where_the_rules_say_so() {
        let rules = Passive { internal_errors: InternalError::Counts, ..Passive::default() };
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        assert_eq!(Outcome::answered(status).sign(&rules), Sign::Failing(Failure::Answer(status)));
    }
}
