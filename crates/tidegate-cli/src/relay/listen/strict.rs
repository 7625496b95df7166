//! HTTP/1.1 as it comes, looked at before the parser gets it: what two readers could read in two ways is found here.
//! Never here: what a head says, beyond where the message ends.
//!
//! The parser takes a line's end without a carriage return, and a request that has both a `Content-Length` and a
//! `Transfer-Encoding`; and what it took can't be seen any more. A server behind that reads either in the other way
//! would take the end of one request for the beginning of another (RFC 9112 section 11.2).

use memchr::{memchr, memchr2};

/// Follows the requests on one connection.
#[derive(Debug)]
pub(super) struct Strict {
    state: State,
    /// The beginning of a line whose end hasn't come.
    line: Vec<u8>,
    head: Head,
    longest_line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Body(u64),
    ChunkSize,
    /// The rest of a chunk.
    Chunk(u64),
    ChunkEnd,
    Trailers,
}

/// What a head has said so far of where its message ends.
#[derive(Debug, Default)]
struct Head {
    lines: usize,
    length: Option<u64>,
    chunked: bool,
    asks_for_tunnel: bool,
}

/// Why a line was refused isn't kept: it can't be told to who sent it in any other way than by "400".
#[derive(Debug)]
struct Ambiguous;

impl Strict {
    /// For lines of at most so many bytes.
    pub(super) fn new(longest_line: usize) -> Strict {
        Strict { state: State::Head, line: Vec::new(), head: Head::default(), longest_line }
    }

    /// Whether a head has begun, and hasn't ended.
    pub(super) fn is_in_head(&self) -> bool {
        self.state == State::Head && (self.head.lines > 0 || !self.line.is_empty())
    }

    /// Looks at what was read. If the parser must not get all of it, says how much it may get.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match &mut self.state {
                State::Body(left) | State::Chunk(left) => {
                    let taken = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    self.state = match self.state {
                        State::Body(0) => State::Head,
                        State::Chunk(0) => State::ChunkEnd,
                        state => state,
                    };
                    taken
                }
                _line => self.read_line(rest).map_err(|Refused(found)| at + found)?,
            };
        }
        Ok(())
    }

    /// Reads to the end of a line, or of what has come. Says how much that was.
    fn read_line(&mut self, rest: &[u8]) -> Result<usize, Refused> {
        // The usual case: a whole line, of which nothing came before.
        let end = match (memchr2(b'\r', b'\n', rest), self.line.last()) {
            (found, Some(b'\r')) if rest[0] == b'\n' => found.map(|_| 0),
            (_, Some(b'\r')) => return Err(Refused(0)),
            (Some(found), _) if rest[found] == b'\n' => return Err(Refused(found)),
            (Some(found), _) if found + 1 == rest.len() => None,
            (Some(found), _) if rest[found + 1] != b'\n' => return Err(Refused(found)),
            (found, _) => found.map(|found| found + 1),
        };
        let Some(end) = end else {
            if self.line.len() + rest.len() > self.longest_line {
                // The parser, too, refuses a line of this length, and says so better.
                return Ok(rest.len());
            }
            self.line.extend_from_slice(rest);
            return Ok(rest.len());
        };
        let taken = if self.line.is_empty() {
            self.take_line(&rest[..end - 1])
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(&rest[..=end]);
            self.take_line(&line[..line.len() - 2])
        };
        // Up to the last byte, without which no head is whole.
        taken.map_err(|Ambiguous| Refused(end)).map(|()| end + 1)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        self.state = match self.state {
            State::Head => return self.take_head_line(line),
            State::ChunkSize => match chunk_size(line)? {
                0 => State::Trailers,
                size => State::Chunk(size),
            },
            State::ChunkEnd if line.is_empty() => State::ChunkSize,
            State::Trailers if line.is_empty() => State::Head,
            State::Trailers if !is_folded(line) && field(line).is_none() => State::Trailers,
            _ => return Err(Ambiguous),
        };
        Ok(())
    }

    fn take_head_line(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        let head = &mut self.head;
        match (head.lines, line) {
            // RFC 9112 section 2.2: an empty line before a request is no harm.
            (0, []) => {}
            // The parser drops a fragment: nobody behind could see that it was there.
            (0, request_line) if memchr(b'#', request_line).is_some() => return Err(Ambiguous),
            (0, request_line) => {
                head.lines = 1;
                head.asks_for_tunnel = request_line.starts_with(b"CONNECT ");
            }
            (_, []) => {
                self.state = match (head.chunked, head.length) {
                    (true, Some(_)) => return Err(Ambiguous),
                    // What follows is no HTTP; who refuses a tunnel ends the connection.
                    _ if head.asks_for_tunnel => State::Body(u64::MAX),
                    (true, None) => State::ChunkSize,
                    (false, None | Some(0)) => State::Head,
                    (false, Some(length)) => State::Body(length),
                };
                self.head = Head::default();
            }
            (_, folded) if is_folded(folded) => return Err(Ambiguous),
            _ => head.take_field(line)?,
        }
        Ok(())
    }
}

