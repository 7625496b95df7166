//! Sentry's limits per category, as `X-Sentry-Rate-Limits` lists them. Never here: which category a request is.
//!
//! The field is a list of `retry_after:categories:scope:reason:namespaces`, where semicolons separate categories
//! and namespaces, and blanks don't count. It may come with any status. Source: the page "Rate Limiting" of
//! Sentry's developer documentation.

use std::time::Duration;

use crate::retry_after::OVERFLOW;
use crate::value::{Decimal, SECOND};

/// How many limits are kept of one answer, and how many categories and namespaces of one limit.
pub const MAX_ITEMS: usize = 64;

/// How long not to send the items of some categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryLimit {
    /// How long, counted from the answer's arrival; [`OVERFLOW`] if that is too large to hold.
    pub wait: Duration,
    /// The categories; none means all of them.
    pub categories: Vec<String>,
    /// The namespaces of metrics to which the limit is confined; none means that it isn't.
    pub namespaces: Vec<String>,
}

/// Reads the lines of the field. Items that don't begin with a number of seconds are skipped; of more than
/// [`MAX_ITEMS`] those with the longest waits are kept.
///
/// Anything in a name that isn't visible ASCII becomes `?`, so that names are safe to print.
pub fn read<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<CategoryLimit> {
    let mut limits = Vec::new();
    for item in lines.into_iter().flat_map(|line| line.split(|&byte| byte == b',')) {
        limits.extend(read_item(item));
        if limits.len() > MAX_ITEMS {
            drop_shortest(&mut limits);
        }
    }
    limits
}

fn drop_shortest(limits: &mut Vec<CategoryLimit>) {
    let shortest = limits.iter().enumerate().min_by_key(|(_, limit)| limit.wait).map(|(place, _)| place);
    if let Some(place) = shortest {
        limits.remove(place);
    }
}

fn read_item(item: &[u8]) -> Option<CategoryLimit> {
    let mut parts = item.split(|&byte| byte == b':');
    let seconds = without_blanks(parts.next()?);
    Some(CategoryLimit {
        wait: Decimal::read(&seconds)?.span(SECOND).unwrap_or(OVERFLOW),
        categories: names(parts.next()),
        namespaces: names(parts.nth(2)),
    })
}

fn names(part: Option<&[u8]>) -> Vec<String> {
    let all = part.unwrap_or_default().split(|&byte| byte == b';').map(|name| {
        let visible = |byte: u8| if byte.is_ascii_graphic() { char::from(byte) } else { '?' };
        without_blanks(name).into_iter().map(visible).collect::<String>()
    });
    all.filter(|name| !name.is_empty()).take(MAX_ITEMS).collect()
}

fn without_blanks(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t')).collect()
}

/// The longest wait of all: whoever obeys it sends no category too early.
pub fn longest(limits: &[CategoryLimit]) -> Option<Duration> {
    limits.iter().map(|limit| limit.wait).max()
}

/// What the limits are about, for people: `metric_bucket:custom`, `all categories`, or
/// `per category: transaction=60, default/error/security=2700`. `None` without a limit.
pub fn label(limits: &[CategoryLimit]) -> Option<String> {
    match limits {
        [] => None,
        _ if limits.iter().any(|limit| limit.categories.is_empty()) => Some("all categories".to_owned()),
        [limit] => Some(limit.names()),
        _ => {
            let named = |limit: &CategoryLimit| format!("{}={}", limit.names(), seconds(limit.wait));
            Some(format!("per category: {}", limits.iter().map(named).collect::<Vec<_>>().join(", ")))
        }
    }
}

/// Exact, and no longer than it has to be: `2700`, `0.5`.
fn seconds(wait: Duration) -> String {
    let all_places = format!("{}.{:09}", wait.as_secs(), wait.subsec_nanos());
    all_places.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl CategoryLimit {
    fn names(&self) -> String {
        let categories = self.categories.join("/");
        if self.namespaces.is_empty() {
            categories
        } else {
            format!("{categories}:{}", self.namespaces.join("/"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(line: &str, seconds: Option<u64>, text: Option<&str>) {
        let limits = read([line.as_bytes()]);
        assert_eq!(longest(&limits), seconds.map(Duration::from_secs), "{line}");
        assert_eq!(label(&limits).as_deref(), text, "{line}");
    }

    #[test]
    fn the_longest_wait_counts_and_the_label_names_what_it_is_about() {
        check(
            "60:transaction:key, 2700:default;error;security:organization",
            Some(2700),
            Some("per category: transaction=60, default/error/security=2700"),
        );
        check("60::organization, 2700::organization", Some(2700), Some("all categories"));
        check("60:error:organization, 2700::organization", Some(2700), Some("all categories"));
        check(
            "2700:metric_bucket:organization:quota_exceeded:custom",
            Some(2700),
            Some("metric_bucket:custom"),
        );
        check("5:metric_bucket:key::a;b:more", Some(5), Some("metric_bucket:a/b"));
        check("60:error:key", Some(60), Some("error"));
        check("60", Some(60), Some("all categories"));
    }

    #[test]
    fn blanks_do_not_count() {
        check(" 60 : error ; default : key ", Some(60), Some("error/default"));
        check("60: ; :key", Some(60), Some("all categories"));
    }

    #[test]
    fn an_item_without_seconds_is_skipped() {
        check("soon:error:key, 60:default:key", Some(60), Some("default"));
        check("-1:error:key", None, None);
        check("", None, None);
    }

    #[test]
    fn a_fraction_is_kept_and_a_huge_number_saturates() {
        let lines = [b"64.57:error:key".as_slice(), b"18446744073709551616:default:key", b"0:replay:key"];
        let limits = read(lines);
        assert_eq!(
            limits.iter().map(|limit| limit.wait).collect::<Vec<_>>(),
            [Duration::from_millis(64_570), OVERFLOW, Duration::ZERO]
        );
        assert_eq!(
            label(&limits).as_deref(),
            Some("per category: error=64.57, default=2147483648, replay=0")
        );
    }

    #[test]
    fn names_are_safe_to_print() {
        let limits = read([b"60:a\x1b[31m\xff:key".as_slice()]);
        assert_eq!(label(&limits).as_deref(), Some("a?[31m?"));
    }

    #[test]
    fn of_too_many_the_longest_are_kept() {
        let line = format!("2700:error:key{}, 60:default:key", ",1:default:key".repeat(MAX_ITEMS));
        let limits = read([line.as_bytes()]);
        assert_eq!(limits.len(), MAX_ITEMS);
        assert_eq!(limits[0].wait, Duration::from_secs(2700));
        assert_eq!(limits[MAX_ITEMS - 1].wait, Duration::from_secs(60));
    }

    proptest! {
        #[test]
        fn any_bytes_are_limits_or_nothing(lines: Vec<Vec<u8>>) {
            let limits = read(lines.iter().map(Vec::as_slice));
            prop_assert_eq!(limits.is_empty(), longest(&limits).is_none());
            prop_assert_eq!(limits.is_empty(), label(&limits).is_none());
        }

        #[test]
        fn no_item_is_longer_than_the_longest(seconds in prop::collection::vec(0..u64::MAX, 1..200)) {
            let line: Vec<String> = seconds.iter().map(|seconds| format!("{seconds}:error:key")).collect();
            let limits = read([line.join(", ").as_bytes()]);
            prop_assert_eq!(longest(&limits), seconds.iter().max().copied().map(Duration::from_secs));
        }
    }
}
