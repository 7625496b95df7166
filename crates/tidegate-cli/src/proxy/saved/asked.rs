//! What a request asks, and whether somebody else's answer would do for it. Never here: an answer.

use std::fmt;
use std::sync::Arc;

use http::header::{
    CONTENT_LENGTH, COOKIE, EXPECT, HeaderMap, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, Method, Request};
use http_body::Body;

use super::directives::Directives;
use crate::proxy::settings::Revalidate;

/// Fields that say how a call is followed through logs, and nothing of what is asked: each call has a value of its
/// own, so that no two would ever be alike if these counted. Those of W3C Trace Context, Zipkin's B3, Jaeger, the
/// tracing of AWS, Google, Azure, Datadog, Sentry and Elastic, Webex's tracking ID, and the ids that are in general
/// use. All other fields count, known or not; `baggage`, too, since servers choose by what is in it.
const OF_TRACING: [&str; 28] = [
    "b3",
    "correlation-id",
    "elastic-apm-traceparent",
    "grpc-trace-bin",
    "request-id",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "trackingid",
    "uber-trace-id",
    "x-amzn-trace-id",
    "x-b3-flags",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-client-request-id",
    "x-cloud-trace-context",
    "x-correlation-id",
    "x-datadog-origin",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-tags",
    "x-datadog-trace-id",
    "x-ms-client-request-id",
    "x-request-id",
    "x-request-start",
    "x-trace-id",
];

/// What makes an answer depend on what a caller has already, which no other caller need have.
const CONDITIONS: [HeaderName; 5] =
    [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE];

/// A GET with all that could make a difference to its answer: who asks, whom, for what, and in which form. Two that
/// are equal are one question; there is no hash in between that could be wrong.
///
/// Holds the token of its request, and so is kept no longer than that.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Question(Arc<[u8]>);

/// A request that somebody else's answer might do for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    directives: Directives,
    named: Named,
}

/// Whether a request says whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Yes,
    No,
}

impl Asked {
    /// What a request asks that goes to this origin as it is; `None` for one that stands for itself alone: no GET, one
    /// with a body, with a condition, or with a wish to change the protocol.
    pub(super) fn of<B: Body>(origin: &str, request: &Request<B>) -> Option<Asked> {
        let headers = request.headers();
        let is_alone = request.method() != Method::GET
            || !request.body().is_end_stream()
            || [CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE, EXPECT]
                .iter()
                .any(|name| headers.contains_key(name))
            || CONDITIONS.iter().any(|name| headers.contains_key(name));
        (!is_alone).then(|| Asked {
            question: Question::of(origin, request),
            directives: Directives::of(headers),
            named: if headers.keys().any(tells_who) { Named::Yes } else { Named::No },
        })
    }

    /// Whether the answer to another such request will do that is on its way.
    pub(super) fn may_follow(&self) -> bool {
        !self.directives.no_store && !self.directives.anew
    }

    /// Whether an answer to it may be kept, as far as the request says. One that wants its answer anew gets it anew:
    /// every request goes upstream.
    pub(super) fn may_be_kept(&self, revalidate: Revalidate) -> bool {
        let is_allowed = match revalidate {
            Revalidate::Off => false,
            Revalidate::Public => self.named == Named::No,
            Revalidate::Private => true,
        };
        is_allowed && !self.directives.no_store
    }
}

impl Question {
    fn of<B>(origin: &str, request: &Request<B>) -> Question {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let mut text = Vec::with_capacity(512);
        write(&mut text, origin.as_bytes());
        write(&mut text, target.as_bytes());
        write_fields(&mut text, request.headers());
        Question(text.into())
    }

    /// The whole of it, for a keyed hash.
    pub(super) fn text(&self) -> &[u8] {
        &self.0
    }
}

/// The fields that count, in one order for all: by name, and those of one name as they came.
fn write_fields(text: &mut Vec<u8>, headers: &HeaderMap) {
    let mut fields: Vec<_> = headers.iter().filter(|(name, _)| !is_of_tracing(name)).collect();
    // Stable: what is behind a name stays in its order.
    fields.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
    for (name, value) in fields {
        write(text, name.as_str().as_bytes());
        write(text, value.as_bytes());
    }
}

/// A part with its length before it, so that no two lists of parts look alike.
fn write(text: &mut Vec<u8>, part: &[u8]) {
    text.extend_from_slice(&(part.len() as u64).to_le_bytes());
    text.extend_from_slice(part);
}

/// Whether a field says only how a call is followed through logs.
pub(super) fn is_of_tracing(name: &HeaderName) -> bool {
    OF_TRACING.binary_search(&name.as_str()).is_ok()
}

/// Whether a field says who asks, by any name that such fields have: rather one too many than one too few.
fn tells_who(name: &HeaderName) -> bool {
    let words = ["auth", "credential", "key", "secret", "session", "signature", "token", "user-id"];
    name == COOKIE || words.iter().any(|word| name.as_str().contains(word))
}

