//! What is asked of a request beside its path: a header, a query parameter, a method, an address. Never here:
//! what follows from the answer.

mod parse;
mod test;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use http::header::HeaderName;
use ipnet::IpNet;

pub use parse::ConditionError;
pub use test::Test;

use super::Request;
use super::method::Methods;

/// Something that may be so of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A header field, whose lines are values of their own.
    Header(HeaderName, Test),
    /// A query parameter.
    Query(String, Test),
    /// The method is one of these.
    Method(Methods),
    /// The client's address is in one of these networks.
    Client(Vec<IpNet>),
}

/// Whether a condition holds.
///
/// What a server makes of two values of one name, or of a number that is none, can't be known. It is `Unclear`:
/// a limit falls on such a request and a dearer cost counts, but no exemption and no plan is given for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It doesn't.
    No,
    /// One server may find that it does, another that it doesn't.
    Unclear,
}

impl Truth {
    /// Whether both hold.
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            _ => Truth::Unclear,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { Truth::Yes } else { Truth::No }
    }
}

impl Condition {
    /// Whether it holds of the request.
    pub fn holds(&self, request: &Request<'_>) -> Truth {
        match self {
            Condition::Header(name, test) => {
                let lines = request.headers.get_all(name).iter();
                test.of(lines.map(|line| Cow::Borrowed(line.as_bytes().trim_ascii())))
            }
            Condition::Query(name, test) => {
                let query = request.target.query();
                let holds = test.of(query.values(name));
                match query.values_read_loosely(name).map(|values| test.of(values)) {
                    Some(other) if other != holds => Truth::Unclear,
                    _ => holds,
                }
            }
            Condition::Method(methods) => methods.has(request.method),
            Condition::Client(networks) => contains(networks, request.client).into(),
        }
    }
}

/// Whether all hold.
pub(super) fn all(conditions: &[Condition], request: &Request<'_>) -> Truth {
    conditions.iter().fold(Truth::Yes, |truth, condition| truth.and(condition.holds(request)))
}

/// Whether the address, in whatever family it is written, is in one of the networks.
pub(super) fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Header(name, test) => write!(f, "header {}", test.on(name.as_str())),
            Condition::Query(name, test) => write!(f, "query {}", test.on(name)),
            Condition::Method(methods) => write!(f, "method {methods}"),
            Condition::Client(networks) => {
                let networks: Vec<_> = networks.iter().map(IpNet::to_string).collect();
                write!(f, "client in {}", networks.join(", "))
            }
        }
    }
}
