//! From text to the file's tables, past all that can't be read: each is told and left out. Never here: what they mean.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::fault::{Fault, Faults};
use super::hint;

/// How many faults are looked for: each costs a reading of the file.
const MOST_FAULTS: usize = 40;

/// The tables that can be read; what can't is a fault. `None` if there are too many to judge what is left.
pub(crate) fn tables<F: DeserializeOwned>(text: &str, faults: &mut Faults) -> Option<F> {
    let (mut tree, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        faults.add(Fault::new(place_of(error, text), syntax(error.message())));
    }
    // What is behind a mistake in the grammar may stand in the wrong table: it isn't judged.
    if !errors.is_empty() {
        return None;
    }
    loop {
        let error = match F::deserialize(Deserializer::from(tree.clone())) {
            Ok(file) => return Some(file),
            Err(error) => error,
        };
        let place = place_of(&error, text);
        let written = text.get(place.clone()).unwrap_or_default();
        let fault = bracketed(&place, written, error.message());
        faults.add(fault.unwrap_or_else(|| spoken(place.clone(), error.message())));
        let root = tree.span();
        let holes = without(tree.get_mut(), root, &place);
        if faults.len() >= MOST_FAULTS || holes.is_empty() {
            return None;
        }
        for hole in holes {
            faults.add_hole(hole);
        }
    }
}

/// The names of a text's outermost tables, as far as they can be read.
pub(crate) fn roots(text: &str) -> Vec<String> {
    let (tree, _) = DeTable::parse_recoverable(text);
    tree.get_ref().keys().map(|key| key.get_ref().to_string()).collect()
}

fn place_of(error: &toml::de::Error, text: &str) -> Range<usize> {
    let span = error.span().unwrap_or(0..0);
    span.start.min(text.len())..span.end.min(text.len())
}

/// Takes out the entry whose key or value stands at the place; says in which tables it was. None if nothing did.
fn without(table: &mut DeTable<'_>, own: Range<usize>, place: &Range<usize>) -> Vec<Range<usize>> {
    let found = table.iter().find(|(key, value)| key.span() == *place || value.span() == *place);
    if let Some(key) = found.map(|(key, _)| key.clone()) {
        table.remove(&key);
        return vec![own];
    }
    for (_, value) in table.iter_mut() {
        let mut holes = without_in(value, place);
        if !holes.is_empty() {
            holes.push(own);
            return holes;
        }
    }
    Vec::new()
}

fn without_in(value: &mut Spanned<DeValue<'_>>, place: &Range<usize>) -> Vec<Range<usize>> {
    let own = value.span();
    match value.get_mut() {
        DeValue::Table(table) => without(table, own, place),
        DeValue::Array(items) => {
            if items.iter().any(|item| item.span() == *place) {
                *items = items.iter().filter(|item| item.span() != *place).cloned().collect();
                return vec![own];
            }
            items
                .iter_mut()
                .map(|item| without_in(item, place))
                .find(|holes| !holes.is_empty())
                .unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// A pair of brackets too few or too many. What serde says of it is true, and teaches nobody.
fn bracketed(place: &Range<usize>, written: &str, message: &str) -> Option<Fault> {
    let is_name =
        |name: &&str| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '));
    let doubled = written.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")).filter(is_name);
    if let Some(name) = doubled {
        return Some(
            Fault::new(place.clone(), "there is only one such table").hint(format!("write `[{name}]`")),
        );
    }
    let name = written.trim_start_matches('[').trim_end_matches(']');
    (message.trim() == "invalid type: map, expected a sequence" && is_name(&name)).then(|| {
        Fault::new(place.clone(), "there may be several of these, so each begins with two brackets")
            .hint(format!("write `[[{name}]]`"))
    })
}

/// What serde says, said to people.
fn spoken(place: Range<usize>, message: &str) -> Fault {
    let message = message.trim();
    if let Some((unknown, known)) = words_of(message, "unknown field ") {
        return Fault::new(place, format_args!("there is no key `{unknown}` here"))
            .hint(hint::among(unknown, known));
    }
    if let Some((unknown, known)) = words_of(message, "unknown variant ") {
        let expected = hint::spoken(&known);
        let fault = Fault::new(place, format_args!("expected {expected}, not `{unknown}`"));
        let hint = hint::among(unknown, known);
        return if hint.starts_with("did") { fault.hint(hint) } else { fault };
    }
    for kind in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) =
            message.strip_prefix(kind).and_then(|rest| rest.split_once(", expected "))
        {
            return Fault::new(
                place,
                format_args!(
                    "expected {}, not {}",
                    number(expected),
                    found.replace("sequence", "a list").replace("map", "a table")
                ),
            );
        }
    }
    Fault::new(place, message)
}

/// The words in backticks behind a beginning: the first, and the others.
fn words_of<'m>(message: &'m str, begins: &str) -> Option<(&'m str, Vec<&'m str>)> {
    let mut quoted = message.strip_prefix(begins)?.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

/// The names of Rust's numbers mean nothing to who writes a file.
fn number(expected: &str) -> &str {
    match expected {
        "u8" | "u32" | "u64" | "usize" => "a number of 0 or more",
        "a nonzero u32" | "a nonzero usize" => "a number of 1 or more",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        other => other,
    }
}

fn syntax(message: &str) -> String {
    message.trim().replace('\n', ", ")
}
