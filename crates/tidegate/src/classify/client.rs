//! Who called, when proxies stand between: the address that trusted ones vouch for. Never here: a limit.

mod node;
mod walk_back;

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::condition::contains;

/// Which proxies are believed, and in which field they tell who called them.
///
/// Only one field is read: a proxy that writes one lets a caller's own other one pass, and that would be believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The networks of the proxies; [`networks`](super::networks) reads them. None: nobody is believed.
    pub proxies: Vec<IpNet>,
    /// The field.
    pub field: Field,
}

/// A field in which a proxy tells who called it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// `X-Forwarded-For`, which most proxies write.
    #[default]
    XForwardedFor,
    /// `Forwarded`, the standard one (RFC 7239).
    Forwarded,
}

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address; never IPv4 written as IPv6.
    pub address: IpAddr,
    /// How many proxies vouch for it: 0 for the peer's own address.
    pub hops: usize,
    /// Why nobody before it is believed.
    pub end: End,
}

/// Why the walk back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The address is of no trusted proxy: what it says of others counts for nothing.
    Untrusted,
    /// A trusted proxy names nobody before it.
    Start,
    /// A trusted proxy names somebody it doesn't know, or hides (`unknown`, `_hidden`).
    Hidden,
    /// What a trusted proxy wrote can't be read.
    Garbage,
    /// There are more than 64 trusted proxies in a row.
    TooLong,
}

/// The longest row of proxies that is believed.
const MOST_HOPS: usize = 64;

impl Trust {
    /// Whether what a peer says of who called it counts.
    pub fn believes(&self, peer: IpAddr) -> bool {
        contains(&self.proxies, peer.to_canonical())
    }

    /// The client of a request that came from `peer`.
    ///
    /// The field is read from its end: each proxy adds who called it behind all else, so what a caller wrote itself
    /// lies before that and is reached only if all proxies between are trusted. Where that ends, in an
    /// untrusted address, in `unknown` or in garbage, the last address that somebody trusted vouched for counts.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let mut client = Client { address: peer.to_canonical(), hops: 0, end: End::Untrusted };
        if self.proxies.is_empty() {
            return client;
        }
        let mut steps = walk_back::steps(headers.get_all(self.field.name()), self.field);
        while contains(&self.proxies, client.address) {
            match steps.next() {
                Some(Ok(address)) if client.hops < MOST_HOPS => {
                    client.address = address.to_canonical();
                    client.hops += 1;
                }
                Some(Ok(_)) => return Client { end: End::TooLong, ..client },
                Some(Err(end)) => return Client { end, ..client },
                None => return Client { end: End::Start, ..client },
            }
        }
        client
    }
}

