//! The `RateLimit` fields of an answer as JSON, in the form of `vectors/ratelimit_fields.json`.

use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use sfv::{FieldType, Item};

use super::names::NAMES;
use super::{Combined, Field, Fields, Limit, Policy, QuotaPolicy, Reset, Trio, Value};

impl Fields {
    /// The fields in JSON, and the wait that `Retry-After` told; `null` if the answer has no such field.
    ///
    /// `policies`, `limits` (drafts -08 to -11), `combined` (-07) and `trio` (before) say what is read, with the
    /// parameters' names of the wire, and `reset_at` where a reset is an instant, in seconds since the Unix
    /// epoch. Each is `null` if its field is malformed, but another stands. `invalid` says that none stands, and
    /// `ignored` that the fields are in no draft.
    pub fn to_json(&self, wait: Option<Duration>) -> Json {
        let trio = match &self.trio {
            Field::Read(_) => &self.trio,
            _ if self.x_trio != Field::Absent => &self.x_trio,
            trio => trio,
        };
        let members = [
            ("policies", self.policies_json(trio)),
            ("limits", map(&self.limits, |limits| items(limits, &self.limit_texts, limit))),
            ("combined", map(&self.combined, combined)),
            ("trio", map(trio, trio_json)),
        ];
        let mut object = if members.iter().any(|(_, member)| member.value().is_some()) {
            let resets = [
                trio.value().and_then(|trio| trio.reset),
                self.combined.value().map(|combined| combined.reset),
            ];
            let at = resets.into_iter().flatten().find_map(Reset::epoch_secs);
            let at = at.map(|secs| ("reset_at".to_owned(), json!(secs)));
            members.into_iter().filter_map(present).chain(at).collect()
        } else if members.iter().any(|(_, member)| member.is_ignored()) {
            flag("invalid")
        } else if !self.foreign.is_empty() {
            flag("ignored")
        } else {
            return Json::Null;
        };
        object.extend(wait.map(|wait| ("wait_seconds".to_owned(), seconds(wait))));
        object.into()
    }

    /// The policies of a field of their own, or else those behind the trio's limit.
    fn policies_json(&self, trio: &Field<Trio>) -> Field<Json> {
        let tail = trio.value().map_or(&[][..], |trio| &trio.policies);
        match (&self.policies, &self.quota_policies) {
            (Field::Read(policies), _) => Field::Read(items(policies, &self.policy_texts, policy)),
            (_, Field::Read(policies)) => Field::Read(policies.iter().map(quota_policy).collect()),
            _ if !tail.is_empty() => Field::Read(tail.iter().map(quota_policy).collect()),
            (Field::Ignored, _) | (_, Field::Ignored) => Field::Ignored,
            _ => Field::Absent,
        }
    }
}

fn map<T>(field: &Field<T>, to_json: impl Fn(&T) -> Json) -> Field<Json> {
    match field {
        Field::Absent => Field::Absent,
        Field::Ignored => Field::Ignored,
        Field::Read(value) => Field::Read(to_json(value)),
    }
}

fn present((key, member): (&str, Field<Json>)) -> Option<(String, Json)> {
    match member {
        Field::Absent => None,
        Field::Ignored => Some((key.to_owned(), Json::Null)),
        Field::Read(value) => Some((key.to_owned(), value)),
    }
}

fn flag(key: &str) -> Map<String, Json> {
    Map::from_iter([(key.to_owned(), json!(true))])
}

/// Whole seconds as an integer, others with their fraction.
fn seconds(wait: Duration) -> Json {
    if wait.subsec_nanos() == 0 { json!(wait.as_secs()) } else { json!(wait.as_secs_f64()) }
}

fn items<T>(items: &[T], texts: &[Option<String>], to_json: impl Fn(&T, Option<&String>) -> Json) -> Json {
    let text = |at: usize| texts.get(at).and_then(Option::as_ref);
    items.iter().enumerate().map(|(at, item)| to_json(item, text(at))).collect()
}

fn policy(policy: &Policy, partition: Option<&String>) -> Json {
    object([
        ("name", Some(json!(policy.name))),
        (NAMES.quota.as_str(), Some(json!(policy.quota))),
        (NAMES.window.as_str(), policy.window_secs.map(|secs| json!(secs))),
        (NAMES.unit.as_str(), policy.unit.as_ref().map(|unit| json!(unit))),
        (NAMES.partition.as_str(), partition_json(policy.partition.as_deref(), partition)),
        ("ext", extensions(&policy.extensions)),
    ])
}

fn limit(limit: &Limit, partition: Option<&String>) -> Json {
    object([
        ("name", Some(json!(limit.name))),
        (NAMES.remaining.as_str(), limit.remaining.map(|count| json!(count))),
        (NAMES.reset.as_str(), limit.reset_secs.map(|secs| json!(secs))),
        (NAMES.partition.as_str(), partition_json(limit.partition.as_deref(), partition)),
        ("ext", extensions(&limit.extensions)),
    ])
}

fn quota_policy(policy: &QuotaPolicy) -> Json {
    object([
        ("q", Some(json!(policy.quota))),
        ("w", Some(json!(policy.window_secs))),
        ("ext", extensions(&policy.extensions)),
    ])
}

