//! An answer as `curl -i` prints it, taken apart: the head that counts, and its body. Never here: what they mean.
//!
//! curl may print several heads, one right behind the other. **The rule**: where a head's body would begin, a line
//! that is a whole status line begins another head if the head before can have no body there. That is so if it is
//! 1xx or 3xx, if it asks for credentials (401, 407: curl leaves the body out and asks again), if it says itself
//! that it has no content (`Content-Length: 0`), or if it opens a proxy's tunnel: a 2xx whose reason says
//! "connection established", or that has neither `Content-Length` nor `Transfer-Encoding` nor `Content-Type`.
//! Behind a body, or on its last line, a **whole** head (a status line, fields, an empty line) begins another answer
//! if the body before it is complete: its `Content-Length` is reached, or, where none is told, its JSON object or
//! array has ended. Anywhere else a line `HTTP/1.1 200 OK` is the body's.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::lines::{self, Line};
use super::{body, forms, transcript};
use crate::exit::{Exit, Failure};

const WHAT_TO_TYPE: &str =
    "`curl -si URL | tidegate explain` hands over head and body; `tidegate explain FILE` reads a file";

/// An answer.
#[derive(Debug)]
pub(super) struct Pasted {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Pasted {
    /// Reads what `curl -si` or `curl -v` printed.
    pub(super) fn read(text: &[u8]) -> Result<Pasted, Failure> {
        let text = forms::text(text);
        let lines = transcript::plain(forms::plain(lines::of(&text)));
        // Whoever copies from a terminal copies what was typed there, too.
        let is_before = |line: &Line<'_>| line.is_blank() || line.bytes.starts_with(b"$ ");
        let mut lines: Vec<Line<'_>> = lines.into_iter().skip_while(is_before).collect();
        let text: Vec<u8> = lines.iter().flat_map(|line| line.bytes).copied().collect();
        let (mut first, mut start) = (0, 0);
        loop {
            let (head, count) = Head::read(&lines[first..])?;
            start += lines[first..first + count].iter().map(|line| line.bytes.len()).sum::<usize>();
            first += count;
            let is_head = lines.get(first).is_some_and(|line| line.status().is_some());
            if is_head && head.can_have_no_body() {
                continue;
            }
            let body = &text[start..];
            let Some(at) = body::next_answer(&head.headers, body) else {
                return Ok(Pasted { status: head.status, headers: head.headers, body: body.to_vec() });
            };
            first = cut(&mut lines, first, at);
            start += at;
        }
    }
}

/// Begins a line so many bytes behind the beginning of another one, and says which it is.
fn cut(lines: &mut [Line<'_>], mut first: usize, mut at: usize) -> usize {
    while let Some(line) = lines.get_mut(first) {
        if at < line.bytes.len() {
            line.bytes = &line.bytes[at..];
            break;
        }
        at -= line.bytes.len();
        first += 1;
    }
    first
}

/// The status and the reason on the first line.
fn first_status<'a>(lines: &[Line<'a>]) -> Result<(StatusCode, &'a [u8]), Failure> {
    let Some((first, after)) = lines.split_first() else {
        return Err(bad("there is nothing to read: what was handed over is empty").hint(WHAT_TO_TYPE));
    };
    // `404 page not found` may well be a body.
    let is_sure =
        || first.text().starts_with(b":") || after.first().is_some_and(|line| body::is_field(*line));
    let bare = || first.bare_status().filter(|_| is_sure());
    first.status().or_else(bare).ok_or_else(|| no_status(*first))
}

/// A head.
struct Head<'a> {
    status: StatusCode,
    reason: &'a [u8],
    headers: HeaderMap,
}