impl Field {
    /// The field's name.
    pub fn name(self) -> HeaderName {
        match self {
            Field::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Field::Forwarded => http::header::FORWARDED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::networks;

    #[track_caller]
    fn check(field: Field, peer: &str, lines: &[&[u8]], address: &str, end: End) {
        let trust = Trust { proxies: networks(["10.0.0.0/8", "fd00::/8"]).unwrap(), field };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(field.name(), http::HeaderValue::from_bytes(line).unwrap());
        }
        let client = trust.client(peer.parse().unwrap(), &headers);
        let address: IpAddr = address.parse().unwrap();
        assert_eq!((client.address, client.end), (address, end), "{lines:?}");
    }

    #[track_caller]
    fn for_each(lines: &[&[u8]], address: &str, end: End) {
        check(Field::XForwardedFor, "10.0.0.1", lines, address, end);
    }

    #[track_caller]
    fn forwarded(lines: &[&[u8]], address: &str, end: End) {
        check(Field::Forwarded, "10.0.0.1", lines, address, end);
    }

    #[test]
    fn nobody_untrusted_is_believed() {
        check(Field::XForwardedFor, "192.0.2.1", &[b"198.51.100.1"], "192.0.2.1", End::Untrusted);
        check(Field::Forwarded, "192.0.2.1", &[b"for=198.51.100.1"], "192.0.2.1", End::Untrusted);
        for_each(&[b"203.0.113.9, 192.0.2.1"], "192.0.2.1", End::Untrusted);
        for_each(&[b"203.0.113.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1", End::Untrusted);
        for_each(&[b"203.0.113.9", b"192.0.2.1"], "192.0.2.1", End::Untrusted);
        let nobody = Trust::default().client("10.0.0.1".parse().unwrap(), &HeaderMap::new());
        assert_eq!((nobody.hops, nobody.end), (0, End::Untrusted));
    }

    #[test]
    fn addresses_are_read_in_every_form_that_proxies_write() {
        for_each(&[b"192.0.2.1:5678"], "192.0.2.1", End::Untrusted);
        for_each(&[b"2001:db8::1"], "2001:db8::1", End::Untrusted);
        for_each(&[b"[2001:db8::1]:443"], "2001:db8::1", End::Untrusted);
        for_each(&[b"[2001:db8::1]"], "2001:db8::1", End::Untrusted);
        for_each(&[b"::ffff:192.0.2.1"], "192.0.2.1", End::Untrusted);
        for_each(&[b"192.0.2.1 ,, "], "192.0.2.1", End::Untrusted);
        check(Field::XForwardedFor, "::ffff:10.0.0.1", &[b"192.0.2.1"], "192.0.2.1", End::Untrusted);
        check(Field::XForwardedFor, "fd00::1", &[b"192.0.2.1"], "192.0.2.1", End::Untrusted);
        forwarded(&[b"for=192.0.2.1;proto=http;by=203.0.113.43"], "192.0.2.1", End::Untrusted);
        forwarded(&[b"proto=https ; For=\"192.0.2.1:_port\""], "192.0.2.1", End::Untrusted);
        forwarded(&[b"for=\"[2001:db8::1]:4711\""], "2001:db8::1", End::Untrusted);
        forwarded(&[b"for=192.0.2.1;x=\"a,b;for=c\", for=10.0.0.2"], "192.0.2.1", End::Untrusted);
        forwarded(&[b"for=\"19\\2.0.2.1\""], "192.0.2.1", End::Untrusted);
    }

    #[test]
    fn what_a_trusted_proxy_does_not_tell_ends_the_walk_at_it() {
        for_each(&[], "10.0.0.1", End::Start);
        for_each(&[b""], "10.0.0.1", End::Start);
        for_each(&[b"10.0.0.3, 10.0.0.2"], "10.0.0.3", End::Start);
        for_each(&[b"192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2", End::Hidden);
        forwarded(&[b"for=192.0.2.1, for=_hidden"], "10.0.0.1", End::Hidden);
        forwarded(&[b"for=192.0.2.1, for=\"Unknown\""], "10.0.0.1", End::Hidden);
        forwarded(&[b"for=192.0.2.1, proto=https"], "10.0.0.1", End::Hidden);
    }

    #[test]
    fn garbage_ends_the_walk_and_is_never_an_address() {
        for garbage in [
            "192.0.2",
            "192.0.2.01",
            "192.0.2.1.",
            "0x7f000001",
            "192.0.2.1:x",
            "192.0.2.1:123456",
            "[2001:db8::1",
            "2001:db8::1]",
            "[192.0.2.1]",
            "fe80::1%eth0",
            "\"192.0.2.1\"",
            "for=192.0.2.1",
            "localhost",
            "192.0.2.1 192.0.2.2",
            "-",
        ] {
            for_each(&[b"198.51.100.1", garbage.as_bytes()], "10.0.0.1", End::Garbage);
        }
        for garbage in [
            "for=192.0.2.1;for=192.0.2.2",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=\"192.0.2.1\"x",
            "192.0.2.1",
            "for",
            "for=",
            "for=192.0.2.1;;=",
            "for=2001:db8::1:4711:1:1:1:1:1",
        ] {
            forwarded(&[b"for=198.51.100.1", garbage.as_bytes()], "10.0.0.1", End::Garbage);
        }
        for_each(&[b"198.51.100.1, \xFF"], "10.0.0.1", End::Garbage);
    }

    #[test]
    fn an_open_quote_of_a_caller_hides_nothing_that_a_proxy_added() {
        forwarded(&[b"for=\"198.51.100.1, for=192.0.2.1"], "192.0.2.1", End::Untrusted);
        forwarded(&[b"for=\"a\\, for=\"192.0.2.1\""], "192.0.2.1", End::Untrusted);
        forwarded(&[b"for=198.51.100.1;x=\"", b"for=192.0.2.1"], "192.0.2.1", End::Untrusted);
    }

    #[test]
    fn a_row_of_trusted_proxies_without_end_is_left() {
        let row = ["10.0.0.2"; 100].join(",");
        for_each(&[row.as_bytes()], "10.0.0.2", End::TooLong);
    }
}
