//! All `RateLimit` fields of an answer: which draft each speaks, and what it says. Never here: which one counts.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::partition_text::partition_texts;
use super::quota_policy::are_ambiguous;
use super::read::{Tolerance, join};
use super::{
    Combined, Limit, Policy, QuotaPolicy, RATELIMIT, RATELIMIT_POLICY, TRIO, Trio, X_TRIO, read_combined,
    read_limits, read_policies, read_quota_policies, read_trio,
};

/// What became of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// It isn't there, or speaks another draft.
    #[default]
    Absent,
    /// It is there and malformed. The drafts demand that it is ignored.
    Ignored,
    /// It says this.
    Read(T),
}

impl<T> Field<T> {
    /// What it says.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Field::Read(value) => Some(value),
            Field::Absent | Field::Ignored => None,
        }
    }

    /// Whether it is there and malformed.
    pub const fn is_ignored(&self) -> bool {
        matches!(self, Field::Ignored)
    }
}

/// The `RateLimit` fields of an answer, each read on its own: that one is malformed doesn't spoil the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// `RateLimit-Policy` of drafts -08 to -11, and of none that is known if it is malformed.
    pub policies: Field<Vec<Policy>>,
    /// `RateLimit-Policy` of drafts -04 to -07.
    pub quota_policies: Field<Vec<QuotaPolicy>>,
    /// `RateLimit` of drafts -08 to -11, and of none that is known if it is malformed.
    pub limits: Field<Vec<Limit>>,
    /// `RateLimit` of draft -07.
    pub combined: Field<Combined>,
    /// `RateLimit-Limit`, `-Remaining` and `-Reset`.
    pub trio: Field<Trio>,
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, as far as they keep to the drafts.
    pub x_trio: Field<Trio>,
    /// The names of fields that look as if they were about rate limits, and are in no draft.
    pub foreign: Vec<HeaderName>,
    /// Each policy's partition as it is written, in the policies' order; JSON shows it so.
    pub(super) policy_texts: Vec<Option<String>>,
    /// Each limit's partition as it is written, in the limits' order.
    pub(super) limit_texts: Vec<Option<String>>,
}

/// Reads the `RateLimit` fields of an answer, whichever drafts they speak.
pub fn read(headers: &HeaderMap, tolerance: Tolerance) -> Fields {
    let mut fields = Fields {
        trio: read_trio(headers, &TRIO, tolerance),
        x_trio: read_trio(headers, &X_TRIO, tolerance),
        foreign: headers.keys().filter(|name| looks_alike(name)).cloned().collect(),
        ..Fields::default()
    };
    if headers.contains_key(RATELIMIT) {
        fields.read_limits(headers, tolerance);
    }
    if headers.contains_key(RATELIMIT_POLICY) {
        fields.read_policies(headers, tolerance);
    }
    fields
}

impl Fields {
    fn read_limits(&mut self, headers: &HeaderMap, tolerance: Tolerance) {
        let lines = || lines(headers, RATELIMIT.as_str());
        if let Some(limits) = read_limits(lines(), tolerance) {
            self.limit_texts = partition_texts(&join(lines()));
            self.limits = Field::Read(limits);
            return;
        }
        self.combined = read_combined(lines());
        if self.combined == Field::Absent {
            self.limits = Field::Ignored;
        }
    }

    /// Draft -07 forbids two policies of one quota, those before don't. A field that stands alone is held to the
    /// newest draft that has its form.
    fn read_policies(&mut self, headers: &HeaderMap, tolerance: Tolerance) {
        let lines = || lines(headers, RATELIMIT_POLICY.as_str());
        if let Some(policies) = read_policies(lines(), tolerance) {
            self.policy_texts = partition_texts(&join(lines()));
            self.policies = Field::Read(policies);
            return;
        }
        let is_before_07 = self.trio != Field::Absent || self.x_trio != Field::Absent;
        match read_quota_policies(lines()) {
            Some(policies) if is_before_07 || !are_ambiguous(&policies) => {
                self.quota_policies = Field::Read(policies);
            }
            Some(_) => self.quota_policies = Field::Ignored,
            None => self.policies = Field::Ignored,
        }
    }
}

/// All lines of a field, as bytes.
pub(super) fn lines<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
}

/// Whether a field's name speaks of rate limits, and is none of the drafts'.
fn looks_alike(name: &HeaderName) -> bool {
    let of = |names: super::TrioNames| [names.limit, names.remaining, names.reset];
    let name = name.as_str();
    let speaks = name.contains("ratelimit") || name.contains("rate-limit");
    let is_known = name == RATELIMIT || name == RATELIMIT_POLICY;
    speaks && !is_known && !of(TRIO).contains(&name) && !of(X_TRIO).contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fields(given: &[(&'static str, &'static str)]) -> Fields {
        let field = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        read(&given.iter().map(field).collect(), Tolerance::Strict)
    }

    #[test]
    fn each_field_is_read_by_its_own_draft() {
        let fields = fields(&[
            ("ratelimit", "limit=9, reset=1"),
            ("ratelimit-policy", r#""day";q=9"#),
            ("ratelimit-limit", "9"),
            ("x-ratelimit-reset", "1700000000"),
        ]);
        assert!(fields.combined.value().is_some() && fields.policies.value().is_some());
        assert!(fields.trio.value().is_some() && fields.x_trio.value().is_some());
        assert_eq!((fields.limits, fields.quota_policies), (Field::Absent, Field::Absent));
    }

    #[test]
    fn a_malformed_field_doesnt_spoil_the_others() {
        let fields = fields(&[("ratelimit", "limit=9"), ("ratelimit-policy", "?"), ("ratelimit-limit", "9")]);
        assert!(fields.combined.is_ignored() && fields.policies.is_ignored());
        assert!(fields.trio.value().is_some());
    }

    #[test]
    fn two_policies_of_one_quota_are_for_drafts_before_07() {
        let policy = ("ratelimit-policy", "10;w=1, 10;w=60");
        assert!(fields(&[policy]).quota_policies.is_ignored());
        assert!(fields(&[policy, ("ratelimit", "limit=10, reset=1")]).quota_policies.is_ignored());
        assert!(fields(&[policy, ("ratelimit-limit", "10")]).quota_policies.value().is_some());
    }

    #[test]
    fn what_only_looks_like_a_field_is_foreign() {
        let fields = fields(&[
            ("x-ratelimit-policy", "100;w=3600"),
            ("x-rate-limit-reset", "1"),
            ("ratelimit-partition", "x"),
            ("x-ratelimit-limit", "1"),
            ("retry-after", "1"),
        ]);
        let mut names: Vec<_> = fields.foreign.iter().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["ratelimit-partition", "x-rate-limit-reset", "x-ratelimit-policy"]);
    }
}
