//! A token as all servers read it: where it begins and ends. Never here: what it is worth.
//!
//! One server reads all behind `Bearer`, another one only the first word of it, a third up to a comma; and blanks
//! that aren't ASCII are taken off by some. To each of them `abc`, `abc 1` and `abc 2` may be one token, and so they
//! must not be three keys.

/// The token of a line of the `Authorization` field, if its scheme is `Bearer`.
pub(super) fn of(line: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = line.trim_ascii().split_at_checked(6)?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && matches!(rest.first(), Some(b' ' | b'\t'));
    is_bearer.then(|| rest.trim_ascii())
}

/// Whether a token can be read in one way alone. What RFC 6750 section 2.1 allows can, and so can the other marks
/// that are in use.
pub(super) fn is_plain(token: &[u8]) -> bool {
    token.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"'))
}

/// A value without the blanks around it, as any server may see blanks: in ASCII, in UTF-8 or in Latin-1.
pub(super) fn bare(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    if value.first().is_none_or(u8::is_ascii) && value.last().is_none_or(u8::is_ascii) {
        return value;
    }
    match std::str::from_utf8(value) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => {
            let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0x85 | 0xa0);
            let begin = value.iter().position(|byte| !is_blank(byte)).unwrap_or(value.len());
            let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(begin, |at| at + 1);
            &value[begin..end]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &[u8], token: Option<(&str, bool)>) {
        let found = of(line).map(|token| (token, is_plain(token)));
        assert_eq!(found, token.map(|(token, plain)| (token.as_bytes(), plain)), "{}", line.escape_ascii());
    }

    #[test]
    fn a_token_is_read_in_one_way_or_is_not_plain() {
        check(b"Bearer abc", Some(("abc", true)));
        check(b"bEARER \t abc ", Some(("abc", true)));
        check(b"Bearer\tabc", Some(("abc", true)));
        check(b"Bearer 1|a-._~+/=:!", Some(("1|a-._~+/=:!", true)));
        check(b"Bearer ", None);
        check(b"Bearerabc", None);
        check(b"Basic abc", None);
        for token in ["abc 1", "abc\t1", "abc,1", "\"abc\"", "abc\u{a0}", "\u{2003}abc", "\u{e4}"] {
            check(format!("Bearer {token}").as_bytes(), Some((token, false)));
        }
    }

    #[test]
    fn blanks_of_any_kind_are_no_part_of_a_value() {
        let latin_1: &[u8] = b"\xa0abc\xa0 \x85";
        for value in [b" abc ", "abc\u{a0}".as_bytes(), "\u{2003} abc\u{85}".as_bytes(), latin_1] {
            assert_eq!(bare(value), b"abc", "{}", value.escape_ascii());
        }
        for value in ["\u{e0}", "a b", "J\u{f6}rg\u{e9}", "", "\u{65e5}\u{672c}"] {
            assert_eq!(bare(value.as_bytes()), value.as_bytes());
        }
        assert_eq!(bare(b"\xa0\xa0"), b"");
    }
}