/// Where it was found that a line can't be handed on.
struct Refused(usize);

impl Head {
    fn take_field(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        self.lines += 1;
        match field(line) {
            None => Ok(()),
            Some((Field::Length, value)) if self.length.is_none() => {
                self.length = Some(number(value, 10)?);
                Ok(())
            }
            Some((Field::Coding, value)) if !self.chunked && value.eq_ignore_ascii_case(b"chunked") => {
                self.chunked = true;
                Ok(())
            }
            Some(_) => Err(Ambiguous),
        }
    }
}

/// The fields that say where a message ends.
enum Field {
    Length,
    Coding,
}

/// Which of those this line is, and its value. Blanks before the colon are the parser's to refuse, but must not hide
/// a field from here.
fn field(line: &[u8]) -> Option<(Field, &[u8])> {
    let (name, field) = match line.first()? | 0x20 {
        b'c' => (&b"content-length"[..], Field::Length),
        b't' => (&b"transfer-encoding"[..], Field::Coding),
        _ => return None,
    };
    let (start, rest) = line.split_at_checked(name.len())?;
    let value = rest.trim_ascii_start().strip_prefix(b":")?;
    start.eq_ignore_ascii_case(name).then_some((field, value.trim_ascii()))
}

/// Whether a line goes on with the one before.
fn is_folded(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

fn chunk_size(line: &[u8]) -> Result<u64, Ambiguous> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, rest) = line.split_at(end);
    match rest.trim_ascii_start() {
        [] | [b';', ..] => number(digits, 16),
        _ => Err(Ambiguous),
    }
}