impl<'a> Head<'a> {
    /// Reads a head and the empty line behind it, and says how many lines that are.
    fn read(lines: &[Line<'a>]) -> Result<(Head<'a>, usize), Failure> {
        let (status, reason) = first_status(lines)?;
        let after = lines.get(1..).unwrap_or_default();
        let count = after.iter().take_while(|line| !line.is_blank()).count();
        let fields = &after[..count];
        let mut headers = HeaderMap::new();
        for field in unfolded(fields)? {
            field.add_to(&mut headers)?;
        }
        Ok((Head { status, reason, headers }, lines.len().min(count + 2)))
    }

    fn can_have_no_body(&self) -> bool {
        let is_there = |name: HeaderName| self.headers.contains_key(name);
        let is_empty = || self.headers.get_all(CONTENT_LENGTH).iter().any(|length| length == "0");
        match self.status.as_u16() {
            100..=199 | 300..=399 | 401 | 407 => true,
            200..=299 if self.reason.eq_ignore_ascii_case(b"Connection established") => true,
            200..=299 if ![CONTENT_LENGTH, TRANSFER_ENCODING, CONTENT_TYPE].into_iter().any(is_there) => true,
            _ => is_empty(),
        }
    }
}

/// A field with the lines that continue it (RFC 9112 section 5.2), without their ends.
struct Written {
    number: usize,
    text: Vec<u8>,
}

fn unfolded(lines: &[Line<'_>]) -> Result<Vec<Written>, Failure> {
    let mut fields: Vec<Written> = Vec::new();
    for line in lines {
        let text = line.text();
        if !text.starts_with(b" ") && !text.starts_with(b"\t") {
            fields.push(Written { number: line.number, text: text.to_vec() });
        } else if let Some(field) = fields.last_mut() {
            field.text.push(b' ');
            field.text.extend_from_slice(text.trim_ascii());
        } else {
            return Err(bad(format!(
                "line {} begins with a blank, and there is no field that it could continue",
                line.number
            ))
            .hint("take the blanks away if they came with copying"));
        }
    }
    Ok(fields)
}

impl Written {
    fn add_to(&self, headers: &mut HeaderMap) -> Result<(), Failure> {
        let Written { number, text } = self;
        let no_field = |fault: &str| {
            bad(format!("line {number} is no field of a head: it has {fault}"))
                .hint("fields are 'Name: value'; if the body begins there, put an empty line before it")
        };
        let colon = text.iter().position(|&byte| byte == b':').ok_or_else(|| no_field("no colon"))?;
        let name = HeaderName::from_bytes(text[..colon].trim_ascii())
            .map_err(|_| no_field("no valid name before its colon"))?;
        let value = HeaderValue::from_bytes(text[colon + 1..].trim_ascii()).map_err(|_| {
            bad(format!("line {number} has a control character in the value of {name}"))
                .hint("no server may send one; it may have come in with copying")
        })?;
        let full = |_| bad(format!("the head has too many fields: line {number} is one too many"));
        headers.try_append(name, value).map(drop).map_err(full)
    }
}

/// What is wrong with a first line that is no status line.
fn no_status(line: Line<'_>) -> Failure {
    let Line { number, .. } = line;
    let text = line.text();
    let name = text.iter().position(|&byte| byte == b':').map(|colon| &text[..colon]);
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/")) {
        return bad(format!("line {number} begins like a status line, but it has no status"))
            .hint("write it like 'HTTP/1.1 429 Too Many Requests' or 'HTTP/2 429'");
    }
    if text.contains(&0) {
        return bad(format!("line {number} has zero bytes in it"))
            .hint("if this is UTF-16, write it as UTF-8");
    }
    if text.starts_with(b" ") || text.starts_with(b"\t") || text.starts_with(b">") {
        return bad(format!("line {number} is no status line: something stands before it"))
            .hint("take away what copying has put before the lines, or put it before all of them");
    }
    match name.map(HeaderName::from_bytes) {
        Some(Ok(name)) => bad(format!(
            "line {number} is the field {name}, but the status line before it is missing"
        ))
        .hint(
            "put the answer's status above it, such as 'HTTP/1.1 429', or take all of it from `curl -si URL`",
        ),
        _ => bad(format!("line {number} is no status line such as 'HTTP/1.1 429 Too Many Requests'"))
            .hint("`curl -si URL` prints head and body; without -i it prints the body alone"),
    }
}

fn bad(what: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text that differs from this one by its end, or by a byte, is an answer or a fault with a hint.
    #[track_caller]
    fn check_all_near(text: &str) {
        let check = |text: &[u8]| match Pasted::read(text) {
            Ok(answer) => assert!(answer.body.len() <= text.len()),
            Err(failure) => assert_eq!(failure.exit(), Exit::Usage),
        };
        for at in 0..=text.len() {
            check(&text.as_bytes()[..at]);
            check(&text.as_bytes()[at..]);
        }
        for at in 0..text.len() {
            for byte in [b'\0', b'\n', b'\r', b' ', b':', b'<', b'*', 0xff] {
                let mut text = text.as_bytes().to_vec();
                text[at] = byte;
                check(&text);
            }
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        check_all_near(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 301 A\r\nContent-Length: 0\r\n\r\nHTTP/2 429 \r\na: b\r\n c\r\n\r\nHTTP/1.1 200 OK",
        );
        check_all_near(
            "* A\n> GET / HTTP/1.1\n>\n< HTTP/1.1 302 A\n< \n< HTTP/2 429\n< a: b\n<\n{ [1 bytes data]\nx* Connection #0 to host a left intact\n",
        );
    }

    #[test]
    fn a_body_comes_out_byte_for_byte() {
        for body in [&b""[..], b"\r\n\r\nx\n", b"\n", b"a\r\n\xff\0* b\n< c\n", b"HTTP/1.1 200 OK\r\n\r\n"] {
            let pasted = Pasted::read(&[&b"HTTP/1.1 500 A\r\nb: c\r\n\r\n"[..], body].concat()).unwrap();
            assert_eq!(pasted.body, body);
        }
    }
}
