//! A pasted text as numbered lines, and what a status line is. Never here: a field, a body.

use http::StatusCode;

/// A line with its end, and its number for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) bytes: &'a [u8],
}

impl<'a> Line<'a> {
    /// The line without its end.
    pub(super) fn text(self) -> &'a [u8] {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// Whether there is nothing to see on it.
    pub(super) fn is_blank(self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// The status and the reason, if it is a status line.
    pub(super) fn status(self) -> Option<(StatusCode, &'a [u8])> {
        status(self.text())
    }

    /// The same of a line that has no version: `:status: 429`, as browsers show it, or `429 Too Many Requests`.
    pub(super) fn bare_status(self) -> Option<(StatusCode, &'a [u8])> {
        let text = self.text();
        let text = text.strip_prefix(b":status").map_or(text, |rest| rest.strip_prefix(b":").unwrap_or(rest));
        code(text.trim_ascii())
    }
}

/// The lines of a text. A byte-order mark before them is no part of the first.
pub(super) fn of(text: &[u8]) -> Vec<Line<'_>> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    (1..)
        .zip(text.split_inclusive(|&byte| byte == b'\n'))
        .map(|(number, bytes)| Line { number, bytes })
        .collect()
}

/// Reads `HTTP/1.1 429 Too Many Requests` or `HTTP/2 429`: the status, and the reason as it is given.
fn status(text: &[u8]) -> Option<(StatusCode, &[u8])> {
    let (protocol, rest) = text.split_at_checked(5)?;
    let (version, rest) = rest.split_at(rest.iter().position(|&byte| byte == b' ')?);
    let is_version = !version.is_empty() && version.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    if !protocol.eq_ignore_ascii_case(b"HTTP/") || !is_version {
        return None;
    }
    code(rest.trim_ascii_start())
}

/// Reads `429 Too Many Requests` or `429`.
fn code(text: &[u8]) -> Option<(StatusCode, &[u8])> {
    let (code, reason) = text.split_at_checked(3)?;
    let ends = reason.first().is_none_or(u8::is_ascii_whitespace);
    let code = StatusCode::from_bytes(code).ok()?;
    ends.then(|| (code, reason.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(u16, &str)>) {
        let expected =
            expected.map(|(code, reason)| (StatusCode::from_u16(code).unwrap(), reason.as_bytes()));
        assert_eq!(of(text.as_bytes())[0].status(), expected, "{text:?}");
    }

    #[test]
    fn status_lines_are_told_from_others() {
        check("HTTP/1.1 429 Too Many Requests\r\n", Some((429, "Too Many Requests")));
        check("HTTP/2 429 \n", Some((429, "")));
        check("HTTP/3 200", Some((200, "")));
        check("http/1.0  503 Busy", Some((503, "Busy")));
        check("\u{feff}HTTP/1.1 200 OK", Some((200, "OK")));
        for text in [
            "HTTP/1.1",
            "HTTP/1.1 ",
            "HTTP/1.1 42",
            "HTTP/1.1 4290",
            "HTTP/1.1 abc",
            "HTTP/ 200",
            "HTTP/x 200",
        ] {
            check(text, None);
        }
        for text in ["HTTPS/1 200", "GET / HTTP/1.1", " HTTP/1.1 200", "HTTP/1.1 099 x", "\n", "é/1.1 200"] {
            check(text, None);
        }
    }

    #[track_caller]
    fn check_bare(text: &str, expected: Option<u16>) {
        let status = of(text.as_bytes())[0].bare_status();
        assert_eq!(status.map(|(status, _)| status.as_u16()), expected, "{text:?}");
    }

    #[test]
    fn a_status_may_stand_without_a_version() {
        for text in [":status: 429", ":status 429", ":status:429 \n", "429 Too Many Requests", "429"] {
            check_bare(text, Some(429));
        }
        for text in ["4290", "status: 429", ":status", "42", "retry-after: 429"] {
            check_bare(text, None);
        }
    }

    #[test]
    fn a_line_keeps_its_end_and_its_number() {
        let lines = of(b"a\r\n\nb");
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(lines.iter().map(|line| line.text()).collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
        assert_eq!(lines.iter().flat_map(|line| line.bytes).copied().collect::<Vec<_>>(), b"a\r\n\nb");
        assert!(lines[1].is_blank() && !lines[0].is_blank());
    }
}
