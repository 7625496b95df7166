//! Which fields an answer can't have, told without looking for them. Never here: a field's value.

use http::{HeaderMap, HeaderName};

/// A set of names that may hold one too many and never one too few: a dialect asks for dozens of fields, of which an
/// answer has one or two.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Names(u64);

impl Names {
    pub(super) fn of(headers: &HeaderMap) -> Names {
        Names(headers.keys().fold(0, |all, name| all | bit(name)))
    }

    /// Whether a field of this name may be there.
    pub(super) fn may_have(self, name: &HeaderName) -> bool {
        self.0 & bit(name) != 0
    }
}

/// One of 64 bits, by what tells names of limits apart: their length, and how they end.
fn bit(name: &HeaderName) -> u64 {
    let bytes = name.as_str().as_bytes();
    let end = bytes.last_chunk().map_or(0, |&[one, two]| usize::from(one) * 5 + usize::from(two));
    1 << ((bytes.len() * 11 + end) % 64)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::{AGE, DATE, RETRY_AFTER};

    use super::*;

    #[test]
    fn what_is_there_is_never_missed() {
        let odd = ["a", "te", "x-ratelimit-remaining", "ratelimit", &"x".repeat(300)];
        let odd = odd.iter().map(|name| HeaderName::from_bytes(name.as_bytes()).unwrap());
        let names: Vec<HeaderName> = odd.chain([AGE, DATE, RETRY_AFTER]).collect();
        for present in 0..=names.len() {
            let headers: HeaderMap =
                names[..present].iter().map(|name| (name.clone(), HeaderValue::from_static(""))).collect();
            let may_have = Names::of(&headers);
            assert!(names[..present].iter().all(|name| may_have.may_have(name)), "{headers:?}");
        }
    }

    #[test]
    fn most_of_what_is_not_there_is_told() {
        let headers = ["date", "content-type", "content-length", "server", "connection"];
        let headers = headers.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("")));
        let names = Names::of(&headers.into_iter().collect());
        let asked =
            ["ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining", "retry-after"];
        let taken_for_there =
            asked.into_iter().filter(|name| names.may_have(&HeaderName::from_static(name))).count();
        assert!(taken_for_there <= 1, "{taken_for_there}");
    }
}
