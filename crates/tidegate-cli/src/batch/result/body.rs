//! An answer's body as a JSON value: JSON as it is, text as a string, bytes in base64. Never here: receiving it.

use std::io::{self, BufReader, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;

use super::spool::Spool;
use crate::caller::json::Compact;

/// How much is turned at a time: a multiple of three, so that base64 needs no filling between.
const PART: usize = 48 << 10;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Json,
    Text,
    Bytes,
}

/// Writes a body as a JSON value. Whether it is JSON is looked for unless the answer says that it is something else.
pub(crate) fn write(body: &mut Spool, media_type: Option<&str>, into: &mut Spool) -> io::Result<()> {
    let kind = kind(body, media_type)?;
    let (start, end) = match kind {
        Kind::Json => ("", ""),
        Kind::Text => ("\"", "\""),
        Kind::Bytes => ("{\"base64\":\"", "\"}"),
    };
    into.write_all(start.as_bytes())?;
    let mut reader = body.reader()?;
    let (mut compact, mut is_start) = (Compact::default(), true);
    let (mut part, mut turned) = (Vec::with_capacity(PART), Vec::new());
    while fill(&mut reader, &mut part)? {
        turned.clear();
        // A byte order mark is no part of the JSON behind it.
        let bytes =
            part.strip_prefix(b"\xEF\xBB\xBF").filter(|_| is_start && kind == Kind::Json).unwrap_or(&part);
        match kind {
            Kind::Json => compact.feed(bytes, &mut turned),
            Kind::Text => escape(bytes, &mut turned),
            Kind::Bytes => turned.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
        }
        into.write_all(&turned)?;
        is_start = false;
    }
    into.write_all(end.as_bytes())
}

fn kind(body: &mut Spool, media_type: Option<&str>) -> io::Result<Kind> {
    let may_be_json = media_type.is_none_or(|kind| kind.to_ascii_lowercase().contains("json"));
    if may_be_json && is_json(body.reader()?)? {
        return Ok(Kind::Json);
    }
    Ok(if is_text(body.reader()?)? { Kind::Text } else { Kind::Bytes })
}

fn is_json(mut source: impl Read) -> io::Result<bool> {
    let mut mark = Vec::new();
    (&mut source).take(3).read_to_end(&mut mark)?;
    let start = mark.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&mark);
    match serde_json::from_reader::<_, IgnoredAny>(BufReader::new(start.chain(source))) {
        Ok(IgnoredAny) => Ok(true),
        Err(error) if error.is_io() => Err(error.into()),
        Err(_) => Ok(false),
    }
}

/// Whether it is UTF-8; characters may be cut apart where parts are.
fn is_text(mut source: impl Read) -> io::Result<bool> {
    let mut part = Vec::with_capacity(PART);
    let mut left = Vec::new();
    while fill(&mut source, &mut part)? {
        left.extend_from_slice(&part);
        let valid = match std::str::from_utf8(&left) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Ok(false),
        };
        left.drain(..valid);
    }
    Ok(left.is_empty())
}

/// Reads as much as fits; nothing at the end.
fn fill(source: &mut impl Read, part: &mut Vec<u8>) -> io::Result<bool> {
    part.clear();
    source.take(PART as u64).read_to_end(part)?;
    Ok(!part.is_empty())
}

/// Escapes what JSON strings can't hold (RFC 8259 section 7).
fn escape(text: &[u8], into: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'"' | b'\\' => into.extend([b'\\', byte]),
            b'\n' => into.extend(b"\\n"),
            b'\r' => into.extend(b"\\r"),
            b'\t' => into.extend(b"\\t"),
            0..0x20 => into.extend(format!("\\u{byte:04x}").bytes()),
            _ => into.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &[u8], media_type: Option<&str>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path());
        spool.write_all(body).unwrap();
        let mut into = spool.another();
        write(&mut spool, media_type, &mut into).unwrap();
        io::read_to_string(into.reader().unwrap()).unwrap()
    }

    #[test]
    fn a_body_is_what_it_is() {
        let json = Some("application/json");
        assert_eq!(written(b" {\"a\" : [1.50,\n\"x y\"]}\n", json), r#"{"a":[1.50,"x y"]}"#);
        assert_eq!(written(b"\xEF\xBB\xBF[1 ]", json), "[1]");
        assert_eq!(written(b"[1]", None), "[1]");
        assert_eq!(written(b"{\"a\"", json), r#""{\"a\"""#);
        assert_eq!(written(b"17", Some("text/plain")), "\"17\"");
        assert_eq!(written("é\u{1}\n".as_bytes(), Some("text/plain")), "\"é\\u0001\\n\"");
        assert_eq!(written(b"\xff\x00", Some("image/png")), r#"{"base64":"/wA="}"#);
    }

    #[test]
    fn large_bodies_are_the_same_as_small_ones() {
        let text = "é\"\\".repeat(PART);
        let value: String = serde_json::from_str(&written(text.as_bytes(), Some("text/html"))).unwrap();
        assert!(value == text);
        let bytes = b"\xff\x00\x01\x02".repeat(PART);
        let value: serde_json::Value = serde_json::from_str(&written(&bytes, None)).unwrap();
        assert!(STANDARD.decode(value["base64"].as_str().unwrap()).unwrap() == bytes);
        let json = format!("[{}1]", "1 , ".repeat(PART));
        assert!(written(json.as_bytes(), None) == json.replace(' ', ""));
    }
}
