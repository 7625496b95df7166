//! Who a connection comes from. Never here: who that called for.

use std::net::IpAddr;

use http::HeaderValue;
use http::uri::Authority;

/// The other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Its address, never IPv4 written as IPv6; 127.0.0.1 for who comes by a socket file.
    pub(crate) address: IpAddr,
    /// Whether it speaks TLS.
    pub(crate) security: Security,
    /// Its address as fields have it, written once per connection.
    pub(crate) field: HeaderValue,
    /// The host and port that it asked a tunnel to, if it is answered within that in this host's stead.
    pub(crate) through: Option<Authority>,
}

/// Whether others can read along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    Clear,
    Tls,
}

impl Peer {
    pub(crate) fn new(address: IpAddr, security: Security) -> Peer {
        let address = address.to_canonical();
        // An address has only characters that a field may have.
        let field = HeaderValue::try_from(address.to_string());
        let field = field.unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Peer { address, security, field, through: None }
    }

    /// The same within a tunnel to a host that is opened here, in TLS.
    pub(super) fn within(&self, host: Authority) -> Peer {
        Peer { security: Security::Tls, through: Some(host), ..self.clone() }
    }

    /// The scheme of the URLs by which callers come here.
    pub(crate) fn scheme(&self) -> &'static str {
        match self.security {
            Security::Clear => "http",
            Security::Tls => "https",
        }
    }
}
