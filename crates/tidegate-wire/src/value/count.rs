//! Numbers of units: how many are left, used or allowed. Never here: time.

use super::Decimal;
use crate::octets::{Count, digits, trim};

/// Reads a number of units: `100`, `57.0`, or the number that leads a list, as in `100;w=21600` or `10, 10;w=1`.
///
/// A fraction is cut off: a part of a unit admits no request, so whoever counts on less is never refused. A
/// number too large to hold is `u64::MAX`. A negative one, which means "unknown", is none.
pub(crate) fn count(value: &[u8]) -> Option<u64> {
    let end = value.iter().position(|byte| matches!(byte, b';' | b',')).unwrap_or(value.len());
    Some(saturated(Decimal::read(trim(&value[..end]))?.whole))
}

/// Reads units used and allowed: `32/40`. Numbers too large to hold are `u64::MAX`.
pub(crate) fn ratio(value: &[u8]) -> Option<(u64, u64)> {
    let slash = value.iter().position(|&byte| byte == b'/')?;
    let (used, allowed) = (digits(trim(&value[..slash]))?, digits(trim(&value[slash + 1..]))?);
    Some((saturated(used), saturated(allowed)))
}

/// Reads a share of what is allowed: `0.8`, or `1.8` for far more than that. Finite and not negative.
pub(crate) fn share(value: &[u8]) -> Option<f64> {
    let value = trim(value);
    Decimal::read(value)?;
    str::from_utf8(value).ok()?.parse().ok().filter(|share: &f64| share.is_finite())
}

fn saturated(count: Count) -> u64 {
    match count {
        Count::Exactly(count) => count,
        Count::Beyond => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, units: Option<u64>) {
        assert_eq!(count(text.as_bytes()), units, "{text}");
    }

    #[test]
    fn a_number_counts_alone_or_at_the_head_of_a_list() {
        check("100", Some(100));
        check(" 0 ", Some(0));
        check("100;w=21600", Some(100));
        check("100 ; w=21600", Some(100));
        check("10, 10;w=1;name=\"per-ip\", 1000;w=3600", Some(10));
        check("18446744073709551616", Some(u64::MAX));
    }

    #[test]
    fn a_part_of_a_unit_is_cut_off() {
        check("57.0", Some(57));
        check("0.9", Some(0));
    }

    #[test]
    fn what_is_unknown_or_junk_is_no_count() {
        for text in ["", "-1", "+1", "many", "100 per hour", "10/s", ";w=1", ", 10", "1e3", "10 10", "\"10\""]
        {
            check(text, None);
        }
    }

    #[test]
    fn a_ratio_is_used_of_allowed() {
        assert_eq!(ratio(b"32/40"), Some((32, 40)));
        assert_eq!(ratio(b" 32 / 40 "), Some((32, 40)));
        assert_eq!(ratio(b"100001/100000"), Some((100_001, 100_000)));
        assert_eq!(ratio(b"0/18446744073709551616"), Some((0, u64::MAX)));
        for text in ["", "32", "/40", "32/", "-1/40", "32/40/50", "32.0/40", "a/b"] {
            assert_eq!(ratio(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_share_is_a_plain_decimal() {
        assert_eq!(share(b"0.8"), Some(0.8));
        assert_eq!(share(b" 1.8 "), Some(1.8));
        assert_eq!(share(b"2"), Some(2.0));
        assert_eq!(share(&[b'9'; 400]), None);
        for text in ["", "-0.5", "+0.5", "NaN", "inf", "1e3", ".8", "80%"] {
            assert_eq!(share(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_number_or_nothing(value: Vec<u8>) {
            let _ = (count(&value), ratio(&value));
            prop_assert!(share(&value).is_none_or(|share| share.is_finite() && share >= 0.0));
        }

        #[test]
        fn a_larger_number_never_counts_less(one in "[0-9]{1,22}(\\.[0-9]{1,3})?", zero in "0{0,3}") {
            let tenfold = one.replace('.', "") + &zero;
            prop_assert!(count(tenfold.as_bytes()) >= count(one.as_bytes()), "{tenfold} {one}");
        }
    }
}
