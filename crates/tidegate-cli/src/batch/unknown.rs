//! What becomes of items that were sent and may have been done: that is for people to say. Never here: finding them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::item::Item;
use crate::caller::input::{self, Purpose};
use crate::exit::{Exit, Failure};

/// How large a file of decisions may be: some hundred thousand of them.
const MOST: u64 = 64 << 20;

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnUnknown {
    /// They are written to standard output, and nothing else is done.
    List,
    All(Then),
    /// Each as the file says, by its id; those that it doesn't name are left.
    Each(BTreeMap<String, Then>),
}

/// What becomes of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Then {
    /// It stays unknown, and may be decided later.
    Leave,
    /// It is sent again: somebody looked, or it does no harm.
    Retry,
    /// Its result says that it is unknown, and it counts as done with.
    Skip,
}

#[derive(Deserialize)]
struct Decision {
    id: Value,
    then: Then,
}

impl OnUnknown {
    /// Reads the flag, and the file that it may name.
    pub(crate) fn read(text: &str) -> Result<OnUnknown, Failure> {
        match text {
            "leave" => Ok(OnUnknown::All(Then::Leave)),
            "list" => Ok(OnUnknown::List),
            "retry" => Ok(OnUnknown::All(Then::Retry)),
            "skip" => Ok(OnUnknown::All(Then::Skip)),
            _ => match text.strip_prefix('@') {
                Some(path) => OnUnknown::of_file(Path::new(path)),
                None => Err(Failure::new(
                    Exit::Usage,
                    format!("--on-unknown {text:?} is none of leave, list, retry, skip and @FILE"),
                )),
            },
        }
    }

    /// What becomes of the item of this id.
    pub(crate) fn of(&self, id: &str) -> Then {
        match self {
            OnUnknown::All(then) => *then,
            OnUnknown::Each(decisions) => decisions.get(id).copied().unwrap_or(Then::Leave),
            OnUnknown::List => Then::Leave,
        }
    }

    fn of_file(path: &Path) -> Result<OnUnknown, Failure> {
        let bytes = input::read(path, Purpose { what: "the decisions", most: MOST })?;
        let mut decisions = BTreeMap::new();
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        for (number, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
            let unreadable = |fault: &dyn std::fmt::Display| {
                let place = format!("{}, line {}", path.display(), number + 1);
                Failure::new(Exit::Usage, format!("{place}: {fault}")).hint(
                    "a line is such as {\"id\": \"a7\", \"then\": \"retry\"}, or \"skip\", or \"leave\"",
                )
            };
            let Decision { id, then } = serde_json::from_slice(line).map_err(|error| unreadable(&error))?;
            let id = match id {
                Value::String(id) => id,
                Value::Number(id) => id.to_string(),
                _ => return Err(unreadable(&"its id is neither a string nor a number")),
            };
            decisions.insert(id, then);
        }
        Ok(OnUnknown::Each(decisions))
    }
}

/// An item in the list of those that are unknown: to be edited and given back by `@FILE`.
pub(crate) fn listed(item: &Item, line: u32) -> String {
    let id: Value = serde_json::from_str(&item.id.json).unwrap_or_default();
    let line = u64::from(line) + 1;
    json!({ "id": id, "then": "leave", "line": line, "method": item.method().as_str(), "url": item.url.as_str() })
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_may_be_decided_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("decided");
        std::fs::write(
            &path,
            "{\"id\":\"a\",\"then\":\"retry\",\"line\":3}\n\n{\"id\":7,\"then\":\"skip\"}\n",
        )
        .unwrap();
        let decided = OnUnknown::read(&format!("@{}", path.display())).unwrap();
        assert_eq!(["a", "7", "b"].map(|id| decided.of(id)), [Then::Retry, Then::Skip, Then::Leave]);
        std::fs::write(&path, "{\"id\":\"a\",\"then\":\"no\"}").unwrap();
        let failure = OnUnknown::read(&format!("@{}", path.display())).unwrap_err();
        assert!(failure.message().contains("decided, line 1: unknown variant"), "{failure}");
        assert!(OnUnknown::read("no").is_err());
    }
}
