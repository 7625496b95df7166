//! What is asked of the values of one name. Never here: where the values are from.

use std::borrow::Cow;

use super::Truth;

/// What is asked of a value: of a header field or a query parameter.
///
/// Numbers are read tolerantly (` 5`, `+5`, `5.0`, `5e2`, `0x1F4`), since some server will. A value that is asked
/// to be a number and is none is [`Truth::Unclear`], and so are several values that differ in the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// There is a value, be it empty.
    Present,
    /// It is this text.
    Is(String),
    /// It isn't this text, or there is none.
    IsNot(String),
    /// It begins with this text.
    Starts(String),
    /// It is a number over this one.
    Over(f64),
    /// It is this number or more.
    AtLeast(f64),
    /// It is a number under this one.
    Under(f64),
    /// It is this number or less.
    AtMost(f64),
}

impl Test {
    /// Whether it holds of all values of a name.
    pub(super) fn of<'v>(&self, mut values: impl Iterator<Item = Cow<'v, [u8]>>) -> Truth {
        let Some(first) = values.next() else { return matches!(self, Test::IsNot(_)).into() };
        let first = self.of_one(&first);
        if values.all(|value| self.of_one(&value) == first) { first } else { Truth::Unclear }
    }

    fn of_one(&self, value: &[u8]) -> Truth {
        let compare = |holds: &dyn Fn(f64) -> bool| number(value).map_or(Truth::Unclear, |n| holds(n).into());
        match self {
            Test::Present => Truth::Yes,
            Test::Is(text) => (value == text.as_bytes()).into(),
            Test::IsNot(text) => (value != text.as_bytes()).into(),
            Test::Starts(text) => value.starts_with(text.as_bytes()).into(),
            Test::Over(least) => compare(&|value| value > *least),
            Test::AtLeast(least) => compare(&|value| value >= *least),
            Test::Under(most) => compare(&|value| value < *most),
            Test::AtMost(most) => compare(&|value| value <= *most),
        }
    }

    /// The test of a name, as a policy has it: `max > 100`.
    pub(super) fn on(&self, name: &str) -> String {
        match self {
            Test::Present => name.to_owned(),
            Test::Is(text) => format!("{name} = {text}"),
            Test::IsNot(text) => format!("{name} != {text}"),
            Test::Starts(text) => format!("{name} starts {text}"),
            Test::Over(number) => format!("{name} > {number}"),
            Test::AtLeast(number) => format!("{name} >= {number}"),
            Test::Under(number) => format!("{name} < {number}"),
            Test::AtMost(number) => format!("{name} <= {number}"),
        }
    }
}

/// The number that a text is to the most tolerant reader, if any reads one.
fn number(value: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let hex = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    if let Some(digits) = hex.filter(|digits| !digits.starts_with('+')) {
        return u64::from_str_radix(digits, 16).ok().map(|number| number as f64);
    }
    text.parse().ok().filter(|number: &f64| !number.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(test: &Test, values: &[&str], truth: Truth) {
        let found = test.of(values.iter().map(|value| Cow::Borrowed(value.as_bytes())));
        assert_eq!(found, truth, "{} of {values:?}", test.on("x"));
    }

    #[test]
    fn a_number_is_compared_in_whatever_way_it_is_written() {
        let over = Test::Over(100.0);
        for text in ["101", " 101", "+101", "1e3", "100.5", "0x65", "inf"] {
            check(&over, &[text], Truth::Yes);
        }
        for text in ["100", "-101", "0x64", "1e-3"] {
            check(&over, &[text], Truth::No);
        }
        for text in ["", "many", "1_000", "101;", "nan", "0x", "0x+65"] {
            check(&over, &[text], Truth::Unclear);
        }
        check(&Test::AtLeast(100.0), &["100"], Truth::Yes);
        check(&Test::Under(100.0), &["100"], Truth::No);
        check(&Test::AtMost(100.0), &["100"], Truth::Yes);
    }

    #[test]
    fn values_that_differ_in_the_answer_are_unclear() {
        check(&Test::Over(100.0), &["1", "500"], Truth::Unclear);
        check(&Test::Over(100.0), &["300", "500"], Truth::Yes);
        check(&Test::Is("gold".into()), &["gold", "tin"], Truth::Unclear);
        check(&Test::IsNot("gold".into()), &["gold", "tin"], Truth::Unclear);
    }

    #[test]
    fn no_value_is_only_what_it_is_not() {
        check(&Test::Present, &[], Truth::No);
        check(&Test::Present, &[""], Truth::Yes);
        check(&Test::Is(String::new()), &[], Truth::No);
        check(&Test::IsNot("x".into()), &[], Truth::Yes);
        check(&Test::Over(-1.0), &[], Truth::No);
        check(&Test::Starts("pro_".into()), &["pro_7"], Truth::Yes);
        check(&Test::Starts("pro_".into()), &["Pro_7"], Truth::No);
    }
}
