//! Writes `RateLimit` and `RateLimit-Policy`, in the form of drafts -08 to -11.

use std::fmt;

use http::HeaderValue;
use sfv::{FieldType, Integer, Item, Key, KeyRef, List, ListEntry, Parameters};

use super::names::NAMES;
use super::{Limit, Policy, Value};

/// The largest number that a structured field can say, of 15 digits (RFC 9651 section 3.3.1).
pub(crate) const LARGEST: u64 = 999_999_999_999_999;

/// Why a value can't be said in a `RateLimit` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// There is nothing to write: the fields are never empty.
    Empty,
    /// A name or a unit has characters outside printable ASCII.
    Text(String),
    /// An extension's name isn't a key (RFC 9651 section 3.1.2), or is one that the draft defines.
    Key(String),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unwritable::Empty => {
                f.write_str("a RateLimit field needs at least one item: leave the field out")
            }
            Unwritable::Text(text) => {
                write!(f, "{text:?} can't stand in a RateLimit field: use printable ASCII characters only")
            }
            Unwritable::Key(key) => write!(
                f,
                "{key:?} can't be an extension of a RateLimit field: use a name of lower-case letters, \
                 digits, `_`, `-`, `.` and `*` that the draft doesn't use itself"
            ),
        }
    }
}

impl std::error::Error for Unwritable {}

/// Writes a `RateLimit-Policy` field. Numbers of more than 15 digits, which the form can't say, become its
/// largest.
///
/// # Errors
///
/// [`Unwritable`] if the list is empty or a text can't be said.
pub fn write_policies(policies: &[Policy]) -> Result<HeaderValue, Unwritable> {
    field(policies.iter().map(policy))
}

/// Writes a `RateLimit` field. Numbers of more than 15 digits, which the form can't say, become its largest.
///
/// # Errors
///
/// [`Unwritable`] if the list is empty or a text can't be said.
pub fn write_limits(limits: &[Limit]) -> Result<HeaderValue, Unwritable> {
    field(limits.iter().map(limit))
}

fn policy(policy: &Policy) -> Result<Item, Unwritable> {
    let mut params = Parameters::new();
    put(&mut params, NAMES.quota, Some(count(policy.quota)));
    put(&mut params, NAMES.window, policy.window_secs.map(|secs| count(secs.get())));
    put(&mut params, NAMES.unit, policy.unit.as_deref().map(text).transpose()?);
    put(&mut params, NAMES.partition, policy.partition.clone().map(Value::ByteSequence));
    extend(&mut params, &policy.extensions, &NAMES.of_policy())?;
    Ok(Item::with_params(text(&policy.name)?, params))
}

fn limit(limit: &Limit) -> Result<Item, Unwritable> {
    let mut params = Parameters::new();
    put(&mut params, NAMES.remaining, limit.remaining.map(count));
    put(&mut params, NAMES.reset, limit.reset_secs.map(count));
    put(&mut params, NAMES.partition, limit.partition.clone().map(Value::ByteSequence));
    extend(&mut params, &limit.extensions, &NAMES.of_limit())?;
    Ok(Item::with_params(text(&limit.name)?, params))
}

pub(super) fn field(
    items: impl Iterator<Item = Result<Item, Unwritable>>,
) -> Result<HeaderValue, Unwritable> {
    let list = items.map(|item| item.map(ListEntry::Item)).collect::<Result<List, _>>()?;
    let line = list.serialize().ok_or(Unwritable::Empty)?;
    HeaderValue::try_from(&line).map_err(|_| Unwritable::Text(line))
}

pub(super) fn put(params: &mut Parameters, key: &KeyRef, value: Option<Value>) {
    if let Some(value) = value {
        params.insert(key.to_owned(), value);
    }
}

pub(super) fn extend(
    params: &mut Parameters,
    with: &[(String, Value)],
    taken: &[&KeyRef],
) -> Result<(), Unwritable> {
    for (name, value) in with {
        let key = Key::from_string(name.clone()).map_err(|(_, name)| Unwritable::Key(name))?;
        if taken.contains(&&*key) {
            return Err(Unwritable::Key(name.clone()));
        }
        params.insert(key, value.clone());
    }
    Ok(())
}

