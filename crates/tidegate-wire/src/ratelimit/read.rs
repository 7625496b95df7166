//! Reads `RateLimit` and `RateLimit-Policy`. A malformed field is ignored whole, as the draft demands.

use std::num::NonZeroU64;

use sfv::{Item, KeyRef, List, ListEntry, Parameters, Parser};

use super::names::{NAMES, OTHER_NAMES};
use super::{Limit, Policy, Value};

/// The most items that a field is read with; one with more is as good as malformed.
pub const MAX_ITEMS: usize = 64;

/// How closely a field must keep to the draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tolerance {
    /// By the letter of drafts -09 to -11.
    #[default]
    Strict,
    /// As fields are seen, and as the drafts' own examples are: a name may be a Token too, `r` may be missing or
    /// go by its proposed name (and `t` with it), and a reset of the older drafts may be a date.
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
    let name = name(item.bare_item, tolerance)?;
    let mut remaining = take(&mut params, NAMES.remaining, count)?;
    let mut reset_secs = take(&mut params, NAMES.reset, count)?;
    if remaining.is_none() {
        if tolerance == Tolerance::Strict {
            return None;
        }
        remaining = take(&mut params, OTHER_NAMES.remaining, count)?;
        if reset_secs.is_none() {
            reset_secs = take(&mut params, OTHER_NAMES.reset, count)?;
        }
    }
    let partition = take(&mut params, NAMES.partition, bytes)?;
    Some(Limit { name, remaining, reset_secs, partition, extensions: extensions(params) })
}

/// The lines of a field as one value (RFC 9110 section 5.3).
pub(super) fn join<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    lines.into_iter().collect::<Vec<_>>().join(b", ".as_slice())
}

/// The members of a list of 1 to [`MAX_ITEMS`] members that are all items.
pub(super) fn items<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<Item>> {
    let entries: List = Parser::new(&join(lines)).parse().ok()?;
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
pub(super) fn take<T>(
    params: &mut Parameters,
    key: &KeyRef,
    read: impl Fn(Value) -> Option<T>,
) -> Option<Option<T>> {
    match params.shift_remove(key) {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

pub(super) fn count(value: Value) -> Option<u64> {
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

pub(super) fn extensions(params: Parameters) -> Vec<(String, Value)> {
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

    #[test]
    fn the_proposed_names_are_for_the_lenient_and_only_where_r_is_missing() {
        let read = |line: &str, tolerance| {
            let limits = read_limits([line.as_bytes()], tolerance)?;
            Some((limits[0].remaining, limits[0].reset_secs, limits[0].extensions.len()))
        };
        for (line, strict, lenient) in [
            (r#""d";a=50;w=30;c=1"#, None, Some((Some(50), Some(30), 1))),
            (r#""d";a=50;t=30;w=60"#, None, Some((Some(50), Some(30), 1))),
            (r#""d";a=-1;w=30"#, None, None),
            (r#""d";r=6;a=7;w=60"#, Some((Some(6), None, 2)), Some((Some(6), None, 2))),
        ] {
            assert_eq!(read(line, Tolerance::Strict), strict, "{line}");
            assert_eq!(read(line, Tolerance::Lenient), lenient, "{line}");
        }
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
