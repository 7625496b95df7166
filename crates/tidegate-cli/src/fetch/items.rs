//! JSON bodies to JSON lines: the items at a pointer, or the whole body. Values keep their bytes; only blanks between
//! them go. Never here: a page, a link.

mod pointer;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

use crate::caller::json::Compact;
use crate::caller::text::printable;
pub(crate) use pointer::Pointer;

/// JSON lines, each with its line end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: u64,
}

impl Lines {
    fn push(&mut self, value: &RawValue) {
        Compact::default().feed(value.get().as_bytes(), &mut self.bytes);
        self.bytes.push(b'\n');
        self.count += 1;
    }
}

/// Why a body has no items to give.
#[derive(Debug)]
pub(crate) enum Fault {
    NoJson(serde_json::Error),
    Empty,
    /// Nothing at the pointer; what there is instead.
    NoMatch {
        pointer: String,
        there: String,
    },
    /// Something at the pointer, but no list.
    NoList {
        pointer: String,
        there: &'static str,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoJson(error) => write!(f, "the body isn't JSON: {error}"),
            Fault::Empty => f.write_str("the body is empty, not JSON"),
            Fault::NoMatch { pointer, there } => {
                write!(f, "there is nothing at --items {pointer:?}: {there}")
            }
            Fault::NoList { pointer, there } => write!(f, "at --items {pointer:?} is {there}, not a list"),
        }
    }
}

/// The elements of the list at the pointer (`null` has none); without a pointer, the whole body as one line, and so
/// with `''` if it is no list.
pub(crate) fn lines(body: &[u8], pointer: Option<&Pointer>) -> Result<Lines, Fault> {
    if body.trim_ascii().is_empty() {
        return Err(Fault::Empty);
    }
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let whole: &RawValue = serde_json::from_slice(body).map_err(Fault::NoJson)?;
    let mut lines = Lines::default();
    let Some(pointer) = pointer else {
        lines.push(whole);
        return Ok(lines);
    };
    let found = find(whole, pointer)?;
    match found.get().as_bytes().first() {
        Some(b'[') => elements(found)?.into_iter().for_each(|item| lines.push(item)),
        _ if pointer.is_whole() => lines.push(whole),
        Some(b'n') => {}
        _ => return Err(Fault::NoList { pointer: pointer.to_string(), there: named(found) }),
    }
    Ok(lines)
}

fn find<'a>(whole: &'a RawValue, pointer: &Pointer) -> Result<&'a RawValue, Fault> {
    let mut value = whole;
    for step in pointer.steps() {
        let no_match = |there: String| Fault::NoMatch { pointer: pointer.to_string(), there };
        let missing = |there: &str| no_match(format!("no {step:?} in {there}"));
        value = match value.get().as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> =
                    serde_json::from_str(value.get()).map_err(Fault::NoJson)?;
                let keys = || members.keys().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
                let missing = || no_match(format!("no {step:?} among the keys {}", printable(&keys(), 200)));
                members.get(step).copied().ok_or_else(missing)?
            }
            Some(b'[') => {
                let index = step.parse::<usize>().map_err(|_| missing("a list"))?;
                elements(value)?.get(index).copied().ok_or_else(|| missing("a list so short"))?
            }
            _ => return Err(missing(named(value))),
        };
    }
    Ok(value)
}

fn elements(list: &RawValue) -> Result<Vec<&RawValue>, Fault> {
    serde_json::from_str(list.get()).map_err(Fault::NoJson)
}

fn named(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b'n') => "null",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, pointer: &str, expected: &[&str]) {
        let lines = lines(body.as_bytes(), Some(&pointer.parse().unwrap())).unwrap();
        let text = String::from_utf8(lines.bytes).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        assert_eq!(lines.count, expected.len() as u64);
    }

    #[test]
    fn items_come_one_a_line_with_their_bytes_kept() {
        check(
            r#"{"items": [1, "a b\" c", {"b": 1,  "a": 2.50e+3}]}"#,
            "/items",
            &["1", r#""a b\" c""#, r#"{"b":1,"a":2.50e+3}"#],
        );
        check("[[1,\n2],\t[]]", "", &["[1,2]", "[]"]);
        check(r#"{"a/b": {"~": [12345678901234567890123]}}"#, "/a~1b/~0", &["12345678901234567890123"]);
        check(r#"{"pages": [{"x": [1]}, {"x": [2]}]}"#, "/pages/1/x", &["2"]);
        check(r#"{"items": null}"#, "/items", &[]);
        check(r#"{"items": []}"#, "/items", &[]);
        check("\u{feff}[1]", "", &["1"]);
    }

    #[test]
    fn a_whole_body_is_one_line() {
        let lines = lines(b"{\"a\" :\r\n [1, \"\\\\\", \" \"]}\n", None).unwrap();
        assert_eq!(lines, Lines { bytes: b"{\"a\":[1,\"\\\\\",\" \"]}\n".to_vec(), count: 1 });
    }

    #[test]
    fn a_body_that_is_no_list_is_an_item_itself() {
        check("{\"a\": 1,\n \"b\": [2]}", "", &[r#"{"a":1,"b":[2]}"#]);
        check(" \"x y\" ", "", &[r#""x y""#]);
        check("null", "", &["null"]);
        check("[]", "", &[]);
    }

    #[track_caller]
    fn check_fault(body: &str, pointer: &str, says: &str) {
        let fault = lines(body.as_bytes(), Some(&pointer.parse().unwrap())).unwrap_err();
        assert!(fault.to_string().contains(says), "{fault}");
    }

    #[test]
    fn what_has_no_items_is_told() {
        check_fault("<html>", "/items", "isn't JSON");
        check_fault("[1", "", "isn't JSON");
        check_fault(" \n", "", "empty");
        check_fault(r#"{"rooms": [], "\u001b[2J": 1}"#, "/items", r#"no "items" among the keys [2J, rooms"#);
        check_fault(r#"{"items": {}}"#, "/items", "an object, not a list");
        check_fault(r#"{"items": 7}"#, "/items/x", r#"no "x" in a number"#);
        check_fault("[1]", "/1", "a list so short");
    }

    #[test]
    fn deep_nesting_breaks_nothing() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let _ = lines(deep.as_bytes(), Some(&"".parse().unwrap()));
    }
}
