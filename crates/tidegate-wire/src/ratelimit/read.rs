//! Reads `RateLimit` and `RateLimit-Policy`. A malformed field is ignored whole, as the draft demands.

use std::num::NonZeroU64;

use sfv::{Item, KeyRef, List, ListEntry, Parameters, Parser};

use super::names::NAMES;
use super::{Limit, Policy, Value};

/// The most items that a field is read with; one with more is as good as malformed.
pub const MAX_ITEMS: usize = 64;

/// How closely a field must keep to the draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tolerance {
    /// By the letter of drafts -09 to -11.
    #[default]
    Strict,
    /// As the drafts' own examples are: a name may be a Token too, and `r` may be missing.
    Lenient,
}

/// Reads the lines of a `RateLimit-Policy` field; `None` if it is absent, empty, malformed, or has
/// more than [`MAX_ITEMS`] items.
pub fn read_policies<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    tolerance: Tolerance,
) -> Option<Vec<Policy>> {
    items(lines)?.into_iter().map(|item| policy(item, tolerance)).collect()
}

/// Reads the lines of a `RateLimit` field; `None` if it is absent, empty, malformed, or has
/// more than [`MAX_ITEMS`] items.
pub fn read_limits<'a>(
    lines: impl IntoIterator<Item = &'a [u8]>,
    tolerance: Tolerance,
) -> Option<Vec<Limit>> {
    items(lines)?.into_iter().map(|item| limit(item, tolerance)).collect()
}

fn policy(item: Item, tolerance: Tolerance) -> Option<Policy> {
    let mut params = item.params;
    Some(Policy {
        name: name(item.bare_item, tolerance)?,
        quota: take(&mut params, NAMES.quota, count)??,
        window_secs: take(&mut params, NAMES.window, |value| NonZeroU64::new(count(value)?))?,
        unit: take(&mut params, NAMES.unit, string)?,
        partition: take(&mut params, NAMES.partition, bytes)?,
        extensions: extensions(params),
    })
}

fn limit(item: Item, tolerance: Tolerance) -> Option<Limit> {
    let mut params = item.params;
    let limit = Limit {
        name: name(item.bare_item, tolerance)?,
        remaining: take(&mut params, NAMES.remaining, count)?,
        reset_secs: take(&mut params, NAMES.reset, count)?,
        partition: take(&mut params, NAMES.partition, bytes)?,
        extensions: extensions(params),
    };
    (limit.remaining.is_some() || tolerance == Tolerance::Lenient).then_some(limit)
}

/// The members of a list of 1 to [`MAX_ITEMS`] members that are all items.
fn items<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<Item>> {
    let lines: Vec<&[u8]> = lines.into_iter().collect();
    let entries: List = Parser::new(&lines.join(b", ".as_slice())).parse().ok()?;
    let item = |entry| match entry {
        ListEntry::Item(item) => Some(item),
        ListEntry::InnerList(_) => None,
    };
    (1..=MAX_ITEMS).contains(&entries.len()).then(|| entries.into_iter().map(item).collect())?
}

fn name(value: Value, tolerance: Tolerance) -> Option<String> {
    match value {
        Value::String(name) => Some(name.into()),
        Value::Token(name) if tolerance == Tolerance::Lenient => Some(name.into()),
        _ => None,
    }
}

/// Takes a parameter out: `Some(None)` if it isn't there, `None` if it isn't what it must be.
fn take<T>(params: &mut Parameters, key: &KeyRef, read: impl Fn(Value) -> Option<T>) -> Option<Option<T>> {
    match params.shift_remove(key) {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

fn count(value: Value) -> Option<u64> {
    u64::try_from(i64::from(value.as_integer()?)).ok()
}

fn string(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.into()),
        _ => None,
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::ByteSequence(bytes) => Some(bytes),
        _ => None,
    }
}

fn extensions(params: Parameters) -> Vec<(String, Value)> {
    params.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_that_is_absent_tells_nothing() {
        assert_eq!(read_limits([], Tolerance::Lenient), None);
        assert_eq!(read_policies([], Tolerance::Lenient), None);
    }

    #[test]
    fn a_field_of_too_many_items_tells_nothing() {
        let of = |items: usize| vec![b"\"a\";r=1".as_slice(); items];
        assert_eq!(read_limits(of(MAX_ITEMS), Tolerance::Strict).map(|limits| limits.len()), Some(MAX_ITEMS));
        assert_eq!(read_limits(of(MAX_ITEMS + 1), Tolerance::Strict), None);
    }

    #[test]
    fn a_limit_without_remaining_is_for_the_lenient() {
        let line = || [b"quota;t=1".as_slice()];
        assert_eq!(read_limits(line(), Tolerance::Strict), None);
        let limits = read_limits(line(), Tolerance::Lenient).expect("a lenient reader takes a token");
        assert_eq!((limits[0].remaining, limits[0].reset_secs), (None, Some(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_limits_or_nothing(lines: Vec<Vec<u8>>) {
            let lines = || lines.iter().map(Vec::as_slice);
            let strict = read_limits(lines(), Tolerance::Strict);
            prop_assert!(strict.is_none() || strict == read_limits(lines(), Tolerance::Lenient));
            let strict = read_policies(lines(), Tolerance::Strict);
            prop_assert!(strict.is_none() || strict == read_policies(lines(), Tolerance::Lenient));
        }
    }
}
