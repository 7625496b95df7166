//! Where a body ends, as far as it says so itself, and whether it is whole. Never here: what it means.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Deserializer, Value};

use super::lines::Line;

/// The most fields of a head that is looked for in a body, and how many such are looked at.
const MOST_FIELDS: usize = 200;
const MOST_HEADS: usize = 100;

/// What is wrong with a body that calls itself JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It ends before its JSON does.
    CutOff,
    /// Something stands behind its JSON.
    Followed,
    /// It is no JSON.
    Malformed,
}

/// What is wrong with a body that is said to be JSON, or begins like it.
pub(super) fn broken(headers: &HeaderMap, body: &[u8]) -> Option<Broken> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    if body.trim_ascii().is_empty() || !(is_said_to_be_json(headers) || begins_like_json(body)) {
        return None;
    }
    let mut values = Deserializer::from_slice(body).into_iter::<Value>();
    match values.next()? {
        Err(error) if error.is_eof() => Some(Broken::CutOff),
        Err(_) => Some(Broken::Malformed),
        Ok(_) => (!body[values.byte_offset()..].trim_ascii().is_empty()).then_some(Broken::Followed),
    }
}

/// Where the next answer begins, if it begins right behind a body that is complete.
///
/// A body is complete where its `Content-Length` is reached; where that isn't said, or counts other bytes than
/// these (those of a coding), where its JSON object or array ends. Blanks may stand between.
pub(super) fn next_answer(headers: &HeaderMap, body: &[u8]) -> Option<usize> {
    let end = match announced_length(headers) {
        Some(length) => length,
        None => end_of_json(body)?,
    };
    let behind = body.get(end..)?;
    let at = end + (behind.len() - behind.trim_ascii_start().len());
    is_head(&body[at..]).then_some(at)
}

/// Whether a whole head stands in the body, of which nobody can tell whether it is quoted.
pub(super) fn holds_head(headers: &HeaderMap, body: &[u8]) -> bool {
    let is_made_of_heads = media_type(headers).is_some_and(|media_type| {
        ["message/", "multipart/", "application/http"].iter().any(|kind| media_type.starts_with(kind))
    });
    let begins = |&at: &usize| body[at..].starts_with(b"HTTP/");
    !is_made_of_heads && (0..body.len()).filter(begins).take(MOST_HEADS).any(|at| is_head(&body[at..]))
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    let is_coded = [CONTENT_ENCODING, TRANSFER_ENCODING].iter().any(|name| headers.contains_key(name));
    let length = headers.get(CONTENT_LENGTH).filter(|_| !is_coded)?;
    length.to_str().ok()?.parse().ok()
}

fn end_of_json(body: &[u8]) -> Option<usize> {
    let mut values = Deserializer::from_slice(body).into_iter::<Value>();
    values.next()?.ok().filter(|value| value.is_object() || value.is_array())?;
    Some(values.byte_offset())
}

/// Whether a whole head begins here: a status line, one field at least, and the empty line.
fn is_head(text: &[u8]) -> bool {
    let mut lines = text.split_inclusive(|&byte| byte == b'\n').map(|bytes| Line { number: 0, bytes });
    if lines.next().is_none_or(|line| line.status().is_none()) {
        return false;
    }
    let fields = lines.by_ref().take(MOST_FIELDS).take_while(|line| is_field(*line)).count();
    let behind = text.split_inclusive(|&byte| byte == b'\n').nth(1 + fields);
    fields > 0 && behind.is_some_and(|line| line == b"\n" || line == b"\r\n")
}

/// Whether it is a field of a head, on one line.
pub(super) fn is_field(line: Line<'_>) -> bool {
    let text = line.text();
    let Some(colon) = text.iter().position(|&byte| byte == b':') else { return false };
    HeaderName::from_bytes(&text[..colon]).is_ok()
        && HeaderValue::from_bytes(text[colon + 1..].trim_ascii()).is_ok()
}

