//! What is wrong in a policy file: where, what, and what to do; all of it at once. Never here: a rule of the file.

use std::collections::HashSet;
use std::fmt::{Display, Write as _};
use std::ops::Range;

/// How many columns of a line are shown.
const WIDEST: usize = 200;

/// Something wrong at a place of the file, or likely wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The bytes of the file.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(span: Range<usize>, message: impl Display) -> Fault {
        Fault { span, message: message.to_string(), hint: None }
    }

    /// Adds what to do now.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Fault {
        Fault { hint: Some(hint.into()), ..self }
    }

    /// For people: `file:line:column: message`, the line with a caret below, the hint.
    pub(crate) fn shown(&self, file: &str, text: &str) -> String {
        let Place { line, column } = Place::of(text, self.span.start);
        let mut shown = format!("{file}:{line}:{column}: {}", self.message);
        let source = without_secret(text.lines().nth(line - 1).unwrap_or_default());
        let source: String = source.chars().take(WIDEST).collect();
        if !source.trim().is_empty() {
            let wide = text.get(self.span.clone()).and_then(|part| part.lines().next()).unwrap_or_default();
            let room = source.chars().count().saturating_sub(column - 1).max(1);
            let carets = "^".repeat(wide.chars().count().clamp(1, room));
            // Tabs stay tabs, so that the caret stands below what it points at.
            let lead = source.chars().take(column - 1);
            let lead: String = lead.map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
            let margin = " ".repeat(line.to_string().len());
            let _ = write!(shown, "\n{margin} |\n{line} | {source}\n{margin} | {lead}{carets}");
        }
        if let Some(hint) = &self.hint {
            let _ = write!(shown, "\n  hint: {hint}");
        }
        shown
    }
}

/// A line as it may be shown: where a secret stands that shouldn't be in the file, it is left out.
fn without_secret(line: &str) -> &str {
    let Some((key, value)) = line.split_once('=') else { return line };
    let key = key.trim().trim_matches(['"', '\'']);
    let is_secret = ["token", "secret", "password", "api-key", "authorization"].contains(&key)
        || (key == "token-env" && value.contains(['-', '.']));
    if is_secret { &line[..=line.len() - value.len() - 1] } else { line }
}

/// A place in a text as people count it, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// The place of a byte.
    pub(crate) fn of(text: &str, byte: usize) -> Place {
        let before = text.get(..byte.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// Gathers all that is wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<Fault>,
    /// Tables of which something couldn't be read: what seems to be missing there may be what is misspelt.
    holes: HashSet<Range<usize>>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.found.push(fault);
    }

    pub(crate) fn add_hole(&mut self, table: Range<usize>) {
        self.holes.insert(table);
    }

    /// Something that the table at this place must have.
    pub(crate) fn missing(&mut self, table: Range<usize>, message: impl Display) {
        if !self.holes.contains(&table) {
            self.add(Fault::new(table, message));
        }
    }

    /// Something that the table must have, missed where something else in it asks for that.
    pub(crate) fn missing_at(
        &mut self,
        table: Range<usize>,
        place: Range<usize>,
        message: impl Display,
        hint: &str,
    ) {
        if !self.holes.contains(&table) {
            self.add(Fault::new(place, message).hint(hint));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    /// All of them, in the file's order, each once.
    pub(crate) fn sorted(mut self) -> Vec<Fault> {
        self.found.sort_by_key(|fault| (fault.span.start, fault.span.end));
        self.found.dedup();
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_shows_its_line_and_points_at_it() {
        let text = "[[limit]]\n\tnäme = \"x\"\n";
        let at = text.find('"').unwrap();
        let fault = Fault::new(at..at + 3, "no").hint("yes");
        assert_eq!(
            fault.shown("p.toml", text),
            "p.toml:2:9: no\n  |\n2 | \tnäme = \"x\"\n  | \t       ^^^\n  hint: yes"
        );
        assert_eq!(Fault::new(0..0, "nothing").shown("p.toml", ""), "p.toml:1:1: nothing");
        let beyond = Fault::new(90..95, "beyond").shown("p.toml", text);
        assert_eq!(beyond, "p.toml:3:1: beyond");
    }

    #[test]
    fn a_secret_that_stands_in_the_file_is_not_shown() {
        for line in ["token = \"s3cret\"", "\"password\"=\"s3cret\"", "token-env = \"sk-s3cret\""] {
            let shown = Fault::new(0..5, "no").shown("p.toml", line);
            assert!(shown.contains(line.split_once('=').unwrap().0) && !shown.contains("s3cret"), "{shown}");
        }
        let shown = Fault::new(0..5, "no").shown("p.toml", "token-env = \"MY_TOKEN\"");
        assert!(shown.contains("MY_TOKEN"), "{shown}");
    }

    #[test]
    fn what_may_be_misspelt_is_not_missed() {
        let mut faults = Faults::default();
        faults.add_hole(0..9);
        faults.missing(0..9, "no name");
        assert!(faults.is_empty());
        faults.missing(20..29, "no name");
        faults.add(Fault::new(3..4, "first"));
        let messages: Vec<_> = faults.sorted().into_iter().map(|fault| fault.message).collect();
        assert_eq!(messages, ["first", "no name"]);
    }
}