fn combined(combined: &Combined) -> Json {
    object([
        ("limit", Some(json!(combined.limit))),
        ("remaining", combined.remaining.map(|count| json!(count))),
        ("reset", delay(combined.reset)),
    ])
}

fn trio_json(trio: &Trio) -> Json {
    object([
        ("limit", trio.limit.map(|count| json!(count))),
        ("remaining", trio.remaining.map(|count| json!(count))),
        ("reset", trio.reset.and_then(delay)),
    ])
}

/// A delay in seconds; an instant has its own place.
fn delay(reset: Reset) -> Option<Json> {
    match reset {
        Reset::After(delay) => Some(seconds(delay)),
        Reset::At(_) => None,
    }
}

fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let member = |(key, value): (&str, Option<Json>)| Some((key.to_owned(), value?));
    members.into_iter().filter_map(member).collect::<Map<_, _>>().into()
}

fn partition_json(bytes: Option<&[u8]>, text: Option<&String>) -> Option<Json> {
    let bytes = bytes?;
    Some(text.map_or_else(|| json!(base64(bytes)), |text| json!(text)))
}

/// Base64 as a structured field has it, between colons.
fn base64(bytes: &[u8]) -> String {
    Item::new(bytes.to_vec()).serialize().trim_matches(':').to_owned()
}

fn extensions(extensions: &[(String, Value)]) -> Option<Json> {
    let members = extensions.iter().map(|(key, value)| (key.clone(), extension(value)));
    (!extensions.is_empty()).then(|| members.collect::<Map<_, _>>().into())
}

fn extension(value: &Value) -> Json {
    match value {
        Value::Integer(integer) => json!(i64::from(*integer)),
        Value::Decimal(decimal) => json!(f64::from(*decimal)),
        Value::Boolean(boolean) => json!(boolean),
        Value::Date(date) => json!(i64::from(date.unix_seconds())),
        Value::String(text) => json!(text.as_str()),
        Value::Token(token) => json!(token.as_str()),
        Value::DisplayString(text) => json!(text),
        Value::ByteSequence(bytes) => json!(base64(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::super::{Tolerance, read};
    use super::*;

    #[track_caller]
    fn check(fields: &[(&'static str, &'static str)], wait: Option<Duration>, expected: Json) {
        let field = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers: HeaderMap = fields.iter().map(field).collect();
        assert_eq!(read(&headers, Tolerance::Strict).to_json(wait), expected, "{fields:?}");
    }

    #[test]
    fn a_field_that_is_ignored_is_null_while_another_stands() {
        let policy = ("ratelimit-policy", r#""a";q=1"#);
        let policies = json!([{"name": "a", "q": 1}]);
        check(&[policy, ("ratelimit", "?")], None, json!({"policies": policies, "limits": null}));
        check(&[policy, ("ratelimit", "limit=1")], None, json!({"policies": policies, "combined": null}));
        check(&[policy, ("ratelimit-limit", "?")], None, json!({"policies": policies, "trio": null}));
        let limits = json!([{"name": "a", "r": 1}]);
        let limit = ("ratelimit", r#""a";r=1"#);
        check(&[limit, ("ratelimit-policy", "?")], None, json!({"policies": null, "limits": limits}));
        check(
            &[limit, ("ratelimit-policy", "1;w=1, 1;w=2")],
            None,
            json!({"policies": null, "limits": limits}),
        );
    }

    #[test]
    fn an_answer_without_fields_says_nothing_whatever_the_wait() {
        check(&[("retry-after", "5")], Some(Duration::from_secs(5)), Json::Null);
        check(
            &[("ratelimit", "?")],
            Some(Duration::from_secs(5)),
            json!({"invalid": true, "wait_seconds": 5}),
        );
        check(
            &[("x-rate-limit-x", "?")],
            Some(Duration::from_millis(2500)),
            json!({"ignored": true, "wait_seconds": 2.5}),
        );
    }

    #[test]
    fn the_drafts_own_trio_goes_before_the_other_unless_it_is_malformed() {
        let x = ("x-ratelimit-reset", "1700000000");
        check(&[x, ("ratelimit-reset", "5")], None, json!({"trio": {"reset": 5}}));
        check(&[x, ("ratelimit-reset", "?")], None, json!({"trio": {}, "reset_at": 1_700_000_000}));
        check(
            &[("ratelimit-reset", "5"), ("ratelimit", "limit=1, reset=1700000000")],
            None,
            json!({"trio": {"reset": 5}, "combined": {"limit": 1}, "reset_at": 1_700_000_000}),
        );
        check(
            &[("ratelimit", "limit=1, reset=1700000000")],
            None,
            json!({"combined": {"limit": 1}, "reset_at": 1_700_000_000}),
        );
    }

    #[test]
    fn every_type_of_parameter_has_its_json() {
        let line =
            r#""a";r=1;pk=:YQ==:;i=-5;d=1.5;b;n=?0;t=7;w=@1700000000;s="x";k=tok;u=%"f%c3%bc";y=:YR==:"#;
        let ext = json!({"i": -5, "d": 1.5, "b": true, "n": false, "w": 1_700_000_000, "s": "x", "k": "tok", "u": "fü", "y": "YQ=="});
        check(
            &[("ratelimit", line)],
            None,
            json!({"limits": [{"name": "a", "r": 1, "t": 7, "pk": "YQ==", "ext": ext}]}),
        );
    }
}
