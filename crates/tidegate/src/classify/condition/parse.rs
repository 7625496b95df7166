//! Conditions as a policy writes them: `max > 100`. Never here: a request.

use std::error::Error;
use std::fmt;

use http::header::HeaderName;

use super::{Condition, Test};

/// Why a text is no condition, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    text: String,
    column: usize,
    wrong: &'static str,
}

impl ConditionError {
    /// The character at which the text goes wrong, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}

impl Error for ConditionError {}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConditionError { text, column, wrong } = self;
        write!(f, "`{text}` is no condition, at column {column}: {wrong}")
    }
}

impl Condition {
    /// A condition on a query parameter: `max`, `max = 5`, `max != 5`, `id starts pro_`, `max > 100`, and so with
    /// `>=`, `<` and `<=`.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn query(text: &str) -> Result<Condition, ConditionError> {
        let (name, test) = read(text)?;
        Ok(Condition::Query(name.to_owned(), test))
    }

    /// A condition on a header field, in the same form.
    ///
    /// # Errors
    /// When the text isn't in that form, or the name is no field's.
    pub fn header(text: &str) -> Result<Condition, ConditionError> {
        let (name, test) = read(text)?;
        let name = HeaderName::from_bytes(name.as_bytes());
        let name = name.map_err(|_| fault(text, text.trim_start(), "this is no name of a header field"))?;
        Ok(Condition::Header(name, test))
    }
}

/// The forms of a test, longest sign first.
const SIGNS: [&str; 7] = ["!=", ">=", "<=", "=", ">", "<", "starts "];

fn read(text: &str) -> Result<(&str, Test), ConditionError> {
    let start = text.trim_start();
    let (name, rest) = start.split_at(start.find([' ', '!', '=', '<', '>']).unwrap_or(start.len()));
    if name.is_empty() {
        return Err(fault(text, start, "it must begin with a name"));
    }
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Ok((name, Test::Present));
    }
    let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
        return Err(fault(text, rest, "expected one of = != > >= < <= starts, or nothing more"));
    };
    let value = rest[sign.len()..].trim();
    if value.is_empty() {
        return Err(fault(text, &rest[sign.len()..], "there must be a value"));
    }
    let number = || match value.parse() {
        Ok(number) if f64::is_finite(number) => Ok(number),
        _ => Err(fault(text, rest[sign.len()..].trim_start(), "this must be a number")),
    };
    let test = match sign {
        "!=" => Test::IsNot(value.to_owned()),
        "=" => Test::Is(value.to_owned()),
        ">=" => Test::AtLeast(number()?),
        "<=" => Test::AtMost(number()?),
        ">" => Test::Over(number()?),
        "<" => Test::Under(number()?),
        _starts => Test::Starts(value.to_owned()),
    };
    Ok((name, test))
}

/// What is wrong where the rest of the text begins.
fn fault(text: &str, rest: &str, wrong: &'static str) -> ConditionError {
    let column = text[..text.len() - rest.len()].chars().count() + 1;
    ConditionError { text: text.to_owned(), column, wrong }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, test: Test) {
        assert_eq!(Condition::query(text), Ok(Condition::Query("max".into(), test)));
    }

    #[test]
    fn every_form_of_a_condition_is_read() {
        check("max", Test::Present);
        check(" max ", Test::Present);
        check("max > 100", Test::Over(100.0));
        check("max>=1e3", Test::AtLeast(1000.0));
        check("max < -1.5", Test::Under(-1.5));
        check("max<=0", Test::AtMost(0.0));
        check("max = a b", Test::Is("a b".into()));
        check("max!=5", Test::IsNot("5".into()));
        check("max starts pro_", Test::Starts("pro_".into()));
        assert_eq!(
            Condition::header("X-Plan = gold"),
            Ok(Condition::Header(HeaderName::from_static("x-plan"), Test::Is("gold".into())))
        );
    }

    #[track_caller]
    fn check_refused(text: &str, column: usize, part: &str) {
        let error = Condition::header(text).unwrap_err();
        assert_eq!(error.column(), column, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn what_is_no_condition_is_refused_where_it_goes_wrong() {
        check_refused("", 1, "begin with a name");
        check_refused("> 5", 1, "begin with a name");
        check_refused("max over 5", 5, "expected one of");
        check_refused("max > many", 7, "must be a number");
        check_refused("max > nan", 7, "must be a number");
        check_refused("max =  ", 6, "must be a value");
        check_refused("mäx = 5", 1, "header field");
    }
}
