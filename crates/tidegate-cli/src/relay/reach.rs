//! A connection to a host by its name, and why there is none. Never here: TLS, what is said on it.

use std::fmt;
use std::io::{self, ErrorKind};

use rustls::CertificateError;
use tokio::net::{TcpStream, lookup_host};

/// Why no connection to a server came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreached {
    /// Its name is nobody's.
    NoName,
    /// Nobody listens there.
    Refused,
    /// No network leads there.
    NoWay,
    /// It took too long.
    TimedOut,
    /// Its certificate isn't believed.
    Untrusted(Doubt),
    /// It speaks no TLS, or none that we speak.
    NoTls,
    /// It took the connection, and not a request.
    Closed,
    /// What else there may be.
    Otherwise,
}

/// Why a certificate isn't believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Nobody who is believed vouches for it.
    Issuer,
    /// Its time is over.
    Expired,
    /// Its time hasn't come.
    TooEarly,
    /// It is for another name.
    Name,
    /// Whoever vouched for it took that back.
    Revoked,
    /// It is broken, or for another purpose.
    Form,
}

/// A connection to a host, which is a name or an address without brackets.
///
/// # Errors
/// When there is none.
pub(crate) async fn tcp(host: &str, port: u16) -> Result<TcpStream, Unreached> {
    let found = lookup_host((host, port)).await.map_err(|_| Unreached::NoName)?;
    let addresses: Vec<_> = found.collect();
    if addresses.is_empty() {
        return Err(Unreached::NoName);
    }
    TcpStream::connect(&addresses[..]).await.map_err(|error| Unreached::of(&error))
}

impl Unreached {
    /// What an error of a socket says, or of TLS on it.
    pub(crate) fn of(error: &io::Error) -> Unreached {
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return Unreached::in_tls(error);
        }
        match error.kind() {
            // A socket file that isn't there is one that nobody listens at.
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => Unreached::Refused,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                Unreached::NoWay
            }
            ErrorKind::TimedOut => Unreached::TimedOut,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Unreached::Closed,
            _ => Unreached::Otherwise,
        }
    }

    fn in_tls(error: &rustls::Error) -> Unreached {
        let rustls::Error::InvalidCertificate(error) = error else { return Unreached::NoTls };
        Unreached::Untrusted(match error {
            CertificateError::UnknownIssuer => Doubt::Issuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Doubt::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Doubt::TooEarly,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Doubt::Name
            }
            CertificateError::Revoked => Doubt::Revoked,
            _ => Doubt::Form,
        })
    }

    /// What to do about it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Unreached::NoName => "look at how it is written, and at this machine's name service",
            Unreached::Refused => "look whether the server runs, and at the port",
            Unreached::NoWay => "look at this machine's network",
            Unreached::TimedOut => "look at the network, and at firewalls on the way",
            Unreached::Untrusted(Doubt::Issuer) => {
                "if it is an authority of your own, name its file as `authorities`, or add it to the system's"
            }
            Unreached::Untrusted(Doubt::Expired | Doubt::TooEarly) => {
                "look at this machine's clock, and tell whoever runs the server"
            }
            Unreached::Untrusted(Doubt::Name) => "call it by a name that its certificate has",
            Unreached::Untrusted(Doubt::Revoked | Doubt::Form) => "tell whoever runs the server",
            Unreached::NoTls => "look at the port, and whether its URL is to begin with http://",
            Unreached::Closed => "look at the port, and whether its URL is to begin with https://",
            Unreached::Otherwise => "look at its name and port, and at the network",
        }
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unreached::NoName => "its name isn't found",
            Unreached::Refused => "nobody listens there",
            Unreached::NoWay => "no network leads there",
            Unreached::TimedOut => "it took too long",
            Unreached::Untrusted(Doubt::Issuer) => {
                "its certificate is by an authority that isn't believed here"
            }
            Unreached::Untrusted(Doubt::Expired) => "its certificate has expired",
            Unreached::Untrusted(Doubt::TooEarly) => "its certificate isn't valid yet",
            Unreached::Untrusted(Doubt::Name) => "its certificate is for another name",
            Unreached::Untrusted(Doubt::Revoked) => "its certificate was revoked",
            Unreached::Untrusted(Doubt::Form) => "its certificate isn't fit for a server",
            Unreached::NoTls => "it speaks no TLS that is spoken here",
            Unreached::Closed => "it closed the connection at once",
            Unreached::Otherwise => "the system gave none",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_words() {
        let tls = |error: CertificateError| {
            Unreached::of(&io::Error::new(ErrorKind::InvalidData, rustls::Error::InvalidCertificate(error)))
        };
        assert_eq!(tls(CertificateError::UnknownIssuer), Unreached::Untrusted(Doubt::Issuer));
        assert_eq!(tls(CertificateError::Expired), Unreached::Untrusted(Doubt::Expired));
        assert_eq!(tls(CertificateError::BadEncoding), Unreached::Untrusted(Doubt::Form));
        let spoken = io::Error::new(ErrorKind::InvalidData, rustls::Error::HandshakeNotComplete);
        assert_eq!(Unreached::of(&spoken), Unreached::NoTls);
        assert_eq!(Unreached::of(&ErrorKind::ConnectionRefused.into()), Unreached::Refused);
        assert_eq!(Unreached::of(&ErrorKind::UnexpectedEof.into()), Unreached::Closed);
    }

    #[tokio::test]
    async fn a_name_that_is_nobody_s_is_told_from_a_port_where_nobody_listens() {
        // No name ends so (RFC 6761 section 6.4).
        assert_eq!(tcp("nobody.invalid", 443).await.unwrap_err(), Unreached::NoName);
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(tcp("127.0.0.1", closed.port()).await.unwrap_err(), Unreached::Refused);
    }
}
