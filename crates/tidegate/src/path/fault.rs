//! Why a request's target or host is refused, in words for whoever sent it. Never here: a place that refuses.

use std::error::Error;
use std::fmt;

use http::StatusCode;

/// A target or host that is refused: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    wrong: Wrong,
    at: usize,
}

/// What is wrong with a target or a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The target is longer than the rules allow.
    TooLong {
        /// The longest that is taken, in bytes.
        longest: usize,
    },
    /// The target has no path: it isn't an origin-form, an absolute-form of HTTP, or `*`.
    NoPath,
    /// There is a `#`: a fragment is for the sender alone.
    Fragment,
    /// There is a control character or a space, coded or not.
    Control,
    /// A `%` is followed by no two hexadecimal digits.
    Code,
    /// The path isn't UTF-8 once decoded: cut off, overlong, or in another encoding.
    Utf8,
    /// There is a coded slash or backslash.
    CodedSlash,
    /// There is a backslash.
    Backslash,
    /// There is a dot segment that only some servers see: one with parameters, or between coded slashes.
    DotSegment,
    /// There is a `;`.
    Params,
    /// The query has a character that must be coded.
    Query,
    /// The request names no host.
    NoHost,
    /// The request names several hosts, or one of them several times.
    SeveralHosts,
    /// The host has a user or password before it.
    UserInfo,
    /// The host has a character that no name or address has.
    HostCharacter,
    /// The host is an address that isn't written as one.
    HostAddress,
    /// The host has an empty or overlong label, or is too long.
    HostLabel,
    /// The host's port is none.
    Port,
}

impl Fault {
    pub(crate) fn new(wrong: Wrong, at: usize) -> Fault {
        Fault { wrong, at }
    }

    /// The same fault, seen from `offset` bytes before.
    pub(super) fn moved(self, offset: usize) -> Fault {
        Fault { at: self.at + offset, ..self }
    }

    /// What is wrong.
    pub fn wrong(&self) -> Wrong {
        self.wrong
    }

    /// Where: the byte of the target or host, counted from 1.
    pub fn byte(&self) -> usize {
        self.at + 1
    }

    /// The status to answer with: 414 if the target is too long, else 400.
    pub fn status(&self) -> StatusCode {
        match self.wrong {
            Wrong::TooLong { .. } => StatusCode::URI_TOO_LONG,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let byte = self.byte();
        match self.wrong {
            Wrong::TooLong { longest } => {
                write!(f, "the target is longer than {longest} bytes: ask for less at once, or use a body")
            }
            Wrong::NoPath => write!(f, "the target has no path: it must begin with / or with http://"),
            Wrong::Fragment => write!(f, "byte {byte} of the target begins a fragment (#): leave it out"),
            Wrong::Control => {
                write!(f, "byte {byte} of the target is a space or control character: leave it out")
            }
            Wrong::Code => write!(f, "the % at byte {byte} of the target begins no code: write %25 for a %"),
            Wrong::Utf8 => write!(f, "the path isn't UTF-8 from byte {byte} on: code it as UTF-8"),
            Wrong::CodedSlash => write!(
                f,
                "byte {byte} of the target begins a coded slash (%2F or %5C), which servers read in different \
                 ways: send a plain / between segments"
            ),
            Wrong::Backslash => write!(f, "byte {byte} of the target is a backslash: send / in its place"),
            Wrong::DotSegment => write!(
                f,
                "byte {byte} of the target begins a disguised . or .. segment, which servers read in different \
                 ways: send the path that is meant"
            ),
            Wrong::Params => {
                write!(f, "byte {byte} of the target begins path parameters (;): leave them out")
            }
            Wrong::Query => write!(f, "byte {byte} of the target must be sent as a % code"),
            Wrong::NoHost => write!(f, "the request names no host: send one Host field"),
            Wrong::SeveralHosts => {
                write!(f, "the request names several hosts: send one Host field, equal to the target's host")
            }
            Wrong::UserInfo => write!(f, "the host has a user or password before an @: leave them out"),
            Wrong::HostCharacter => {
                write!(f, "byte {byte} of the host is in no host name: write it in ASCII, as xn-- if need be")
            }
            Wrong::HostAddress => {
                write!(
                    f,
                    "the host isn't a whole IP address: write four decimal numbers, or IPv6 in brackets"
                )
            }
            Wrong::HostLabel => write!(f, "the host has an empty or too long label at byte {byte}"),
            Wrong::Port => write!(f, "the host's port at byte {byte} isn't a number from 1 to 65535"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_where_it_is_and_what_to_do() {
        let fault = Fault::new(Wrong::CodedSlash, 2).moved(3);
        assert_eq!(fault.byte(), 6);
        assert_eq!(
            fault.to_string(),
            "byte 6 of the target begins a coded slash (%2F or %5C), which servers read in different ways: send \
             a plain / between segments"
        );
        assert_eq!(fault.status(), StatusCode::BAD_REQUEST);
        let long = Fault::new(Wrong::TooLong { longest: 10 }, 10);
        assert_eq!(long.status(), StatusCode::URI_TOO_LONG);
    }
}
