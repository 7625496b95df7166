//! Whether a call would come back to the proxy that makes it. Never here: what it is answered.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use http::uri::Uri;
use tidegate::path::Host;

use super::settings::Scheme;

/// The proxy's own addresses.
#[derive(Clone, Debug)]
pub(crate) struct Itself(Vec<SocketAddr>);

impl Itself {
    /// With these doors, as they are open.
    pub(crate) fn at(doors: Vec<SocketAddr>) -> Itself {
        Itself(doors)
    }

    /// The doors that others reach, too: those of other machines.
    pub(crate) fn open(&self) -> impl Iterator<Item = &SocketAddr> {
        self.0.iter().filter(|door| !door.ip().is_loopback())
    }

    /// Whether a host, with its port, is a door by its very words: an address, or `localhost`.
    pub(crate) fn is(&self, host: &Host<'_>, scheme: Scheme) -> bool {
        let port = host.port().unwrap_or(scheme.usual_port());
        let name = host.name();
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        self.0.iter().filter(|door| door.port() == port).any(|door| match bare.parse::<IpAddr>() {
            Ok(address) => is_behind(door.ip(), address),
            Err(_) => name == "localhost" && (door.ip().is_loopback() || door.ip().is_unspecified()),
        })
    }

    /// Whether a URL leads to a door, whatever name it has. Names are looked up only where the port is a door's.
    pub(crate) async fn is_reached_by(&self, url: &Uri) -> bool {
        let scheme = if url.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
        let Some(authority) = url.authority() else { return false };
        let port = authority.port_u16().unwrap_or(scheme.usual_port());
        if !self.0.iter().any(|door| door.port() == port) {
            return false;
        }
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        // A name that can't be looked up leads nowhere: the call will tell.
        let Ok(mut found) = tokio::net::lookup_host((bare, port)).await else { return false };
        found.any(|found| self.0.iter().any(|door| door.port() == port && is_behind(door.ip(), found.ip())))
    }
}

/// Whether an address is that of a door, or one of this machine's where the door has all of them.
fn is_behind(door: IpAddr, address: IpAddr) -> bool {
    let (door, address) = (door.to_canonical(), address.to_canonical());
    // Who calls no address in particular, `0.0.0.0`, gets to this machine's own.
    door == address
        || (address.is_unspecified() && door.is_loopback())
        || (door.is_unspecified() && is_of_this_machine(address))
}

/// The system lets nobody take an address that is another machine's.
fn is_of_this_machine(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(door: &str, host: &str, is: bool) {
        let itself = Itself::at(vec![door.parse().unwrap()]);
        assert_eq!(itself.is(&Host::read(host.as_bytes()).unwrap(), Scheme::Http), is, "{door} {host}");
    }

    #[test]
    fn a_door_is_known_by_its_address_and_by_localhost() {
        check("127.0.0.1:80", "127.0.0.1", true);
        check("127.0.0.1:8430", "localhost:8430", true);
        check("[::1]:8430", "[::1]:8430", true);
        check("127.0.0.1:8430", "127.0.0.1:8431", false);
        check("127.0.0.1:8430", "127.0.0.2:8430", false);
        check("127.0.0.1:8430", "api.example:8430", false);
        check("127.0.0.1:8430", "0.0.0.0:8430", true);
        check("[::1]:8430", "[::]:8430", true);
        check("192.0.2.7:8430", "0.0.0.0:8430", false);
        check("0.0.0.0:8430", "127.0.0.1:8430", true);
        check("0.0.0.0:8430", "localhost:8430", true);
        check("0.0.0.0:8430", "192.0.2.1:8430", false);
        check("192.0.2.7:8430", "localhost:8430", false);
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_door_is_the_door() {
        let itself = Itself::at(vec!["127.0.0.1:8430".parse().unwrap()]);
        for (url, is) in [
            ("http://localhost:8430/x", true),
            ("https://127.0.0.1:8430/", true),
            ("http://localhost:8431/", false),
            ("http://127.0.0.1/", false),
        ] {
            assert_eq!(itself.is_reached_by(&url.parse().unwrap()).await, is, "{url}");
        }
    }
}
