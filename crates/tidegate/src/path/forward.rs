//! The path as it is forwarded: dots and empty segments resolved, codes in one spelling. Never here: a query.

use super::bytes::{Kind, decoded, kind, push_code};
use super::{CodedSlashes, Fault, Params, Rules, Wrong};

/// What one look at a target finds.
pub(super) struct Scanned {
    /// Where the path ends.
    pub(super) end: usize,
    /// Whether the path is in normal form under any rules, as most are, with no code and no parameters in it.
    pub(super) normal: bool,
}

/// Looks at each byte of a target's path once.
pub(super) fn scan(raw: &[u8]) -> Scanned {
    let mut normal = raw.first() == Some(&b'/');
    let mut before = 0;
    for (at, &byte) in raw.iter().enumerate() {
        match kind(byte) {
            Kind::Unreserved if before == b'/' && byte == b'.' => normal &= !is_dot_segment(&raw[at..]),
            Kind::Unreserved | Kind::Reserved => {}
            Kind::Slash if byte == b'/' && before != b'/' => {}
            Kind::Coded if byte == b'?' => return Scanned { end: at, normal },
            _ => normal = false,
        }
        before = byte;
    }
    Scanned { end: raw.len(), normal }
}

/// Whether the text begins with a dot segment.
fn is_dot_segment(rest: &[u8]) -> bool {
    let after = rest.strip_prefix(b"..").or(rest.strip_prefix(b"."));
    after.is_some_and(|after| matches!(after.first(), None | Some(b'/' | b'?')))
}

/// The normal form of a path. It is never empty, and at most three times as long.
pub(super) fn normalised(path: &[u8], rules: &Rules) -> Result<String, Fault> {
    let mut normal = String::with_capacity(path.len() + 1);
    let (mut at, mut is_folder) = (1, true);
    for segment in path.strip_prefix(b"/").unwrap_or(path).split(|&byte| byte == b'/') {
        let start = normal.len();
        normal.push('/');
        push_segment(&mut normal, segment, rules).map_err(|fault| fault.moved(at))?;
        is_folder = true;
        match &normal[start..] {
            "/" | "/." => normal.truncate(start),
            "/.." => {
                normal.truncate(start);
                normal.truncate(normal.rfind('/').unwrap_or(0));
            }
            name if is_disguised(&name[1..], rules) => return Err(Fault::new(Wrong::DotSegment, at)),
            _name => is_folder = false,
        }
        at += segment.len() + 1;
    }
    if is_folder {
        normal.push('/');
    }
    Ok(normal)
}

/// Writes one segment, with each of its codes in one spelling.
fn push_segment(normal: &mut String, segment: &[u8], rules: &Rules) -> Result<(), Fault> {
    let (mut at, mut is_ascii) = (0, true);
    while at < segment.len() {
        let (byte, length) = match segment[at] {
            b'%' => (decoded(&segment[at + 1..]).ok_or(Fault::new(Wrong::Code, at))?, 3),
            byte => (byte, 1),
        };
        let refused = |wrong| Err(Fault::new(wrong, at));
        match (kind(byte), length) {
            (Kind::Unreserved, _) | (Kind::Reserved, 1) => normal.push(char::from(byte)),
            (Kind::Semicolon, _) if rules.params == Params::Refuse => return refused(Wrong::Params),
            (Kind::Semicolon, 1) => normal.push(';'),
            (Kind::Slash, 1) => return refused(Wrong::Backslash),
            (Kind::Slash, _) if rules.coded_slashes == CodedSlashes::Refuse => {
                return refused(Wrong::CodedSlash);
            }
            (Kind::Control, _) => return refused(Wrong::Control),
            (Kind::Coded, 1) if byte == b'#' => return refused(Wrong::Fragment),
            (Kind::Coded, 1) if byte == b' ' => return refused(Wrong::Control),
            _coded => push_code(normal, byte),
        }
        is_ascii &= byte.is_ascii();
        at += length;
    }
    if is_ascii { Ok(()) } else { check_utf8(segment) }
}

/// Refuses a segment that isn't UTF-8. Where that matters most: an overlong code of a slash or dot.
fn check_utf8(segment: &[u8]) -> Result<(), Fault> {
    // Where each decoded byte begins, to say where the fault is.
    let (mut bytes, mut starts, mut at) = (Vec::new(), Vec::new(), 0);
    while at < segment.len() {
        let code = if segment[at] == b'%' { decoded(&segment[at + 1..]) } else { None };
        bytes.push(code.unwrap_or(segment[at]));
        starts.push(at);
        at += if code.is_some() { 3 } else { 1 };
    }
    match std::str::from_utf8(&bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(Fault::new(Wrong::Utf8, starts.get(error.valid_up_to()).copied().unwrap_or(0))),
    }
}

/// Whether a segment in normal form hides a dot segment: behind parameters, or between coded slashes.
fn is_disguised(name: &str, rules: &Rules) -> bool {
    let is_dots = |part: &str| part == "." || part == "..";
    let cut = |part: &str| rules.params == Params::Strip && is_dots(without_params(part));
    // Every segment comes here; few have a code or a semicolon.
    let odd = name.bytes().any(|byte| matches!(byte, b'%' | b';'));
    odd && name.split("%2F").flat_map(|part| part.split("%5C")).any(|part| is_dots(part) || cut(part))
}

/// What stands before the parameters of a segment in normal form.
pub(super) fn without_params(segment: &str) -> &str {
    let end = segment.find(';').unwrap_or(segment.len());
    &segment[..segment.find("%3B").map_or(end, |coded| coded.min(end))]
}
