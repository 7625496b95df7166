//! A JSON Pointer (RFC 6901). Never here: the JSON that it points into.

use std::fmt;
use std::str::FromStr;

/// The way to a value: keys, and positions in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer(Vec<String>);

impl Pointer {
    /// Whether it leads nowhere: `''`.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys and positions, from the outermost in.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromStr for Pointer {
    type Err = String;

    fn from_str(text: &str) -> Result<Pointer, String> {
        if text.is_empty() {
            return Ok(Pointer(Vec::new()));
        }
        let expected = || {
            format!(
                "{text:?} is no JSON Pointer: expected one such as /items or /data/rooms, or '' for the whole"
            )
        };
        let steps = text.strip_prefix('/').ok_or_else(expected)?.split('/');
        let plain = |step: &str| {
            let rest = step.replace("~0", "").replace("~1", "");
            (!rest.contains('~')).then(|| step.replace("~1", "/").replace("~0", "~"))
        };
        steps.map(plain).collect::<Option<_>>().map(Pointer).ok_or_else(expected)
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

    #[test]
    fn pointers_read_and_write() {
        for (text, steps) in
            [("", vec![]), ("/", vec![""]), ("/a/0", vec!["a", "0"]), ("/a~1b/~0~01", vec!["a/b", "~~1"])]
        {
            let pointer: Pointer = text.parse().unwrap();
            assert_eq!(pointer.steps().collect::<Vec<_>>(), steps);
            assert_eq!(pointer.to_string(), text);
        }
        for text in ["items", "/~", "/~2", ".items[]"] {
            assert!(text.parse::<Pointer>().is_err(), "{text}");
        }
    }
}
