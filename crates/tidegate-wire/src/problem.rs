//! Problem bodies (RFC 9457) of refusals, with the types that the RateLimit draft defines. Never here: a status.

mod stated;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub use stated::Stated;

/// The media type of a problem body.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A body longer than this many bytes is no problem: it isn't looked at.
pub const MAX_BODY: usize = 64 * 1024;

/// What kind of refusal it is, by the type's URI.
///
/// The three are asked for in draft-ietf-httpapi-ratelimit-headers-11 section 5; they aren't registered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 429: the caller has used up a quota.
    QuotaExceeded,
    /// 503: the service can do less than usual for now.
    TemporaryReducedCapacity,
    /// 429: the caller behaves in a way that looks like abuse.
    AbnormalUsageDetected,
    /// Any other type; `about:blank` if none is said.
    Other(String),
}

impl Kind {
    /// The type's URI.
    pub fn uri(&self) -> &str {
        match self {
            Kind::QuotaExceeded => "https://iana.org/assignments/http-problem-types#quota-exceeded",
            Kind::TemporaryReducedCapacity => {
                "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
            }
            Kind::AbnormalUsageDetected => {
                "https://iana.org/assignments/http-problem-types#abnormal-usage-detected"
            }
            Kind::Other(uri) => uri,
        }
    }

    fn of_uri(uri: String) -> Kind {
        let known = [Kind::QuotaExceeded, Kind::TemporaryReducedCapacity, Kind::AbnormalUsageDetected];
        known.into_iter().find(|kind| kind.uri() == uri).unwrap_or(Kind::Other(uri))
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.uri())
    }
}

/// A problem body. What isn't said is left out when it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The problem's type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What the type means, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The status code of the answer, for when the body travels alone. The answer's own code is the truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What happened this time, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A URI of this occurrence, such as a tracking ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The names of the policies that refused the call, as in the `RateLimit` field.
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<String>,
}

impl Problem {
    /// A problem of this kind, and nothing else said.
    pub const fn of(kind: Kind) -> Problem {
        Problem {
            kind,
            title: None,
            status: None,
            detail: None,
            instance: None,
            violated_policies: Vec::new(),
        }
    }
}

/// Reads a problem body; `None` if it isn't a JSON object, or is longer than [`MAX_BODY`].
///
/// A member of the wrong type is as good as absent (RFC 9457 section 3.1), and so are elements of
/// `violated-policies` that are no strings.
pub fn read(body: &[u8]) -> Option<Problem> {
    if body.len() > MAX_BODY {
        return None;
    }
    let mut members: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let status = members.get("status").and_then(Value::as_u64);
    let violated = match members.remove("violated-policies") {
        Some(Value::Array(names)) => names,
        _ => Vec::new(),
    };
    Some(Problem {
        kind: Kind::of_uri(text(members.remove("type")).unwrap_or_else(|| "about:blank".to_owned())),
        title: text(members.remove("title")),
        status: status.and_then(|status| u16::try_from(status).ok()),
        detail: text(members.remove("detail")),
        instance: text(members.remove("instance")),
        violated_policies: violated.into_iter().filter_map(|name| text(Some(name))).collect(),
    })
}

fn text(member: Option<Value>) -> Option<String> {
    match member {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Writes a problem body.
pub fn write(problem: &Problem) -> Vec<u8> {
    serde_json::to_vec(problem).unwrap_or_else(|_| b"{}".to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_refusal_is_written_with_what_is_known() {
        let problem = Problem {
            title: Some("Too Many Requests".into()),
            status: Some(429),
            violated_policies: vec!["rooms".into()],
            ..Problem::of(Kind::QuotaExceeded)
        };
        let written = String::from_utf8(write(&problem)).expect("JSON is UTF-8");
        assert_eq!(
            written,
            r#"{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Too Many Requests","status":429,"violated-policies":["rooms"]}"#
        );
    }

    #[test]
    fn members_of_the_wrong_type_are_as_good_as_absent() {
        let body =
            br#"{"type":7,"title":null,"status":"429","detail":[],"violated-policies":["a",1,null,"b"]}"#;
        let expected = Problem {
            violated_policies: vec!["a".into(), "b".into()],
            ..Problem::of(Kind::Other("about:blank".into()))
        };
        assert_eq!(read(body), Some(expected));
    }

    #[test]
    fn what_is_no_object_or_too_long_is_no_problem() {
        for body in ["", "[]", "null", "\"text\"", "{", "<html>", "{}trailing"] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        let long = format!("{{\"title\":\"{}\"}}", "x".repeat(MAX_BODY));
        assert_eq!(read(long.as_bytes()), None);
    }

    fn any_kind() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::QuotaExceeded),
            Just(Kind::TemporaryReducedCapacity),
            Just(Kind::AbnormalUsageDetected),
            Just(Kind::Other("about:blank".into())),
        ]
    }

    proptest! {
        #[test]
        fn a_written_problem_reads_back(
            kind in any_kind(), title: Option<String>, status: Option<u16>, detail: Option<String>,
            instance: Option<String>, violated_policies: Vec<String>,
        ) {
            let problem = Problem { kind, title, status, detail, instance, violated_policies };
            let written = write(&problem);
            prop_assume!(written.len() <= MAX_BODY);
            prop_assert_eq!(read(&written), Some(problem));
        }

        #[test]
        fn any_bytes_are_a_problem_or_nothing(body: Vec<u8>) {
            let _ = read(&body);
        }
    }
}
