//! One parameter out of a list of them. Never here: what its value says.

use super::count;
use crate::octets::trim;

/// Finds the value of the parameter `key` among items that commas separate and whose parameters semicolons do:
/// Zendesk's `total=100; remaining=99; resets=41`, or the `w` of `10, 10;w=1, 1000;w=3600`.
///
/// Of several items with the parameter the first counts, or the first that is led by the number `of`, if there
/// is one. Keys compare without regard to case. A quoted value may hold separators; it is given without its
/// quotes, and with the backslashes inside as they came.
pub(crate) fn part<'a>(value: &'a [u8], key: &str, of: Option<u64>) -> Option<&'a [u8]> {
    let found = |item| parameter(item, key).map(|found| (count(item), found));
    let all = || split(value, b',').filter_map(found);
    let of_number = of.and_then(|number| all().find(|&(leading, _)| leading == Some(number)));
    of_number.or_else(|| all().next()).map(|(_, found)| found)
}

fn parameter<'a>(item: &'a [u8], key: &str) -> Option<&'a [u8]> {
    split(item, b';').find_map(|parameter| {
        let equals = parameter.iter().position(|&byte| byte == b'=')?;
        let name = trim(&parameter[..equals]);
        name.eq_ignore_ascii_case(key.as_bytes()).then(|| unquoted(trim(&parameter[equals + 1..])))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inside @ .., b'"'] => inside,
        _ => value,
    }
}

/// Splits at a separator outside quoted strings. A string that is never closed runs to the end.
fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    value.split(move |&byte| {
        let is_escaped = std::mem::take(&mut escaped);
        match byte {
            b'\\' if quoted => escaped = !is_escaped,
            b'"' if !is_escaped => quoted = !quoted,
            _ => {}
        }
        byte == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(value: &str, key: &str, of: Option<u64>, found: Option<&str>) {
        assert_eq!(part(value.as_bytes(), key, of), found.map(str::as_bytes), "{key} of {value}");
    }

    #[test]
    fn a_parameter_is_found_by_its_name() {
        check("total=100; remaining=99; resets=41", "total", None, Some("100"));
        check("total=100; remaining=99; resets=41", "Resets", None, Some("41"));
        check(
            "api-usage=18/15000; per-app-api-usage=17/250(appName=sample)",
            "api-usage",
            None,
            Some("18/15000"),
        );
        check("100;w=21600", "w", None, Some("21600"));
        check("100 ; W = 21600 ", "w", None, Some("21600"));
        check("100;w=", "w", None, Some(""));
        check("100;w", "w", None, None);
        check("100", "w", None, None);
        check("", "w", None, None);
        check("w=1;w=2", "w", None, Some("1"));
    }

    #[test]
    fn of_several_items_the_one_of_the_number_counts() {
        let envoy = "10, 10;w=1;name=\"per-ip\", 1000;w=3600";
        check(envoy, "w", Some(10), Some("1"));
        check(envoy, "w", Some(1000), Some("3600"));
        check(envoy, "w", Some(7), Some("1"));
        check(envoy, "w", None, Some("1"));
        check(envoy, "name", Some(1000), Some("per-ip"));
    }

    #[test]
    fn a_quoted_value_may_hold_separators() {
        check("1;name=\"a;w=2, 3;w=4\";w=5", "w", None, Some("5"));
        check("1;name=\"a;w=2, 3;w=4\";w=5", "name", None, Some("a;w=2, 3;w=4"));
        check("1;name=\"a\\\";w=2\";w=5", "w", None, Some("5"));
        check("1;name=\"a\\\\\";w=5", "w", None, Some("5"));
        check("1;name=\"never closed;w=5", "w", None, None);
    }

    proptest! {
        #[test]
        fn any_bytes_have_the_parameter_or_not(value: Vec<u8>, of: Option<u64>) {
            prop_assert!(part(&value, "w", of).is_none_or(|found| found.len() < value.len()));
        }

        #[test]
        fn a_parameter_that_was_written_is_found(of: u64, window: u32, name in "[a-z;,=\\\\ ]{0,9}") {
            let name = name.replace('\\', "\\\\");
            let value = format!("7;w=8, {of};name=\"{name}\";w={window}");
            let expected = if of == 7 { "8".to_owned() } else { window.to_string() };
            prop_assert_eq!(part(value.as_bytes(), "w", Some(of)), Some(expected.as_bytes()), "{}", value);
        }
    }
}
