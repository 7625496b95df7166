//! The kinds of bytes in a path, and how one is coded. Never here: what a path means.

/// What a byte of a decoded segment is, after RFC 3986 section 3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A letter, a digit, or one of `-._~`: means the same whether coded or not.
    Unreserved,
    /// One of ``!$&'()*+,=:@``: may stand in a segment, and may mean something else there than its code.
    Reserved,
    /// `;`, which begins path parameters.
    Semicolon,
    /// `/` or `\`.
    Slash,
    /// A byte that no path should carry in any spelling.
    Control,
    /// All others: they stand in a path as codes only.
    Coded,
}

/// The kind of each byte.
static KINDS: [Kind; 256] = kinds();

const fn kinds() -> [Kind; 256] {
    let mut kinds = [Kind::Coded; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => Kind::Unreserved,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@' => {
                Kind::Reserved
            }
            b';' => Kind::Semicolon,
            b'/' | b'\\' => Kind::Slash,
            0..=0x1F | 0x7F => Kind::Control,
            _ => Kind::Coded,
        };
        byte += 1;
    }
    kinds
}

pub(super) fn kind(byte: u8) -> Kind {
    KINDS[usize::from(byte)]
}

/// Writes a byte's code, in capitals.
pub(super) fn push_code(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// The byte that two digits after a `%` stand for.
pub(super) fn decoded(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    Some((digit(0)? * 16 + digit(1)?) as u8)
}
