//! The parameters of a query, read and never changed. Never here: what is forwarded, a condition.

use std::borrow::Cow;

use super::bytes::decoded;
use super::{Fault, Sameness, Wrong};

/// The parameters of a query, in the form of HTML forms: `name=value` between `&`, `+` for a space, codes decoded
/// once. What begins no code stands for itself.
///
/// A name may come several times; servers differ in which counts, so all values are told.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    text: &'a str,
    case: Sameness,
}

impl<'a> Query<'a> {
    pub(super) fn new(text: &'a str, case: Sameness) -> Query<'a> {
        Query { text, case }
    }

    /// All values that the parameter has, decoded, in their order. A parameter without `=` has an empty value.
    pub fn values(self, name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
        self.read(name, |byte| byte == b'&', |found| found)
    }

    /// The values that the parameter has for servers that read more into a query: that take `;` for `&` as well, and
    /// `max[]`, `max[0]` and `+max` for `max`. `None` where no server can.
    pub fn values_read_loosely(self, name: &str) -> Option<impl Iterator<Item = Cow<'a, [u8]>>> {
        let is_odd = |&byte: &u8| matches!(byte, b';' | b'[' | b'%' | b'+');
        let separates = |byte| matches!(byte, b'&' | b';');
        self.text.as_bytes().iter().any(is_odd).then(|| self.read(name, separates, begins))
    }

    fn read(
        self,
        name: &str,
        separates: impl Fn(u8) -> bool,
        counts: impl Fn(&[u8]) -> &[u8],
    ) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let pairs = self.text.as_bytes().split(move |&byte| separates(byte)).filter(|pair| !pair.is_empty());
        pairs.filter_map(move |pair| {
            let end = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let (found, value) = (decode(&pair[..end]), pair.get(end + 1..).unwrap_or_default());
            let found = counts(&found);
            let same = match self.case {
                Sameness::Same => found.eq_ignore_ascii_case(name.as_bytes()),
                Sameness::Distinct => found == name.as_bytes(),
            };
            same.then(|| decode(value))
        })
    }
}

/// A name without what some servers take for a place in a list, and without blanks around it.
fn begins(name: &[u8]) -> &[u8] {
    let end = name.iter().position(|&byte| matches!(byte, b'[' | 0)).unwrap_or(name.len());
    name[..end].trim_ascii()
}

fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(bytes);
    }
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let code = if bytes[at] == b'%' { decoded(&bytes[at + 1..]) } else { None };
        plain.push(code.unwrap_or(if bytes[at] == b'+' { b' ' } else { bytes[at] }));
        at += if code.is_some() { 3 } else { 1 };
    }
    Cow::Owned(plain)
}

/// Checks that a query, with its `?`, may be forwarded as it is.
pub(super) fn check(query: &[u8]) -> Result<(), Fault> {
    let is_odd = |&byte: &u8| matches!(byte, 0..=b' ' | 0x7F | b'#' | b'"' | b'<' | b'>');
    let Some(at) = query.iter().position(is_odd) else { return Ok(()) };
    let wrong = match query[at] {
        b'#' => Wrong::Fragment,
        b'"' | b'<' | b'>' => Wrong::Query,
        _ => Wrong::Control,
    };
    Err(Fault::new(wrong, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_values(text: &str, name: &str, values: &[&str]) {
        let query = Query::new(text, Sameness::Distinct);
        let found: Vec<_> =
            query.values(name).map(|value| String::from_utf8(value.into()).unwrap()).collect();
        assert_eq!(found, values, "{text}");
    }

    #[test]
    fn every_value_of_a_name_is_told() {
        check_values("max=5", "max", &["5"]);
        check_values("max=1&max=500", "max", &["1", "500"]);
        check_values("a=1&&max", "max", &[""]);
        check_values("m%61x=%35%300", "max", &["500"]);
        check_values("max=+5+0", "max", &[" 5 0"]);
        check_values("max=100%&x=%zz", "max", &["100%"]);
        check_values("max=a=b", "max", &["a=b"]);
        check_values("maximum=5&Max=6", "max", &[]);
        check_values("", "max", &[]);
    }

    #[track_caller]
    fn check_loose(text: &str, values: Option<&[&str]>) {
        let found = Query::new(text, Sameness::Distinct).values_read_loosely("max");
        let found: Option<Vec<_>> =
            found.map(|values| values.map(|value| String::from_utf8(value.into()).unwrap()).collect());
        assert_eq!(found, values.map(|values| values.iter().map(ToString::to_string).collect()), "{text}");
    }

    #[test]
    fn what_some_servers_read_into_a_query_is_told_too() {
        check_loose("a=b&max=5", None);
        check_loose("a=b;max=5", Some(&["5"]));
        check_loose("max=5;max=500", Some(&["5", "500"]));
        for text in ["max[]=5", "max%5B%5D=5", "max[0]=5", "+max=5", "max%20=5", "max%00x=5"] {
            check_loose(text, Some(&["5"]));
        }
        check_loose("x[max]=5;maxi=6", Some(&[]));
    }

    #[test]
    fn names_in_any_case_are_the_same_where_the_rules_say_so() {
        let query = Query::new("MAX=5", Sameness::Same);
        assert_eq!(query.values("max").count(), 1);
    }

    #[test]
    fn a_query_that_can_not_be_forwarded_as_it_is_is_refused() {
        assert_eq!(check(b"?a={1}|^"), Ok(()));
        assert_eq!(check(b"?\"a\""), Err(Fault::new(Wrong::Query, 1)));
        assert_eq!(check(b"?a=b#c"), Err(Fault::new(Wrong::Fragment, 4)));
        assert_eq!(check(b"?a=\n"), Err(Fault::new(Wrong::Control, 3)));
        assert_eq!(check(b"?<"), Err(Fault::new(Wrong::Query, 1)));
    }
}
