//! A path into a JSON body. Never here: what is found there.

use std::fmt;

use serde_json::Value;

/// A path of member names and array indexes, as a JSON Pointer (RFC 6901) writes it; `*` is every element of an
/// array or every member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer(Vec<String>);

impl Pointer {
    /// Reads `/error/details/*/retryDelay`; `None` if it doesn't begin with a slash.
    pub(super) fn new(text: &str) -> Option<Pointer> {
        let steps = text.strip_prefix('/')?.split('/');
        Some(Pointer(steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect()))
    }

    /// Visits all values that the path leads to, in their order.
    pub(crate) fn visit<'a>(&self, body: &'a Value, mut visit: impl FnMut(&'a Value)) {
        walk(&self.0, body, &mut visit);
    }
}

fn walk<'a>(steps: &[String], value: &'a Value, visit: &mut impl FnMut(&'a Value)) {
    let Some((step, rest)) = steps.split_first() else { return visit(value) };
    match value {
        Value::Array(elements) if step == "*" => {
            elements.iter().for_each(|element| walk(rest, element, visit))
        }
        Value::Object(members) if step == "*" => {
            members.values().for_each(|member| walk(rest, member, visit))
        }
        Value::Array(elements) => {
            if let Some(element) = step.parse().ok().and_then(|at: usize| elements.get(at)) {
                walk(rest, element, visit);
            }
        }
        Value::Object(members) => {
            if let Some(member) = members.get(step) {
                walk(rest, member, visit);
            }
        }
        _ => {}
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(path: &str, found: &[Value]) {
        let body =
            json!({ "a": [{ "b": 1 }, { "c": 2 }, { "b": null }], "x/y": "z", "o": { "p": 3, "q": 4 } });
        let pointer = Pointer::new(path).expect("a path");
        assert_eq!(pointer.to_string(), path);
        let mut values = Vec::new();
        pointer.visit(&body, |value| values.push(value.clone()));
        assert_eq!(values, found, "{path}");
    }

    #[test]
    fn a_path_leads_to_all_that_fits() {
        check("/a/*/b", &[json!(1), Value::Null]);
        check("/a/1/c", &[json!(2)]);
        check("/o/*", &[json!(3), json!(4)]);
        check("/x~1y", &[json!("z")]);
        check("/a/b", &[]);
        check("/a/9/b", &[]);
        check("/x~1y/z", &[]);
    }
}