/// Never shows what is in it.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question(..)")
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::{Empty, Full};

    use super::*;

    fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(Empty::new()).unwrap()
    }

    fn asked(target: &str, fields: &[(&str, &str)]) -> Asked {
        Asked::of("https://h", &request("GET", target, fields)).unwrap()
    }

    #[track_caller]
    fn check(one: &[(&str, &str)], other: &[(&str, &str)], same: bool) {
        let is_same = asked("/a?b", one).question == asked("/a?b", other).question;
        assert_eq!(is_same, same, "{one:?} and {other:?}");
    }

    #[test]
    fn all_fields_count_but_those_of_tracing() {
        check(&[], &[], true);
        check(&[("authorization", "Bearer a")], &[("authorization", "Bearer a")], true);
        check(&[("authorization", "Bearer a")], &[("authorization", "Bearer b")], false);
        check(&[("authorization", "Bearer a")], &[("authorization", "bearer a")], false);
        check(&[("authorization", "Bearer a")], &[], false);
        for name in
            ["accept", "accept-encoding", "accept-language", "cookie", "range", "user-agent", "x-unheard-of"]
        {
            check(&[(name, "1")], &[(name, "2")], false);
            check(&[(name, "1")], &[], false);
        }
        check(&[("traceparent", "1"), ("accept", "a")], &[("X-Request-ID", "2"), ("accept", "a")], true);
        check(&[("baggage", "a=1")], &[("baggage", "a=2")], false);
    }

    #[test]
    fn the_order_of_fields_does_not_count_but_that_of_their_values_does() {
        check(&[("a", "1"), ("b", "2")], &[("b", "2"), ("a", "1")], true);
        check(&[("a", "1"), ("b", "0"), ("a", "2")], &[("a", "1"), ("a", "2"), ("b", "0")], true);
        check(&[("a", "1"), ("a", "2")], &[("a", "2"), ("a", "1")], false);
        check(&[("a", "1"), ("a", "2")], &[("a", "1, 2")], false);
        check(&[("a", "bc")], &[("ab", "c")], false);
        check(&[("a", "1b2"), ("c", "")], &[("a", "1"), ("b", "2c")], false);
    }

    #[test]
    fn where_a_request_goes_counts() {
        assert_ne!(asked("/a?b", &[]).question, asked("/a?c", &[]).question);
        assert_ne!(asked("/a?", &[]).question, asked("/a", &[]).question);
        assert_eq!(asked("https://h/a", &[]).question, asked("/a", &[]).question, "the origin is told apart");
        let elsewhere = Asked::of("https://i", &request("GET", "/a", &[])).unwrap();
        assert_ne!(asked("/a", &[]).question, elsewhere.question);
    }

    #[test]
    fn a_request_that_stands_for_itself_asks_nothing_in_common() {
        for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "QUERY"] {
            assert!(Asked::of("", &request(method, "/", &[])).is_none(), "{method}");
        }
        for field in
            ["if-none-match", "if-modified-since", "if-match", "if-range", "upgrade", "content-length"]
        {
            assert!(Asked::of("", &request("GET", "/", &[(field, "0")])).is_none(), "{field}");
        }
        assert!(Asked::of("", &Request::new(Full::new(Bytes::from("body")))).is_none());
        assert!(Asked::of("", &Request::new(Full::new(Bytes::new()))).is_some());
    }

    #[test]
    fn who_wants_an_answer_anew_follows_nobody() {
        assert!(asked("/", &[]).may_follow());
        assert!(asked("/", &[("cache-control", "max-age=60")]).may_follow());
        for value in ["no-cache", "no-store", "max-age=0"] {
            assert!(!asked("/", &[("cache-control", value)]).may_follow(), "{value}");
        }
    }

    #[test]
    fn what_says_whose_it_is_is_kept_only_where_that_is_wanted() {
        use Revalidate::{Off, Private, Public};
        let kept =
            |fields: &[(&str, &str)]| [Off, Public, Private].map(|way| asked("/", fields).may_be_kept(way));
        assert_eq!(kept(&[]), [false, true, true]);
        assert_eq!(kept(&[("cache-control", "no-cache")]), [false, true, true]);
        assert_eq!(kept(&[("cache-control", "no-store")]), [false, false, false]);
        for name in ["authorization", "cookie", "x-api-key", "private-token", "X-Auth-Email", "x-session"] {
            assert_eq!(kept(&[(name, "1")]), [false, false, true], "{name}");
        }
    }

    #[test]
    fn the_list_is_in_order_and_a_question_shows_nothing() {
        assert!(OF_TRACING.is_sorted());
        let shown = format!("{:?}", asked("/secret", &[("authorization", "secret")]));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
