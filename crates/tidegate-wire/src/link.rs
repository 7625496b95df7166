//! The `Link` field (RFC 8288): where the next page is, and other targets in place of these. Never here: resolving a
//! target, or following it.

use std::fmt;

use http::HeaderValue;

use crate::octets::trim;

/// The target of the first link whose relation is `next`, exactly as written: it may be relative.
///
/// Relation types are compared in any case; a link with an `anchor` is about another page, and is passed over.
pub fn next<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a str> {
    let is_next = |link: &Link<'_>| link.has_rel("next") && link.param("anchor").is_none();
    lines.into_iter().flat_map(read).find(is_next).map(|link| link.target)
}

/// Reads one line of a `Link` field. A link that can't be read is passed over, up to the next comma.
pub fn read(line: &[u8]) -> impl Iterator<Item = Link<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (member, after) = split(rest, b',');
            rest = after;
            if let Some(link) = Link::read(trim(member)) {
                return Some(link);
            }
        }
        None
    })
}

/// The line with other targets, for those links that `other` gives one for; `None` if it gives none. All else stays as
/// it is, byte for byte, and so does a link that can't be read.
pub fn retarget(line: &[u8], mut other: impl FnMut(&Link<'_>) -> Option<String>) -> Option<Vec<u8>> {
    let (mut written, mut kept, mut rest) = (Vec::new(), 0, line);
    while !rest.is_empty() {
        let member_at = line.len() - rest.len();
        let (member, after) = split(rest, b',');
        rest = after;
        let Some(link) = Link::read(trim(member)) else { continue };
        let Some(target) = other(&link) else { continue };
        // A link that can be read begins with its bracket.
        let opened = member.iter().take_while(|&&byte| byte != b'<').count() + 1;
        let blanks = member[opened..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let start = member_at + opened + blanks;
        written.extend_from_slice(&line[kept..start]);
        written.extend_from_slice(target.as_bytes());
        kept = start + link.target.len();
    }
    if kept == 0 {
        return None;
    }
    written.extend_from_slice(&line[kept..]);
    Some(written)
}

/// One link, borrowed from the line it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The target URI reference, as written between the angle brackets.
    pub target: &'a str,
    params: &'a [u8],
}

impl<'a> Link<'a> {
    fn read(member: &'a [u8]) -> Option<Link<'a>> {
        let rest = member.strip_prefix(b"<")?;
        let end = rest.iter().position(|&byte| byte == b'>')?;
        let target = str::from_utf8(trim(&rest[..end])).ok()?;
        if target.chars().any(|char| char == '<' || char.is_control()) {
            return None;
        }
        let params = trim(&rest[end + 1..]);
        (params.is_empty() || params.starts_with(b";")).then_some(Link { target, params })
    }

    /// Whether `rel`, of one or several types, names this type. Only the first `rel` counts
    /// (RFC 8288 section 3.3).
    pub fn has_rel(&self, rel: &str) -> bool {
        let rels = self.param("rel").unwrap_or_default();
        rels.split(u8::is_ascii_whitespace).any(|given| given.eq_ignore_ascii_case(rel.as_bytes()))
    }

    /// The first parameter of this name, without quotes; empty if it has no value.
    pub fn param(&self, name: &str) -> Option<Vec<u8>> {
        let mut rest = self.params;
        while !rest.is_empty() {
            let (param, after) = split(rest, b';');
            rest = after;
            let equals = param.iter().position(|&byte| byte == b'=').unwrap_or(param.len());
            if trim(&param[..equals]).eq_ignore_ascii_case(name.as_bytes()) {
                return Some(unquote(trim(param.get(equals + 1..).unwrap_or_default())));
            }
        }
        None
    }
}

/// Splits at the first `at` that stands in no `<target>` and no `"quoted string"`.
///
/// A bracket or a quote that is never closed hides the rest of its line, so that every byte is looked at once.
fn split(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    let (mut quoted, mut escaped, mut index) = (false, false, 0);
    while let Some(&byte) = text.get(index) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => {
                let Some(end) = text[index..].iter().position(|&byte| byte == b'>') else { break };
                index += end;
            }
            _ if byte == at && !quoted => return (&text[..index], &text[index + 1..]),
            _ => {}
        }
        index += 1;
    }
    (text, &[])
}

