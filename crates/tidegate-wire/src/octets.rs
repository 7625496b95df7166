//! Field values as bytes: the blanks around them, and the digits in them. Never here: what they mean.

/// What a run of ASCII digits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Exactly(u64),
    /// More than a `u64` holds.
    Beyond,
}

/// The value without the spaces and tabs around it (`OWS`, RFC 9110 section 5.6.3).
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

/// Reads `1*DIGIT` and nothing else: no sign, no blank, no digit of another script.
///
/// `str::parse` isn't used because it takes a leading `+`.
pub(crate) fn digits(text: &[u8]) -> Option<Count> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum =
        text.iter().try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
    Some(sum.map_or(Count::Beyond, Count::Exactly))
}

/// Reads a number of exactly `N` digits, as dates are made of.
pub(crate) fn fixed<const N: usize>(text: &[u8]) -> Option<u32> {
    let text: &[u8; N] = text.try_into().ok()?;
    match digits(text)? {
        Count::Exactly(count) => u32::try_from(count).ok(),
        Count::Beyond => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spaces_and_tabs_are_trimmed() {
        assert_eq!(trim(b"\t 42 \t"), b"42");
        assert_eq!(trim(b" \t "), b"");
        assert_eq!(trim(b"\r\n42\x0b"), b"\r\n42\x0b");
    }

    #[test]
    fn digits_are_ascii_digits_alone() {
        assert_eq!(digits(b"007"), Some(Count::Exactly(7)));
        assert_eq!(digits(b"18446744073709551615"), Some(Count::Exactly(u64::MAX)));
        assert_eq!(digits(b"18446744073709551616"), Some(Count::Beyond));
        assert_eq!(digits(&[b'0'; 100]), Some(Count::Exactly(0)));
        for text in ["", "+1", "-1", "1 ", "1_0", "1e3", "٣"] {
            assert_eq!(digits(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_number_of_another_width_is_none() {
        assert_eq!(fixed::<2>(b"07"), Some(7));
        assert_eq!(fixed::<2>(b"7"), None);
        assert_eq!(fixed::<2>(b"007"), None);
    }
}
