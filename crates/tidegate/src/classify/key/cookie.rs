//! The values of one cookie in a `Cookie` field. Never here: a cookie that is set.

use std::borrow::Cow;

/// The values that a cookie has in a line of the `Cookie` field (RFC 6265 section 4.2.1).
///
/// Without the quotes that some servers take off, and with codes decoded as some servers do: else one session
/// would have as many keys as its value has spellings.
pub(super) fn values<'a>(line: &'a [u8], name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
    line.split(|&byte| byte == b';').filter_map(move |pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        (pair[..equals].trim_ascii() == name.as_bytes()).then(|| plain(&pair[equals + 1..]))
    })
}

fn plain(value: &[u8]) -> Cow<'_, [u8]> {
    let value = super::token::bare(value);
    let inside = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    let value = inside.unwrap_or(value);
    if !value.contains(&b'%') {
        return Cow::Borrowed(value);
    }
    let (mut decoded, mut at) = (Vec::with_capacity(value.len()), 0);
    while at < value.len() {
        let digit = |at: usize| char::from(*value.get(at)?).to_digit(16);
        let code = if value[at] == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
        decoded.push(code.map_or(value[at], |(high, low)| (high * 16 + low) as u8));
        at += if code.is_some() { 3 } else { 1 };
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, found: &[&str]) {
        let values: Vec<_> = values(line.as_bytes(), "sid").collect();
        assert_eq!(values, found.iter().map(|value| value.as_bytes()).collect::<Vec<_>>(), "{line}");
    }

    #[test]
    fn a_cookie_is_found_in_every_spelling() {
        check("sid=abc", &["abc"]);
        check("a=b; sid=abc;c=d", &["abc"]);
        check(" sid = \"abc\" ", &["abc"]);
        check("sid=%61b%63", &["abc"]);
        check("sid=abc\u{a0}", &["abc"]);
        check("sid=a%", &["a%"]);
        check("sid=\"", &["\""]);
        check("sid=a; sid=b", &["a", "b"]);
        check("sid; Sid=x; xsid=y", &[]);
    }
}
