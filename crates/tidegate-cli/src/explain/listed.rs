//! What came of each field that speaks of limits, and of each that the row names. Never here: a value.

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName};
use tidegate_wire::feedback::{Named, Origin, Origins};
use tidegate_wire::ratelimit::{Fields, RATELIMIT, RATELIMIT_POLICY};
use tidegate_wire::retry_after::RetryAfter;

/// The standards' fields that are read whatever the row says.
const STANDARD: [HeaderName; 3] = [RETRY_AFTER, RATELIMIT, RATELIMIT_POLICY];

/// Each field in one list, and so each place of the body that the row reads a number from.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The row names it, and it was made use of.
    pub(super) found: Vec<String>,
    /// It can be read, and something else told the same or more.
    pub(super) unneeded: Vec<String>,
    /// It should say something, and can't be read.
    pub(super) unreadable: Vec<Unreadable>,
    /// By its name it speaks of limits, and neither the row nor a standard knows it.
    pub(super) strange: Vec<String>,
}

/// A place that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) place: String,
    /// As what the row would read it; the standards say it themselves.
    pub(super) format: Option<String>,
}

/// What is known of an answer by then.
pub(super) struct Known<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) named: &'a [Named],
    pub(super) origins: &'a Origins,
    pub(super) retry_after: Option<RetryAfter>,
    pub(super) fields: &'a Fields,
}

impl Listed {
    pub(super) fn of(known: &Known<'_>) -> Listed {
        let used = used(known.origins);
        let is_used = |place: &str| used.iter().any(|name| stands_for(place, name));
        let mut listed = Listed { unreadable: malformed(known, &used), ..Listed::default() };
        for (at, named) in known.named.iter().enumerate() {
            let place = &named.place;
            if known.named[..at].iter().any(|known| &known.place == place) {
                continue;
            }
            let all = || known.named.iter().filter(|named| &named.place == place);
            let is_value = |named: &&Named| named.format != "text";
            let readable = all().filter(is_value).find(|named| named.is_readable);
            let is_text = all().any(|named| !is_value(&named));
            if place.starts_with("body:") && is_text {
                continue;
            }
            match (all().find(is_value), readable) {
                (Some(value), None) if !is_used(place) => listed.add_unreadable(value),
                _ if listed.unreadable.iter().any(|known| &known.place == place) => {}
                (_, readable) if is_text || is_used(place) || place.starts_with("body:") => {
                    listed.found.push(written(readable.unwrap_or(named)));
                }
                _ => listed.unneeded.push(place.clone()),
            }
        }
        let is_named = |name: &HeaderName| known.named.iter().any(|named| stands_for(&named.place, name));
        for name in known.headers.keys().filter(|name| speaks_of_limits(name) && !is_named(name)) {
            let is_unreadable = listed.unreadable.iter().any(|known| known.place == name.as_str());
            match STANDARD.contains(name) {
                true if is_unreadable || used.contains(&name) => {}
                true => listed.unneeded.push(name.to_string()),
                false => listed.strange.push(name.to_string()),
            }
        }
        listed
    }

    fn add_unreadable(&mut self, named: &Named) {
        let Named { place, format, .. } = named;
        self.unreadable.retain(|known| &known.place != place);
        self.unreadable.push(Unreadable { place: place.clone(), format: Some(format.clone()) });
    }
}

/// The place, with the format of its value unless that is a plain number of what it is about.
fn written(named: &Named) -> String {
    match named.format.as_str() {
        "text" | "seconds" | "a count" => named.place.clone(),
        format => format!("{} as {format}", named.place),
    }
}

/// Whether the row means this field by what it writes, `zendesk-ratelimit-*` being all that begin so.
fn stands_for(place: &str, name: &HeaderName) -> bool {
    place.strip_suffix('*').map_or(place == name.as_str(), |beginning| name.as_str().starts_with(beginning))
}

/// The fields that something was read from.
fn used(origins: &Origins) -> Vec<&HeaderName> {
    let Origins { limited, wait, remaining, limit, window, reset, used_ratio, scope, .. } = origins;
    let all = [limited, wait, remaining, limit, window, reset, used_ratio, scope].into_iter().flatten();
    all.filter_map(|origin| if let Origin::Field(name) = origin { Some(name) } else { None }).collect()
}

