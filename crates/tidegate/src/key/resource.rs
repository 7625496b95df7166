//! The resource that a path is about: the path without the ids in it. Never here: a method, a query.

use std::borrow::Cow;

/// How many hexadecimal digits make an id.
const LONG_HEX: usize = 16;

/// How many characters of mixed kind make an id in base64.
const LONG_BASE64: usize = 20;

/// The path with `{}` for each segment that is an id: a number, a UUID, or long hexadecimal or base64.
///
/// `/v1/rooms/Y2lzY29zcGFyazovL3VzL1JPT00vMTIz` and its like all become `/v1/rooms/{}`. A slash at the end
/// makes no other resource.
pub fn template(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let named = |segment| if is_id(segment) { Cow::Borrowed("{}") } else { Cow::Borrowed(segment) };
    if path.is_empty() { "/".into() } else { path.split('/').map(named).collect::<Vec<_>>().join("/") }
}

fn is_id(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    is_number(bytes) || is_uuid(bytes) || is_hex(bytes) || is_base64(bytes)
}

fn is_number(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn is_hex(bytes: &[u8]) -> bool {
    bytes.len() >= LONG_HEX && bytes.iter().all(u8::is_ascii_hexdigit) && bytes.iter().any(u8::is_ascii_digit)
}

fn is_uuid(bytes: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    bytes.len() == 36 && bytes.iter().enumerate().all(fits)
}

/// Long, and with a capital, a small letter and a digit: base64 is, words of a path hardly are, and a secret that
/// stands in a path (`/bot123456:AnExampleOfASecret0/`) is, whatever separates its parts.
fn is_base64(bytes: &[u8]) -> bool {
    bytes.len() >= LONG_BASE64
        && bytes.iter().any(u8::is_ascii_uppercase)
        && bytes.iter().any(u8::is_ascii_lowercase)
        && bytes.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, resource: &str) {
        assert_eq!(template(path), resource);
    }

    #[test]
    fn ids_are_left_out_and_words_stay() {
        check("/v1/rooms", "/v1/rooms");
        check("/v1/rooms/", "/v1/rooms");
        check("/", "/");
        check("", "/");
        check("/repos/12345/issues/7", "/repos/{}/issues/{}");
        check("/v1/people/Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Nw", "/v1/people/{}");
        check("/x/3fa85f64-5717-4562-b3fc-2c963f66afa6/y", "/x/{}/y");
        check("/blobs/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/blobs/{}");
        check("/v1/getAllTheThingsForCustomers", "/v1/getAllTheThingsForCustomers");
        check("/v1/team/memberships-of-2024-spring", "/v1/team/memberships-of-2024-spring");
        check("/facade/decade", "/facade/decade");
        check("/bot123456:AnExampleOfASecret0/getMe", "/{}/getMe");
    }
}
