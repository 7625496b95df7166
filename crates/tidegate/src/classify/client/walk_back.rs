//! The elements of a forwarding field from its end, so that what stands before one can't change it. Never here:
//! trust.

use std::net::IpAddr;

use http::HeaderValue;
use http::header::GetAll;

use super::node;
use super::{End, Field};

/// Who called whom, from the nearest proxy on: an address, or why there is none. Empty elements are no elements
/// (RFC 9110 section 5.6.1.2).
pub(super) fn steps<'h>(
    lines: GetAll<'h, HeaderValue>,
    field: Field,
) -> impl Iterator<Item = Result<IpAddr, End>> + 'h {
    let backwards = lines.iter().rev().flat_map(move |line| Backwards { rest: Some(line.as_bytes()), field });
    backwards.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty()).map(move |element| match field {
        Field::XForwardedFor => node::address(element),
        Field::Forwarded => node::of_element(element),
    })
}

/// The elements of one line, the last one first.
struct Backwards<'h> {
    rest: Option<&'h [u8]>,
    field: Field,
}

impl<'h> Iterator for Backwards<'h> {
    type Item = &'h [u8];

    fn next(&mut self) -> Option<&'h [u8]> {
        let line = self.rest?;
        let comma = match self.field {
            Field::XForwardedFor => line.iter().rposition(|&byte| byte == b','),
            Field::Forwarded => last_comma_outside_quotes(line),
        };
        self.rest = comma.map(|at| &line[..at]);
        Some(comma.map_or(line, |at| &line[at + 1..]))
    }
}

/// The last comma that stands in no quoted string, looked for from the end: a quote that was opened further in
/// front and never closed has no say.
fn last_comma_outside_quotes(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    for (at, &byte) in line.iter().enumerate().rev() {
        match byte {
            b'"' if !(quoted && is_escaped(line, at)) => quoted = !quoted,
            b',' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether an odd number of backslashes stands before.
fn is_escaped(line: &[u8], at: usize) -> bool {
    line[..at].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}
