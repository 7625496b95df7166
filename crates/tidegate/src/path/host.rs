//! The host that a request is for, in one spelling. Never here: a port's meaning, a route.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::HeaderMap;
use http::header::HOST;

use super::{Fault, Wrong};

/// The longest that a name and one of its labels may be (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The host that a request is for: a name in small letters without a dot at its end, or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host<'a> {
    name: Cow<'a, str>,
    port: Option<u16>,
}

impl<'a> Host<'a> {
    /// The host of a request, from `:authority` or an absolute-form's authority if there is one, and from the
    /// `Host` field. Where both are there they must agree (RFC 9112 section 3.2.2, RFC 9113 section 8.3.1).
    ///
    /// # Errors
    /// When there is none, or more than one, or it can be read in two ways.
    pub fn of(authority: Option<&'a str>, headers: &'a HeaderMap) -> Result<Host<'a>, Fault> {
        let mut lines = headers.get_all(HOST).iter();
        let line = lines.next();
        if lines.next().is_some() {
            return Err(Fault::new(Wrong::SeveralHosts, 0));
        }
        let told = line.map(|line| Host::read(line.as_bytes())).transpose()?;
        match (authority.map(|authority| Host::read(authority.as_bytes())).transpose()?, told) {
            (Some(named), Some(told)) if named != told => Err(Fault::new(Wrong::SeveralHosts, 0)),
            (Some(host), _) | (None, Some(host)) => Ok(host),
            (None, None) => Err(Fault::new(Wrong::NoHost, 0)),
        }
    }

    /// A host as it stands in a `Host` field or in an authority.
    ///
    /// # Errors
    /// When it is empty, has a user, or isn't an ASCII name or a whole address with at most a port.
    pub fn read(text: &'a [u8]) -> Result<Host<'a>, Fault> {
        if let Some(host) = Host::read_plain(text) {
            return Ok(host);
        }
        if let Some(at) = text.iter().position(|&byte| byte == b'@') {
            return Err(Fault::new(Wrong::UserInfo, at));
        }
        let text = std::str::from_utf8(text).map_err(|error| character(error.valid_up_to()))?;
        match text.strip_prefix('[') {
            Some(rest) => Host::read_v6(rest),
            None => Host::read_name(text),
        }
    }

    /// A name or an IPv4 address in normal form, perhaps with a port, as most are: what need not be looked at twice.
    fn read_plain(text: &'a [u8]) -> Option<Host<'a>> {
        let (name, port) = match text.iter().position(|&byte| byte == b':') {
            Some(end) => (&text[..end], Some(plain_port(&text[end + 1..])?)),
            None => (text, None),
        };
        let name = std::str::from_utf8(name).ok().filter(|name| is_plain(name))?;
        Some(Host { name: Cow::Borrowed(name), port })
    }

    fn read_v6(rest: &str) -> Result<Host<'a>, Fault> {
        let (address, after) = rest.split_once(']').ok_or(Fault::new(Wrong::HostAddress, 0))?;
        let address: Ipv6Addr = address.parse().map_err(|_| Fault::new(Wrong::HostAddress, 1))?;
        let port = match after.strip_prefix(':') {
            Some(digits) => read_port(digits, 1 + rest.len() - digits.len())?,
            None if after.is_empty() => None,
            None => return Err(Fault::new(Wrong::Port, 1 + rest.len() - after.len())),
        };
        Ok(Host { name: Cow::Owned(format!("[{address}]")), port })
    }

    fn read_name(text: &'a str) -> Result<Host<'a>, Fault> {
        let (name, port) = match text.split_once(':') {
            Some((name, digits)) => (name, read_port(digits, name.len() + 1)?),
            None => (text, None),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        check_name(name)?;
        let is_normal = !name.bytes().any(|byte| byte.is_ascii_uppercase());
        let name = if is_normal { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) };
        Ok(Host { name, port })
    }

    /// The name in small letters, or the address; IPv6 in brackets and in its shortest form.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port, if one is named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

/// As it stands in a `Host` field: what is forwarded.
impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Whether this is a name or an IPv4 address in normal form.
fn is_plain(text: &str) -> bool {
    let (mut label, mut begins_with) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'.' if label == 0 => return false,
            b'.' => label = 0,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {
                begins_with = if label == 0 { byte } else { begins_with };
                label += 1;
            }
            _ => return false,
        }
        if label > LONGEST_LABEL {
            return false;
        }
    }
    let is_whole = text.len() <= LONGEST_NAME && label > 0;
    is_whole && (begins_with.is_ascii_lowercase() || text.parse::<Ipv4Addr>().is_ok())
}

/// A port of one to five digits; for all else there is time to say what is wrong.
fn plain_port(digits: &[u8]) -> Option<u16> {
    let are_digits = matches!(digits.len(), 1..=5) && digits.iter().all(u8::is_ascii_digit);
    let read = |port: u32, digit: &u8| 10 * port + u32::from(digit - b'0');
    let port = are_digits.then(|| digits.iter().fold(0, read))?;
    u16::try_from(port).ok().filter(|port| *port > 0)
}

fn character(at: usize) -> Fault {
    Fault::new(Wrong::HostCharacter, at)
}

/// The port that the digits are, `None` if there are none (RFC 3986 section 3.2.3).
fn read_port(digits: &str, at: usize) -> Result<Option<u16>, Fault> {
    if digits.is_empty() {
        return Ok(None);
    }
    let is_number = digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(port) if is_number && port > 0 => Ok(Some(port)),
        _ => Err(Fault::new(Wrong::Port, at)),
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if let Some(at) = name.bytes().position(|byte| !is_of_name(byte)) {
        return Err(character(at));
    }
    if name.is_empty() {
        return Err(Fault::new(Wrong::NoHost, 0));
    }
    let mut at = 0;
    for label in name.split('.') {
        if label.is_empty() || label.len() > LONGEST_LABEL || at + label.len() > LONGEST_NAME {
            return Err(Fault::new(Wrong::HostLabel, at));
        }
        at += label.len() + 1;
    }
    // `127.1`, `0x7f.1` and `017700000001` are addresses to some readers and names to others.
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_hex = last.strip_prefix("0x").or(last.strip_prefix("0X"));
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || is_hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_number && name.parse::<Ipv4Addr>().is_err() {
        return Err(Fault::new(Wrong::HostAddress, 0));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_reads_what_the_long_one_reads() {
        for text in [
            "api.example",
            "a_b-c.example:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "10.0.0.255:65535",
            "7.example",
            "a.7b",
            "a:0",
            "a:65536",
            "a:99999",
            "a:000080",
            "a:08",
            "a:",
            "a:8x",
            "127.1",
            "127.0.0.01",
            "1.2.3.256",
            "a.",
            "a..b",
            ".a",
            "",
            ":80",
            "0x7f.1",
            "a:80:80",
            "A.example:80",
        ] {
            if let Some(host) = Host::read_plain(text.as_bytes()) {
                assert_eq!(Host::read_name(text), Ok(host), "{text}");
            }
        }
        for plain in ["api.example", "api.example:8080", "127.0.0.1:80"] {
            assert!(Host::read_plain(plain.as_bytes()).is_some(), "{plain}");
        }
    }
}