/// The fields of the standards that are malformed, and of which the provider's own rules made nothing either.
fn malformed(known: &Known<'_>, used: &[&HeaderName]) -> Vec<Unreadable> {
    let Fields { limits, combined, policies, quota_policies, .. } = known.fields;
    let faults = [
        known.retry_after.is_none(),
        limits.is_ignored() || combined.is_ignored(),
        policies.is_ignored() || quota_policies.is_ignored(),
    ];
    let malformed = STANDARD.into_iter().zip(faults).filter(|(_, is_at_fault)| *is_at_fault);
    let malformed = malformed.map(|(name, _)| name);
    malformed
        .filter(|name| known.headers.contains_key(name) && !used.contains(&name))
        .map(|name| Unreadable { place: name.to_string(), format: None })
        .collect()
}

fn speaks_of_limits(name: &HeaderName) -> bool {
    ["limit", "retry", "quota", "throttl"].iter().any(|word| name.as_str().contains(word))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tidegate_core::Time;
    use tidegate_wire::dialect::Table;
    use tidegate_wire::ratelimit::{self, Tolerance};
    use tidegate_wire::{feedback, retry_after};

    use super::super::pasted::Pasted;
    use super::*;

    const NOW: Time = Time::from_secs(1_700_000_000);
    const MINE: &str = "
        [[dialect]]
        name = 'mine'
        windows = [{ limit = 'x-cap', remaining = 'x-left', used = 'x-used', reset = 'x-again as epoch' }]
        waits = ['x-pause as ms', 'body:/pause']
        scope = '{x-bucket}'
        source = 'here'
    ";

    fn listed(provider: &str, pasted: &str) -> Listed {
        let Pasted { status, headers, body } = Pasted::read(pasted.as_bytes()).unwrap();
        let dialect = Table::built_in().extended(MINE).unwrap().named(provider).unwrap();
        let reading = feedback::read(&dialect, status, &headers, Some(&body), NOW);
        let lines = headers.get_all(RETRY_AFTER).into_iter().map(HeaderValue::as_bytes);
        Listed::of(&Known {
            headers: &headers,
            named: &feedback::named(&dialect, status, &headers, Some(&body), NOW),
            origins: &reading.origins,
            retry_after: retry_after::read(lines, None, NOW),
            fields: &ratelimit::read(&headers, Tolerance::Strict),
        })
    }

    #[track_caller]
    fn check(provider: &str, pasted: &str, lists: [&[&str]; 4]) {
        let Listed { found, unneeded, unreadable, strange } = listed(provider, pasted);
        let unreadable: Vec<String> = unreadable
            .iter()
            .map(|Unreadable { place, format }| format!("{place} {}", format.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            [found, unneeded, unreadable, strange].each_ref().map(|list| &list[..]),
            lists,
            "{pasted}"
        );
    }

    #[test]
    fn what_a_row_of_ones_own_names_is_listed() {
        let pasted = "HTTP/2 429\nx-cap: 10\nx-left: 0\nx-used: 10\nx-again: 1700000030\nx-pause: soon\nx-bucket: a\n\n{\"pause\": 5}";
        let found = ["x-cap", "x-left", "x-again as epoch", "body:/pause", "x-bucket"];
        check("mine", pasted, [&found, &["x-used"], &["x-pause ms"], &[]]);
    }

    #[test]
    fn what_is_not_understood_is_not_said_to_be_unneeded() {
        let pasted = "HTTP/2 429\nretry-after: 5\nx-my-quota: 5\nx-ratelimit-left: 3\nx-retry: a\nserver: a";
        check("mine", pasted, [&[], &[], &[], &["x-my-quota", "x-ratelimit-left", "x-retry"]]);
        check("mine", "HTTP/2 200\nserver: a", [&[], &[], &[], &[]]);
    }

    #[test]
    fn a_standard_that_cannot_be_read_is_listed_once() {
        check("generic", "HTTP/2 429\nretry-after: soon", [&[], &[], &["retry-after -"], &[]]);
        let both = "HTTP/2 200\nratelimit: ?\nratelimit-policy: \"a;q";
        check("mine", both, [&[], &[], &["ratelimit -", "ratelimit-policy -"], &[]]);
        check("generic", "HTTP/2 200\nratelimit-limit: lots", [&[], &[], &["ratelimit-limit a count"], &[]]);
        check("mine", "HTTP/2 200\nretry-after: 5", [&[], &["retry-after"], &[], &[]]);
    }
}