pub(super) fn count(count: u64) -> Value {
    Value::Integer(Integer::try_from(count).unwrap_or(Integer::MAX))
}

/// A number that stands alone.
pub(super) fn number(number: u64) -> HeaderValue {
    HeaderValue::from(number.min(LARGEST))
}

fn text(text: &str) -> Result<Value, Unwritable> {
    let text = sfv::String::from_string(text.to_owned()).map_err(|(_, text)| Unwritable::Text(text))?;
    Ok(Value::String(text))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::super::{Tolerance, read_limits, read_policies};
    use super::*;
    use proptest::prelude::*;

    fn day() -> Policy {
        Policy { name: "day".into(), quota: 5000, window_secs: NonZeroU64::new(86_400), ..Policy::default() }
    }

    #[test]
    fn fields_are_written_as_the_draft_shows_them() {
        let per_user = Policy {
            name: "peruser".into(),
            quota: 65_535,
            unit: Some("content-bytes".into()),
            partition: Some(b"user-7".into()),
            extensions: vec![("burst".into(), Value::from(10))],
            ..Policy::default()
        };
        assert_eq!(
            write_policies(&[day(), per_user]).expect("writable"),
            r#""day";q=5000;w=86400, "peruser";q=65535;qu="content-bytes";pk=:dXNlci03:;burst=10"#
        );
        let left =
            Limit { name: "day".into(), remaining: Some(50), reset_secs: Some(30), ..Limit::default() };
        assert_eq!(write_limits(&[left]).expect("writable"), r#""day";r=50;t=30"#);
    }

    #[test]
    fn what_the_form_cannot_say_is_an_error_that_names_it() {
        assert_eq!(write_limits(&[]), Err(Unwritable::Empty));
        let named = Policy { name: "café".into(), ..day() };
        assert_eq!(write_policies(&[named]), Err(Unwritable::Text("café".into())));
        for key in ["Burst", "q", "pk", ""] {
            let extended = Policy { extensions: vec![(key.into(), Value::from(1))], ..day() };
            assert_eq!(write_policies(&[extended]), Err(Unwritable::Key(key.into())));
        }
        let message = Unwritable::Text("café".into()).to_string();
        assert!(message.starts_with("\"café\" can't stand in a RateLimit field"), "{message}");
    }

    #[test]
    fn numbers_beyond_the_form_become_its_largest() {
        let much = Limit { name: "a".into(), remaining: Some(u64::MAX), ..Limit::default() };
        assert_eq!(write_limits(&[much]).expect("writable"), r#""a";r=999999999999999"#);
    }

    prop_compose! {
        fn any_policy()(
            name in "[ -~]{0,12}", quota in 0..1_000_000_000_000_000u64,
            window in 0..1_000_000u64, unit in proptest::option::of("[ -~]{0,8}"), partition: Option<Vec<u8>>,
            extensions in prop::collection::btree_map("[x*][a-z0-9_.*-]{0,5}", any::<i32>(), 0..3),
        ) -> Policy {
            let extensions = extensions.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
            Policy { name, quota, window_secs: NonZeroU64::new(window), unit, partition, extensions }
        }
    }

    proptest! {
        #[test]
        fn policies_read_back_as_they_were_written(policies in prop::collection::vec(any_policy(), 1..4)) {
            let line = write_policies(&policies).expect("made of writable parts");
            prop_assert_eq!(read_policies([line.as_bytes()], Tolerance::Strict), Some(policies));
        }

        #[test]
        fn limits_read_back_as_they_were_written(
            name in "[ -~]{0,12}", remaining in 0..1_000_000_000_000_000u64,
            reset_secs in proptest::option::of(0..1_000_000_000_000_000u64), partition: Option<Vec<u8>>,
        ) {
            let limit = Limit { name, remaining: Some(remaining), reset_secs, partition, extensions: vec![] };
            let limits = vec![limit.clone(), limit];
            let line = write_limits(&limits).expect("made of writable parts");
            prop_assert_eq!(read_limits([line.as_bytes()], Tolerance::Strict), Some(limits));
        }
    }
}
