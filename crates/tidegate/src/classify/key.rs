//! Whose share a request takes from: the parts of a key, and their hash. Never here: a key that is kept.

mod cookie;
mod token;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::hash::Hasher;
use std::net::IpAddr;
use std::str::FromStr;

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName};

use crate::store::secret::KeyHasher;
use crate::store::{Key, Secret};

use super::Request;
use super::template::Extent;

/// One part of what tells callers apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// The token of `Authorization: Bearer`.
    Bearer,
    /// The client's address, or its network as [`Grouping`] says.
    Ip,
    /// A header field's value.
    Header(HeaderName),
    /// A cookie's value.
    Cookie(String),
    /// What a place in the limit's path template stands for.
    Path(String),
    /// The host that is asked for, without its port.
    Host,
}

/// How many bits of an address make a caller.
///
/// A household or a rented server has a whole IPv6 /64, so an address of it means nothing. An IPv4 address written
/// as IPv6 (`::ffff:192.0.2.1`) is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// For IPv4: 32 unless told otherwise.
    pub v4_bits: u8,
    /// For IPv6: 64 unless told otherwise.
    pub v6_bits: u8,
}

impl Default for Grouping {
    fn default() -> Grouping {
        Grouping { v4_bits: 32, v6_bits: 64 }
    }
}

impl Grouping {
    /// The network's own address, for any address in it.
    pub fn of(self, address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.v4_bits.min(32))).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.v6_bits.min(128))).unwrap_or(0);
                IpAddr::V6((address.to_bits() & mask).into())
            }
        }
    }
}

/// What becomes of a request that lacks a part of a limit's key. Never a silent pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// It is refused.
    #[default]
    Refuse,
    /// It shares one count with all that lack the part.
    Anonymous,
    /// The client's address stands for the part.
    ByAddress,
}

/// Why a part is as good as missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The request hasn't got it, or it is empty.
    Absent,
    /// The request has it twice, with different values: servers differ in which counts.
    Several,
    /// Servers differ in where it ends: a token with a blank or a comma in it, say.
    Unclear,
}

/// A part as a request has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Text(Cow<'a, [u8]>),
    Address(IpAddr),
    Lacking(Lack),
}

/// A part of a compiled limit: the place in the path is known by number.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Bearer,
    Ip,
    Header(HeaderName),
    Cookie(String),
    Path(usize, Extent),
    Host,
}

impl Part {
    /// The part as the request has it. Allocates only to decode a cookie's codes.
    pub(super) fn of<'a>(&self, request: &Request<'a>, grouping: Grouping) -> Found<'a> {
        match self {
            Part::Ip => Found::Address(grouping.of(request.client)),
            Part::Path(at, extent) => {
                the_one([place(request.target.path(), *at, *extent).into()].into_iter())
            }
            Part::Host => Found::Text(request.host.name().as_bytes().into()),
            part => part.in_headers(request.headers).unwrap_or(Found::Lacking(Lack::Absent)),
        }
    }

    /// The part as the header fields have it; `None` for a part that isn't found there.
    pub(super) fn in_headers<'a>(&self, headers: &'a HeaderMap) -> Option<Found<'a>> {
        match self {
            Part::Bearer => {
                let lines = headers.get_all(AUTHORIZATION).iter();
                Some(the_token(lines.filter_map(|line| token::of(line.as_bytes()))))
            }
            Part::Header(name) => {
                let lines = headers.get_all(name).iter();
                Some(the_one(lines.map(|line| token::bare(line.as_bytes()).into())))
            }
            Part::Cookie(name) => {
                let lines = headers.get_all(COOKIE).iter();
                Some(the_one(lines.flat_map(|line| cookie::values(line.as_bytes(), name))))
            }
            Part::Ip | Part::Path(..) | Part::Host => None,
        }
    }
}

/// The one token that there is, if no server can take it for another.
fn the_token<'a>(tokens: impl Iterator<Item = &'a [u8]>) -> Found<'a> {
    match the_one(tokens.map(Cow::Borrowed)) {
        Found::Text(text) if !token::is_plain(&text) => Found::Lacking(Lack::Unclear),
        found => found,
    }
}

/// The one value that there is.
fn the_one<'a>(mut values: impl Iterator<Item = Cow<'a, [u8]>>) -> Found<'a> {
    let Some(first) = values.next() else { return Found::Lacking(Lack::Absent) };
    if values.any(|value| value != first) {
        Found::Lacking(Lack::Several)
    } else if first.is_empty() {
        Found::Lacking(Lack::Absent)
    } else {
        Found::Text(first)
    }
}

/// One segment of a path, or all from there on.
fn place(path: &str, at: usize, extent: Extent) -> &[u8] {
    let mut rest = path.strip_prefix('/').unwrap_or_default();
    for _ in 0..at {
        rest = rest.split_once('/').map_or("", |(_, rest)| rest);
    }
    match extent {
        Extent::One => rest.split('/').next().unwrap_or_default().as_bytes(),
        Extent::Rest => rest.as_bytes(),
    }
}