/// A number of digits alone: no sign, no blank, no list.
fn number(digits: &[u8], radix: u32) -> Result<u64, Ambiguous> {
    if digits.iter().any(|byte| !byte.is_ascii_hexdigit()) {
        return Err(Ambiguous);
    }
    let text = std::str::from_utf8(digits).map_err(|_| Ambiguous)?;
    u64::from_str_radix(text, radix).map_err(|_| Ambiguous)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser gets of it, read whole and byte by byte.
    #[track_caller]
    fn check(said: &str, refused_before: Option<&str>) {
        let expected = refused_before.map_or(Ok(()), |rest| Err(said.len() - rest.len()));
        assert_eq!(Strict::new(1000).read(said.as_bytes()), expected, "{said:?} at once");
        let mut strict = Strict::new(1000);
        let one_by_one = (0..said.len())
            .try_for_each(|at| strict.read(&said.as_bytes()[at..=at]).map_err(|within| at + within));
        // A lone carriage return is found with the byte behind it.
        let matches = one_by_one == expected || one_by_one.err() == expected.err().map(|at| at + 1);
        assert!(matches, "{said:?} byte by byte: {one_by_one:?}, not {expected:?}");
    }

    #[test]
    fn requests_that_can_be_read_in_one_way_pass() {
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", None);
        check("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", None);
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na\nbGET / HTTP/1.1\r\n\r\n", None);
        check(
            "POST / HTTP/1.1\r\ntransfer-encoding:\tchunked\r\n\r\n3;x=\"y\"\r\na\nb\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            None,
        );
        check("GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Type: x\r\nTE: trailers\r\n\r\n", None);
    }

    #[test]
    fn what_can_be_read_in_two_ways_goes_no_further() {
        check("GET / HTTP/1.1\nHost: a\r\n\r\n", Some("\nHost: a\r\n\r\n"));
        check("GET / HTTP/1.1\r\nHost: a\n\r\n", Some("\n\r\n"));
        check("GET / HTTP/1.1\r\nHost: a\r\n\n", Some("\n"));
        check("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", Some("\rb\r\n\r\n"));
        check("GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", Some("\n\r\n"));
        check("GET /a#b HTTP/1.1\r\nX: #\r\n\r\n", Some("\nX: #\r\n\r\n"));
        check("GET http://a#/b HTTP/1.1\r\n\r\n", Some("\n\r\n"));
        let both = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(both, Some("\n"));
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", Some("\n"));
        for value in [
            "3\r\nContent-Length: 3",
            "3\r\nContent-Length: 4",
            "+3",
            "3, 3",
            "-0",
            "0x3",
            "",
            "3 3",
            "18446744073709551616",
        ] {
            check(&format!("POST / HTTP/1.1\r\nContent-Length: {value}\r\n\r\n"), Some("\n\r\n"));
        }
        check("POST / HTTP/1.1\r\nContent-Length : 3\r\ncontent-length: 4\r\n\r\n", Some("\n\r\n"));
        for value in ["gzip", "gzip, chunked", "chunked, chunked", "xchunked", "chunked;q=1", "\u{b}chunked"]
        {
            check(&format!("POST / HTTP/1.1\r\nTransfer-Encoding: {value}\r\n\r\n"), Some("\n\r\n"));
        }
        check(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            Some("\n\r\n"),
        );
    }

    #[test]
    fn chunks_that_can_be_read_in_two_ways_go_no_further() {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (body, rest) in [
            ("3\nabc\r\n0\r\n\r\n", "\nabc\r\n0\r\n\r\n"),
            ("3;\nx\r\nabc\r\n0\r\n\r\n", "\nx\r\nabc\r\n0\r\n\r\n"),
            ("3\r\nabcd\r\n0\r\n\r\n", "\n0\r\n\r\n"),
            ("+3\r\nabc\r\n0\r\n\r\n", "\nabc\r\n0\r\n\r\n"),
            ("0x3\r\nabc\r\n0\r\n\r\n", "\nabc\r\n0\r\n\r\n"),
            ("11111111111111111\r\n", "\n"),
            ("0\r\nContent-Length: 5\r\n\r\n", "\n\r\n"),
            ("0\r\nA: b\r\n c\r\n\r\n", "\n\r\n"),
        ] {
            check(&format!("{head}{body}"), Some(rest));
        }
    }

    #[test]
    fn what_follows_a_wish_for_a_tunnel_is_no_http() {
        check("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\n\r\0GET / HTTP/1.1\n", None);
        check("CONNECT a:443 HTTP/1.1\r\nHost: a:443\n\r\n", Some("\n\r\n"));
    }

    #[test]
    fn it_is_known_whether_a_head_is_under_way() {
        let mut strict = Strict::new(1000);
        for (said, in_head) in [
            ("", false),
            ("G", true),
            ("ET / HTTP/1.1\r\n", true),
            ("Content-Length: 2\r\n\r\na", false),
            ("b", false),
            ("GET", true),
        ] {
            strict.read(said.as_bytes()).unwrap();
            assert_eq!(strict.is_in_head(), in_head, "{said:?}");
        }
    }
}