/// A quoted string's content, or the text itself if it isn't quoted.
fn unquote(text: &[u8]) -> Vec<u8> {
    let Some(quoted) = text.strip_prefix(b"\"") else { return text.to_vec() };
    let (mut content, mut escaped) = (Vec::with_capacity(quoted.len()), false);
    for &byte in quoted {
        match byte {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => break,
            _ => {
                content.push(byte);
                escaped = false;
            }
        }
    }
    content
}

/// A target or relation that a `Link` field can't say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable(String);

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} can't stand in a Link field: percent-encode blanks, quotes and brackets", self.0)
    }
}

impl std::error::Error for Unwritable {}

/// Writes one link: `<target>; rel="rel"`.
///
/// # Errors
///
/// [`Unwritable`] if the target or the relation has characters that no URI has: blanks, quotes, angle brackets,
/// backslashes, control characters, or any beyond ASCII.
pub fn write(target: &str, rel: &str) -> Result<HeaderValue, Unwritable> {
    for text in [target, rel] {
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\".contains(&byte)) {
            return Err(Unwritable(text.to_owned()));
        }
    }
    HeaderValue::try_from(format!("<{target}>; rel=\"{rel}\"")).map_err(|_| Unwritable(target.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_written_is_named() {
        assert_eq!(write("/a b", "next"), Err(Unwritable("/a b".into())));
        assert_eq!(write("/a", "ne\"xt"), Err(Unwritable("ne\"xt".into())));
        assert_eq!(write("/é", "next"), Err(Unwritable("/é".into())));
    }

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let link = read(b"</a>; title=\"a;\\\"b\\\"\"; REL = next ; rel=prev; flag").next().expect("a link");
        assert_eq!(link.param("title"), Some(b"a;\"b\"".to_vec()));
        assert_eq!(link.param("rel"), Some(b"next".to_vec()));
        assert_eq!(link.param("flag"), Some(vec![]));
        assert_eq!(link.param("anchor"), None);
    }

    #[test]
    fn other_targets_leave_all_else_as_it_is() {
        let rows: [(&str, Option<&str>); 6] = [
            ("< /a >; rel=next ,</b>;title=\"</a>, x\"", Some("< NEW >; rel=next ,</b>;title=\"</a>, x\"")),
            ("  </a>;rel=\"next\" ;x , garbage, </a>", Some("  <NEW>;rel=\"next\" ;x , garbage, <NEW>")),
            ("</b>; rel=next", None),
            ("</a", None),
            ("</a> rel=next", None),
            ("", None),
        ];
        for (line, expected) in rows {
            let seen = retarget(line.as_bytes(), |link| (link.target == "/a").then(|| "NEW".to_owned()));
            assert_eq!(seen.map(|line| String::from_utf8(line).unwrap()).as_deref(), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn the_same_targets_make_the_same_line(line in "[<>;,=\"\\\\ relnxt/]{0,40}") {
            let same = retarget(line.as_bytes(), |link| Some(link.target.to_owned()));
            prop_assert_eq!(same.unwrap_or_else(|| line.clone().into_bytes()), line.into_bytes());
        }

        #[test]
        fn a_written_link_reads_back(target in "[!#-;=?-\\[\\]-~]{0,20}", others in "(<[a-z,;]{0,5}>; rel=prev, ?){0,2}") {
            let written = write(&target, "next").expect("made of writable characters");
            let line = [others.as_bytes(), written.as_bytes()].concat();
            prop_assert_eq!(next([line.as_slice()]), Some(target.as_str()));
        }

        #[test]
        fn any_bytes_are_links_or_nothing(lines: Vec<Vec<u8>>) {
            let _ = next(lines.iter().map(Vec::as_slice));
        }

        #[test]
        fn nearly_links_are_links_or_nothing(line in "[<>;,=\"\\\\ relnxt/]{0,40}") {
            let _ = next([line.as_bytes()]);
        }
    }
}
