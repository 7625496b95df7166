//! One element of a forwarding field: the address in it, if it names one. Never here: where the element ends.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::End;

/// The longest that a node's name may be once unquoted: an IPv6 address in brackets with an IPv4 tail and a port.
const LONGEST: usize = 64;

/// The address that a node is, as in `X-Forwarded-For` or after `for=`: with or without port, IPv6 with or without
/// brackets.
pub(super) fn address(node: &[u8]) -> Result<IpAddr, End> {
    let text = std::str::from_utf8(node).map_err(|_| End::Garbage)?;
    if text.eq_ignore_ascii_case("unknown") || is_obfuscated(text) {
        return Err(End::Hidden);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(End::Garbage)?;
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        let address: Ipv6Addr = address.parse().map_err(|_| End::Garbage)?;
        return if is_port { Ok(address.into()) } else { Err(End::Garbage) };
    }
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (address, port) = text.split_once(':').ok_or(End::Garbage)?;
    if is_obfuscated(address) && is_port(port) {
        return Err(End::Hidden);
    }
    let address: Ipv4Addr = address.parse().map_err(|_| End::Garbage)?;
    if is_port(port) { Ok(address.into()) } else { Err(End::Garbage) }
}

/// A name that hides an address: `_` and letters, digits, `.`, `_`, `-` (RFC 7239 section 6.3).
fn is_obfuscated(text: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.strip_prefix('_').is_some_and(|name| !name.is_empty() && name.bytes().all(is_of_name))
}

fn is_port(text: &str) -> bool {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number || is_obfuscated(text)
}

/// The address after `for=` in an element of `Forwarded` (RFC 7239 section 4). An element without it hides who
/// called.
pub(super) fn of_element(element: &[u8]) -> Result<IpAddr, End> {
    let (mut rest, mut found) = (element, None);
    loop {
        let equals = rest.iter().position(|&byte| byte == b'=').ok_or(End::Garbage)?;
        let name = rest[..equals].trim_ascii();
        let (value, after) = Value::read(rest[equals + 1..].trim_ascii_start()).ok_or(End::Garbage)?;
        if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
            return Err(End::Garbage);
        }
        if name.eq_ignore_ascii_case(b"for") && found.replace(value).is_some() {
            return Err(End::Garbage);
        }
        let after = after.trim_ascii_start();
        match after.split_first() {
            None => break,
            Some((b';', after)) if !after.trim_ascii().is_empty() => rest = after,
            Some((b';', _)) => break,
            Some(_) => return Err(End::Garbage),
        }
    }
    found.ok_or(End::Hidden)?.address()
}

/// The value of a pair: a token, or what is between quotes.
enum Value<'e> {
    Token(&'e [u8]),
    Quoted(&'e [u8]),
}

impl<'e> Value<'e> {
    /// The value that the text begins with, and what is behind it.
    fn read(text: &'e [u8]) -> Option<(Value<'e>, &'e [u8])> {
        let Some(inside) = text.strip_prefix(b"\"") else {
            // Addresses have colons and brackets, which no token has; many a proxy writes them without quotes.
            let is_of_value = |byte: u8| is_token(byte) || matches!(byte, b':' | b'[' | b']');
            let end = text.iter().position(|&byte| !is_of_value(byte)).unwrap_or(text.len());
            return (end > 0).then(|| (Value::Token(&text[..end]), &text[end..]));
        };
        let mut at = 0;
        loop {
            match inside.get(at)? {
                b'"' => return Some((Value::Quoted(&inside[..at]), &inside[at + 1..])),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
    }

    fn address(self) -> Result<IpAddr, End> {
        let quoted = match self {
            Value::Token(text) => return address(text),
            Value::Quoted(text) => text,
        };
        let (mut plain, mut length, mut bytes) = ([0; LONGEST], 0, quoted.iter());
        while let Some(&byte) = bytes.next() {
            let byte = if byte == b'\\' { *bytes.next().ok_or(End::Garbage)? } else { byte };
            *plain.get_mut(length).ok_or(End::Garbage)? = byte;
            length += 1;
        }
        address(&plain[..length])
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
