//! `RateLimit-Limit`, `-Remaining` and `-Reset`: drafts -00 to -06, and what is like them with an `X-` before.

use http::{HeaderMap, HeaderName};
use sfv::{Item, Parser};

use super::fields::{Field, lines};
use super::quota_policy::{self, WINDOW};
use super::read::{Tolerance, count, items, join};
use super::write::{self, Unwritable};
use super::{QuotaPolicy, Reset};

/// What the three fields are called, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrioNames {
    /// The field of the window's units, and in drafts -00 to -03 of the policies.
    pub limit: &'static str,
    /// The field of the units left.
    pub remaining: &'static str,
    /// The field of the time to the window's end.
    pub reset: &'static str,
}

/// The drafts' names.
pub const TRIO: TrioNames =
    TrioNames { limit: "ratelimit-limit", remaining: "ratelimit-remaining", reset: "ratelimit-reset" };

/// The names that were in use before the drafts, which many send with the drafts' values.
pub const X_TRIO: TrioNames =
    TrioNames { limit: "x-ratelimit-limit", remaining: "x-ratelimit-remaining", reset: "x-ratelimit-reset" };

/// The limit that is closest to being reached (draft -06 section 3). At least one of the three is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trio {
    /// How many units the window allows.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// When more than these are left.
    pub reset: Option<Reset>,
    /// The policies that stand behind the limit in the same field (drafts -00 to -03). That a limit alone has a
    /// window, as Docker Hub's `100;w=21600`, makes it a policy too.
    pub policies: Vec<QuotaPolicy>,
}

/// Reads the three fields of an answer. They stand or fall together: one that is malformed spoils the others.
///
/// A lenient reader takes a date for the reset.
pub fn read_trio(headers: &HeaderMap, names: &TrioNames, tolerance: Tolerance) -> Field<Trio> {
    if ![names.limit, names.remaining, names.reset].into_iter().any(|name| headers.contains_key(name)) {
        return Field::Absent;
    }
    trio(headers, names, tolerance).map_or(Field::Ignored, Field::Read)
}

fn trio(headers: &HeaderMap, names: &TrioNames, tolerance: Tolerance) -> Option<Trio> {
    let (limit, policies) = match headers.contains_key(names.limit) {
        true => limit(headers, names.limit).map(|(limit, policies)| (Some(limit), policies))?,
        false => (None, Vec::new()),
    };
    let remaining = match headers.contains_key(names.remaining) {
        true => Some(number(headers, names.remaining)?),
        false => None,
    };
    let reset = match headers.contains_key(names.reset) {
        true => Some(reset(headers, names.reset, tolerance)?),
        false => None,
    };
    Some(Trio { limit, remaining, reset, policies })
}

/// The expiring limit and the policies behind it; the limit counts as a policy if it has a window itself.
fn limit(headers: &HeaderMap, name: &str) -> Option<(u64, Vec<QuotaPolicy>)> {
    let items = items(lines(headers, name))?;
    let first = items.first()?;
    let limit = count(first.bare_item.clone())?;
    let bare = usize::from(!first.params.contains_key(WINDOW));
    let policies = items.into_iter().skip(bare).map(quota_policy::of_item).collect::<Option<_>>()?;
    Some((limit, policies))
}

/// A number; its parameters are ignored.
fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let item: Item = Parser::new(&join(lines(headers, name))).parse().ok()?;
    count(item.bare_item)
}

fn reset(headers: &HeaderMap, name: &str, tolerance: Tolerance) -> Option<Reset> {
    let number = number(headers, name).map(Reset::of_number);
    match tolerance {
        Tolerance::Strict => number,
        Tolerance::Lenient => number.or_else(|| Reset::of_date(&join(lines(headers, name)))),
    }
}