/// Gathers the parts of a key into its hash.
#[derive(Debug)]
pub(super) struct Gathered(KeyHasher);

impl Gathered {
    pub(super) fn new(secret: &Secret) -> Gathered {
        Gathered(secret.hasher())
    }

    /// Adds a part, told apart by its kind and length: no two lists of parts are the same text.
    pub(super) fn add(&mut self, found: &Found<'_>) {
        match found {
            Found::Text(text) => self.add_bytes(b't', text),
            Found::Address(IpAddr::V4(address)) => self.add_bytes(b'4', &address.octets()),
            Found::Address(IpAddr::V6(address)) => self.add_bytes(b'6', &address.octets()),
            Found::Lacking(_) => self.add_bytes(b'-', b""),
        }
    }

    /// Adds the plan whose quota counts: a state belongs to its quota. By its name, which stays when plans are
    /// put in another order.
    pub(super) fn add_plan(&mut self, name: &str) {
        self.add_bytes(b'p', name.as_bytes());
    }

    fn add_bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.0.write_u8(kind);
        self.0.write_usize(bytes.len());
        self.0.write(bytes);
    }

    pub(super) fn finish(self) -> Key {
        self.0.key()
    }
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyPart::Bearer => f.write_str("bearer"),
            KeyPart::Ip => f.write_str("ip"),
            KeyPart::Header(name) => write!(f, "header:{name}"),
            KeyPart::Cookie(name) => write!(f, "cookie:{name}"),
            KeyPart::Path(name) => write!(f, "path:{name}"),
            KeyPart::Host => f.write_str("host"),
        }
    }
}

/// A text that is no part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPartError {
    text: String,
}

impl Error for KeyPartError {}

impl fmt::Display for KeyPartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no part of a key: expected bearer, ip, host, header:NAME, cookie:NAME or path:PLACE",
            self.text
        )
    }
}

impl FromStr for KeyPart {
    type Err = KeyPartError;

    fn from_str(text: &str) -> Result<KeyPart, KeyPartError> {
        let part = match text.split_once(':') {
            None => match text {
                "bearer" => Some(KeyPart::Bearer),
                "ip" => Some(KeyPart::Ip),
                "host" => Some(KeyPart::Host),
                _ => None,
            },
            Some(("header", name)) => HeaderName::from_bytes(name.as_bytes()).ok().map(KeyPart::Header),
            // The names of cookies are tokens, as those of fields are (RFC 6265 section 4.1.1).
            Some(("cookie", name)) if HeaderName::from_bytes(name.as_bytes()).is_ok() => {
                Some(KeyPart::Cookie(name.to_owned()))
            }
            Some(("path", name)) if !name.is_empty() => Some(KeyPart::Path(name.to_owned())),
            Some(_) => None,
        };
        part.ok_or_else(|| KeyPartError { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_as_it_is_read() {
        for text in ["bearer", "ip", "host", "header:x-api-key", "cookie:Session", "path:id"] {
            assert_eq!(text.parse::<KeyPart>().unwrap().to_string(), text);
        }
        for text in ["", "Bearer", "header:", "header:a b", "cookie:", "cookie:a=b", "path:", "query:key"] {
            let error = text.parse::<KeyPart>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")) && error.contains("header:NAME"), "{error}");
        }
    }

    #[track_caller]
    fn check_group(grouping: Grouping, address: &str, network: &str) {
        assert_eq!(grouping.of(address.parse().unwrap()), network.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn addresses_are_grouped_by_network() {
        let usual = Grouping::default();
        check_group(usual, "192.0.2.7", "192.0.2.7");
        check_group(usual, "::ffff:192.0.2.7", "192.0.2.7");
        check_group(usual, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
        check_group(usual, "2001:db8:1:3::1", "2001:db8:1:3::");
        check_group(Grouping { v4_bits: 24, v6_bits: 48 }, "192.0.2.7", "192.0.2.0");
        check_group(Grouping { v4_bits: 24, v6_bits: 48 }, "2001:db8:1:2::1", "2001:db8:1::");
        check_group(Grouping { v4_bits: 0, v6_bits: 0 }, "192.0.2.7", "0.0.0.0");
        check_group(Grouping { v4_bits: 0, v6_bits: 0 }, "2001:db8::1", "::");
        check_group(Grouping { v4_bits: 255, v6_bits: 255 }, "2001:db8::1", "2001:db8::1");
    }

    #[test]
    fn a_place_is_found_by_number() {
        assert_eq!(place("/v1/rooms/7/x", 2, Extent::One), b"7");
        assert_eq!(place("/v1/rooms/7/x", 2, Extent::Rest), b"7/x");
        assert_eq!(place("/v1/rooms", 2, Extent::Rest), b"");
        assert_eq!(place("*", 0, Extent::One), b"");
    }
}
