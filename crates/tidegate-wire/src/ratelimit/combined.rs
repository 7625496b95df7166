//! The `RateLimit` field of draft -07: `limit=100, remaining=50, reset=5`.

use http::HeaderValue;
use sfv::{Dictionary, FieldType, Item, KeyRef, ListEntry, Parser, key_ref};

use super::Reset;
use super::fields::Field;
use super::read::{MAX_ITEMS, count, join};
use super::write;

const LIMIT: &KeyRef = key_ref("limit");
const REMAINING: &KeyRef = key_ref("remaining");
const RESET: &KeyRef = key_ref("reset");

/// The limit that is closest to being reached (draft -07 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combined {
    /// How many units the window allows.
    pub limit: u64,
    /// How many of them are left, if it is told.
    pub remaining: Option<u64>,
    /// When more than these are left.
    pub reset: Reset,
}

/// Reads the lines of a `RateLimit` field as draft -07 has it.
///
/// [`Field::Absent`] means that the field speaks another draft: it isn't a dictionary, or has none of the three
/// keys. With one of the keys, it is malformed unless `limit` and `reset` are there and all are whole numbers.
pub fn read_combined<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Field<Combined> {
    let Ok(members) = Parser::new(&join(lines)).parse::<Dictionary>() else { return Field::Absent };
    if ![LIMIT, REMAINING, RESET].into_iter().any(|key| members.contains_key(key)) {
        return Field::Absent;
    }
    if members.len() > MAX_ITEMS {
        return Field::Ignored;
    }
    combined(&members).map_or(Field::Ignored, Field::Read)
}

fn combined(members: &Dictionary) -> Option<Combined> {
    Some(Combined {
        limit: number(members.get(LIMIT)?)?,
        remaining: match members.get(REMAINING) {
            Some(member) => Some(number(member)?),
            None => None,
        },
        reset: Reset::of_number(number(members.get(RESET)?)?),
    })
}

fn number(member: &ListEntry) -> Option<u64> {
    match member {
        ListEntry::Item(item) => count(item.bare_item.clone()),
        ListEntry::InnerList(_) => None,
    }
}

/// Writes a `RateLimit` field of draft -07. Numbers of more than 15 digits become the form's largest.
pub fn write_combined(combined: &Combined) -> HeaderValue {
    let members = [
        (LIMIT, Some(combined.limit)),
        (REMAINING, combined.remaining),
        (RESET, Some(combined.reset.number())),
    ];
    let member = |(key, number): (&KeyRef, Option<u64>)| {
        Some((key.to_owned(), ListEntry::Item(Item::new(write::count(number?)))))
    };
    let line = members.into_iter().filter_map(member).collect::<Dictionary>().serialize();
    // Keys, digits and signs are all that the line has; and it is never empty.
    line.and_then(|line| HeaderValue::try_from(line).ok()).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::value::{FIRST_INSTANT, LONGEST_DELAY};
    use proptest::prelude::*;

    #[test]
    fn another_drafts_field_is_not_this_one() {
        let of = |line: &'static str| read_combined([line.as_bytes()]);
        for line in ["", "\"default\";r=50;t=30", "quota;t=1", "50", "a=1", "limit=100 remaining=50"] {
            assert_eq!(of(line), Field::Absent, "{line}");
        }
        for line in ["limit", "limit=1, reset=(1 2)", "limit=1, remaining=1.0, reset=1", "limit=?1, reset=1"]
        {
            assert_eq!(of(line), Field::Ignored, "{line}");
        }
        let reset = Reset::After(Duration::from_secs(1));
        assert_eq!(of("limit=9, x=y, reset=1;c"), Field::Read(Combined { limit: 9, remaining: None, reset }));
    }

    #[test]
    fn a_member_may_be_on_a_line_of_its_own() {
        let lines = [b"limit=9".as_slice(), b"reset=1700000000"];
        let read = read_combined(lines);
        assert_eq!(read.value().and_then(|combined| combined.reset.epoch_secs()), Some(1_700_000_000));
    }

    proptest! {
        #[test]
        fn it_reads_back_as_it_was_written(
            limit in 0..1_000_000_000_000_000u64,
            remaining in proptest::option::of(0..1_000_000_000_000_000u64),
            reset in prop_oneof![0..=LONGEST_DELAY, FIRST_INSTANT..100_000_000_000],
        ) {
            let combined = Combined { limit, remaining, reset: Reset::of_number(reset) };
            let line = write_combined(&combined);
            prop_assert_eq!(read_combined([line.as_bytes()]), Field::Read(combined));
        }

        #[test]
        fn any_bytes_are_a_limit_or_nothing(line: Vec<u8>) {
            let _ = read_combined([line.as_slice()]);
        }
    }
}