/// Writes those of the three fields that are told, in place of what `headers` had of them. Numbers of more than
/// 15 digits become the form's largest.
///
/// # Errors
///
/// [`Unwritable`] if a policy's extension can't be said; nothing is written then.
pub fn write_trio(headers: &mut HeaderMap, names: &TrioNames, trio: &Trio) -> Result<(), Unwritable> {
    if let Some(limit) = trio.limit {
        let limit = Item::new(write::count(limit));
        let policies = trio.policies.iter().map(quota_policy::to_item);
        let line = write::field(std::iter::once(Ok(limit)).chain(policies))?;
        headers.insert(HeaderName::from_static(names.limit), line);
    }
    if let Some(remaining) = trio.remaining {
        headers.insert(HeaderName::from_static(names.remaining), write::number(remaining));
    }
    if let Some(reset) = trio.reset {
        headers.insert(HeaderName::from_static(names.reset), write::number(reset.number()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::value::{FIRST_INSTANT, LONGEST_DELAY};
    use http::HeaderValue;
    use proptest::prelude::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        fields.iter().map(field).collect()
    }

    #[test]
    fn one_malformed_field_spoils_the_others() {
        for bad in ["", "x", "-1", "1.0", "7, 8", "\"7\""] {
            let headers = headers(&[("ratelimit-limit", "10"), ("ratelimit-remaining", bad)]);
            assert_eq!(read_trio(&headers, &TRIO, Tolerance::Lenient), Field::Ignored, "{bad}");
            assert_eq!(read_trio(&headers, &X_TRIO, Tolerance::Lenient), Field::Absent);
        }
    }

    #[test]
    fn a_policy_behind_the_limit_needs_a_window() {
        for (line, policies) in
            [("10", Some(0)), ("10, 10;w=1", Some(1)), ("10;w=1", Some(1)), ("10, 10", None)]
        {
            let headers = headers(&[("x-ratelimit-limit", line)]);
            let read = read_trio(&headers, &X_TRIO, Tolerance::Strict);
            assert_eq!(read.value().map(|trio| trio.policies.len()), policies, "{line}");
        }
    }

    #[test]
    fn a_stamp_is_an_instant_and_a_date_is_for_the_lenient() {
        let reset = |value, tolerance| {
            let read = read_trio(&headers(&[("x-ratelimit-reset", value)]), &X_TRIO, tolerance);
            read.value().and_then(|trio| trio.reset)
        };
        let stamp = reset("1700000000", Tolerance::Strict);
        assert_eq!(stamp.and_then(Reset::epoch_secs), Some(1_700_000_000));
        assert_eq!(reset("7", Tolerance::Strict), Some(Reset::After(Duration::from_secs(7))));
        let date = "Mon, 05 Aug 2019 09:27:05 GMT";
        assert_eq!(reset(date, Tolerance::Strict), None);
        assert_eq!(reset(date, Tolerance::Lenient).and_then(Reset::epoch_secs), Some(1_564_997_225));
    }

    prop_compose! {
        fn any_trio()(
            limit in 0..1_000_000_000_000_000u64,
            policies in prop::collection::vec((0..1_000_000_000_000_000u64, 0..1_000_000u64), 0..5),
            remaining in proptest::option::of(0..1_000_000_000_000_000u64),
            reset in proptest::option::of(prop_oneof![0..=LONGEST_DELAY, FIRST_INSTANT..100_000_000_000]),
        ) -> Trio {
            let policy = |(quota, window_secs)| QuotaPolicy { quota, window_secs, extensions: vec![] };
            let policies = policies.into_iter().map(policy).collect();
            Trio { limit: Some(limit), remaining, reset: reset.map(Reset::of_number), policies }
        }
    }

    proptest! {
        #[test]
        fn it_reads_back_as_it_was_written(trio in any_trio()) {
            for names in [TRIO, X_TRIO] {
                let mut headers = HeaderMap::new();
                write_trio(&mut headers, &names, &trio).expect("made of writable parts");
                prop_assert_eq!(read_trio(&headers, &names, Tolerance::Strict), Field::Read(trio.clone()));
            }
        }
    }
}