fn is_said_to_be_json(headers: &HeaderMap) -> bool {
    media_type(headers)
        .is_some_and(|media_type| media_type.ends_with("/json") || media_type.ends_with("+json"))
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?;
    Some(media_type.trim().to_ascii_lowercase())
}

fn begins_like_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start(), [b'{' | b'[', ..])
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn headers(fields: &str) -> HeaderMap {
        let field = |line: lines::Line<'_>| {
            let text = std::str::from_utf8(line.text()).unwrap();
            let (name, value) = text.split_once(": ").unwrap();
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        };
        lines::of(fields.as_bytes()).into_iter().map(field).collect()
    }

    #[track_caller]
    fn check_broken(fields: &str, body: &str, expected: Option<Broken>) {
        assert_eq!(broken(&headers(fields), body.as_bytes()), expected, "{fields} {body}");
    }

    #[test]
    fn a_body_that_calls_itself_json_is_or_is_told() {
        for body in ["{\"a\": 1}", " [1, 2]\r\n", "\u{feff}{}", "plain words", "<p>", "", " \n"] {
            check_broken("", body, None);
        }
        for body in ["{", "{\"a\": \"HTTP", "[1, 2"] {
            check_broken("", body, Some(Broken::CutOff));
        }
        for body in ["{\"a\": 1}429 0.3", "{\"a\": 1}\n{\"b\": 2}", "[] x"] {
            check_broken("", body, Some(Broken::Followed));
        }
        for body in ["{a: 1}", "[error] slow down"] {
            check_broken("", body, Some(Broken::Malformed));
        }
        for media_type in ["application/json", "Application/Problem+JSON; charset=utf-8"] {
            let fields = format!("content-type: {media_type}");
            check_broken(&fields, "slow down", Some(Broken::Malformed));
            check_broken(&fields, "true", None);
            check_broken(&fields, "\"cut", Some(Broken::CutOff));
        }
        check_broken("content-type: text/plain", "slow down", None);
    }

    const NEXT: &str = "HTTP/1.1 200 OK\r\na: b\r\n\r\n{}";

    #[track_caller]
    fn check_next(fields: &str, body: &str, at: Option<usize>) {
        assert_eq!(next_answer(&headers(fields), body.as_bytes()), at, "{fields} {body}");
    }

    #[test]
    fn the_next_answer_begins_behind_a_complete_body() {
        check_next("", &format!("{{\"a\": 1}}{NEXT}"), Some(8));
        check_next("", &format!("[]\r\n\n{NEXT}"), Some(5));
        check_next("content-length: 4", &format!("slow{NEXT}"), Some(4));
        check_next("content-length: 4", &format!("slow\n{NEXT}"), Some(5));
        check_next("content-length: 30\ncontent-encoding: gzip", &format!("{{}}{NEXT}"), Some(2));
    }

    #[test]
    fn what_a_body_quotes_is_no_answer() {
        check_next("", &format!("{{\"a\": \"{NEXT}\"}}"), None);
        check_next("", &format!("slow down\n{NEXT}"), None);
        check_next("", &format!("\"slow\"{NEXT}"), None);
        check_next("content-length: 40", &format!("{{}}{NEXT}"), None);
        check_next("content-length: 3", &format!("slow{NEXT}"), None);
        check_next("content-length: 4", "slow", None);
        check_next("content-length: 400", "slow", None);
        for no_head in
            ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 200 OK\na: b", "HTTP/1.1 200 OK\nb\n\n"]
        {
            check_next("", &format!("{{}}{no_head}"), None);
        }
    }

    #[test]
    fn a_head_in_a_body_is_seen_unless_the_body_is_made_of_them() {
        let page = format!("<p>slow</p>{NEXT}");
        assert!(holds_head(&headers(""), page.as_bytes()));
        assert!(!holds_head(&headers("content-type: message/http"), page.as_bytes()));
        assert!(!holds_head(&headers(""), b"say HTTP/1.1 200 OK\n\n"));
        let many = "a: HTTP/1.1 200 \n".repeat(60_000);
        assert!(!holds_head(&headers(""), many.as_bytes()));
    }
}
