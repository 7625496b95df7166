//! How the targets cut their bytes into input, so that seeds are readable text. Never here: a law.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tidegate_core::Time;

/// The clock of every target.
pub const NOW: Time = Time::from_secs(1_700_000_000);

/// The input's lines: those of one header field.
pub fn lines(data: &[u8]) -> Vec<&[u8]> {
    data.split(|&byte| byte == b'\n').collect()
}

/// An answer: the status in a line, the fields in a line each, an empty line, and the body.
///
/// Any field whose name or value HTTP can't carry is left out, as a connection's parser would refuse it.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The fields.
    pub headers: HeaderMap,
    /// All that follows the empty line, if there is one.
    pub body: Option<&'a [u8]>,
}

impl<'a> Answer<'a> {
    /// Cuts the input; `None` if it has no status.
    pub fn cut(data: &'a [u8]) -> Option<Answer<'a>> {
        let (status, mut rest) = data.split_at_checked(3)?;
        let (status, mut headers) = (StatusCode::from_bytes(status).ok()?, HeaderMap::new());
        rest = rest.strip_prefix(b"\n")?;
        loop {
            let end = rest.iter().position(|&byte| byte == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
            let value = line.get(colon + 1..).unwrap_or_default().trim_ascii();
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_bytes(value))
            {
                headers.append(name, value);
            }
            let Some(end) = end else { return Some(Answer { status, headers, body: None }) };
            rest = &rest[end + 1..];
            if line.is_empty() {
                return Some(Answer { status, headers, body: Some(rest) });
            }
        }
    }
}
