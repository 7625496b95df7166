//! What an answer says about who else may have it. Never here: a request, a store.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, SET_COOKIE, VARY};
use http::response::Parts;
use http::{HeaderName, StatusCode};

use super::asked::is_of_tracing;
use super::directives::Directives;
use crate::proxy::settings::Revalidate;
use crate::relay::forward::End;

/// Whether an answer is also one to whoever asked the same at the same time. Errors are, too: the question was the
/// same, down to its token. `private` is no hindrance, since all who ask are one user to the server.
pub(super) fn may_be_shared(answer: &Parts) -> bool {
    let status = answer.status;
    // These say something of one connection, or one attempt.
    let is_of_one_call = status.is_informational()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::MISDIRECTED_REQUEST | StatusCode::TOO_EARLY
        );
    !is_of_one_call && may_be_repeated(answer)
}

/// The tag by which an answer may be kept and asked about; `None` if it may not.
pub(super) fn tag(answer: &Parts, revalidate: Revalidate) -> Option<HeaderValue> {
    let is_private = Directives::of(&answer.headers).private;
    let is_allowed = match revalidate {
        Revalidate::Off => false,
        Revalidate::Public => !is_private,
        Revalidate::Private => true,
    };
    if !is_allowed || answer.status != StatusCode::OK || !may_be_repeated(answer) {
        return None;
    }
    let mut tags = answer.headers.get_all(ETAG).iter();
    let tag = tags.next().filter(|tag| is_tag(tag.as_bytes()))?;
    tags.next().is_none().then(|| tag.clone())
}

/// Whether an answer may be said twice at all.
fn may_be_repeated(answer: &Parts) -> bool {
    let headers = &answer.headers;
    // Where only the connection's end ends it, one that was cut looks like a whole one.
    let is_delimited = answer.extensions.get() != Some(&End::ByClose);
    is_delimited
        && !headers.contains_key(SET_COOKIE)
        && !Directives::of(headers).no_store
        && !varies_unseen(headers)
        && !is_endless(headers)
}

/// Whether an answer depends on what isn't looked at: `Vary: *`, or a field of tracing. All other fields count anyway.
fn varies_unseen(headers: &HeaderMap) -> bool {
    let names = headers.get_all(VARY).iter().flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    names.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()).any(|name| {
        // What is no name of a field says that something is amiss.
        name == b"*" || HeaderName::from_bytes(name).map_or(true, |name| is_of_tracing(&name))
    })
}

/// Whether an answer goes on for as long as somebody listens.
fn is_endless(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let kind = kind.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    ["text/event-stream", "multipart/x-mixed-replace"]
        .iter()
        .any(|&it| kind.eq_ignore_ascii_case(it.as_bytes()))
}

/// Whether this is an entity tag (RFC 9110 section 8.8.3).
fn is_tag(text: &[u8]) -> bool {
    let opaque = text.strip_prefix(b"W/").unwrap_or(text);
    let inner = opaque.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    inner.is_some_and(|inner| inner.iter().all(|&byte| byte > b' ' && byte != b'"' && byte != 0x7f))
}

/// A kept answer's fields after a 304 said that it still holds (RFC 9111 sections 3.2 and 4.3.4): what the 304 has
/// replaces what was there, but for what describes the body that is kept.
pub(super) fn renewed(kept: &HeaderMap, news: &HeaderMap) -> HeaderMap {
    let mut all = kept.clone();
    let describes = |name: &HeaderName| {
        *name == CONTENT_ENCODING || *name == CONTENT_TYPE || *name == ETAG || is_of_length(name)
    };
    for name in news.keys().filter(|name| !describes(name)) {
        all.remove(name);
        for value in news.get_all(name) {
            all.append(name, value.clone());
        }
    }
    all
}

fn is_of_length(name: &HeaderName) -> bool {
    matches!(name.as_str(), "content-length" | "content-range" | "transfer-encoding")
}

/// Whether a 304 speaks of the answer with this tag: it names it, or none. Compared weakly, as `If-None-Match` is.
pub(super) fn is_about(news: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &HeaderValue| {
        let text = tag.as_bytes();
        text.strip_prefix(b"W/").unwrap_or(text).to_vec()
    };
    news.get_all(ETAG).iter().all(|named| opaque(named) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    fn answer(status: u16, fields: &[(&str, &str)]) -> Parts {
        let mut answer = Response::builder().status(status);
        for (name, value) in fields {
            answer = answer.header(*name, *value);
        }
        answer.body(()).unwrap().into_parts().0
    }

    #[track_caller]
    fn check(fields: &[(&str, &str)], shared: bool) {
        assert_eq!(may_be_shared(&answer(200, fields)), shared, "{fields:?}");
    }

    #[test]
    fn an_answer_is_for_all_who_asked_unless_it_says_otherwise() {
        check(&[], true);
        check(&[("cache-control", "private, max-age=0"), ("vary", "accept, Authorization")], true);
        check(&[("set-cookie", "a=1")], false);
        check(&[("cache-control", "no-store")], false);
        check(&[("vary", "*")], false);
        check(&[("vary", "accept"), ("vary", "x, *")], false);
        check(&[("vary", "Traceparent")], false);
        check(&[("vary", "no name")], false);
        check(&[("content-type", "text/event-stream; charset=utf-8")], false);
        check(&[("content-type", "Text/Event-Stream")], false);
        for (status, shared) in [(200, true), (206, true), (404, true), (429, true), (500, true), (503, true)]
        {
            assert_eq!(may_be_shared(&answer(status, &[])), shared, "{status}");
        }
        for status in [100, 101, 408, 421, 425] {
            assert!(!may_be_shared(&answer(status, &[])), "{status}");
        }
    }

    #[test]
    fn what_ends_with_its_connection_may_have_been_cut() {
        let mut parts = answer(200, &[("etag", "\"1\"")]);
        parts.extensions.insert(End::ByClose);
        assert!(!may_be_shared(&parts) && tag(&parts, Revalidate::Private).is_none());
        parts.extensions.insert(End::Told);
        assert!(may_be_shared(&parts) && tag(&parts, Revalidate::Private).is_some());
    }

    #[track_caller]
    fn check_tag(status: u16, fields: &[(&str, &str)], public: Option<&str>, private: Option<&str>) {
        let parts = answer(status, fields);
        let found = [Revalidate::Off, Revalidate::Public, Revalidate::Private].map(|way| tag(&parts, way));
        assert_eq!(
            found.each_ref().map(|tag| tag.as_ref().map(|tag| tag.to_str().unwrap())),
            [None, public, private]
        );
    }

    #[test]
    fn an_answer_is_kept_by_a_tag_that_is_one() {
        check_tag(200, &[("etag", "\"a\"")], Some("\"a\""), Some("\"a\""));
        check_tag(200, &[("etag", "W/\"\"")], Some("W/\"\""), Some("W/\"\""));
        check_tag(200, &[("etag", "\"a\""), ("cache-control", "private")], None, Some("\"a\""));
        check_tag(200, &[("etag", "\"a\""), ("cache-control", "no-store")], None, None);
        check_tag(200, &[("etag", "\"a\""), ("set-cookie", "b")], None, None);
        check_tag(200, &[("etag", "\"a\""), ("vary", "*")], None, None);
        check_tag(200, &[("etag", "\"a\""), ("etag", "\"b\"")], None, None);
        for status in [203, 206, 404, 304] {
            check_tag(status, &[("etag", "\"a\"")], None, None);
        }
        for tag in ["a", "\"a", "w/\"a\"", "\"a\"b\"", "\"a b\"", "\"", ""] {
            check_tag(200, &[("etag", tag)], None, None);
        }
        check_tag(200, &[], None, None);
    }

    #[test]
    fn a_304_renews_what_does_not_describe_the_body() {
        let kept = answer(
            200,
            &[
                ("etag", "\"a\""),
                ("date", "1"),
                ("x", "1"),
                ("x", "2"),
                ("y", "1"),
                ("content-type", "a/b"),
                ("content-length", "5"),
            ],
        );
        let news = answer(
            304,
            &[
                ("etag", "W/\"a\""),
                ("date", "2"),
                ("x", "3"),
                ("z", "1"),
                ("z", "2"),
                ("content-type", "c/d"),
                ("content-length", "0"),
            ],
        );
        let all = renewed(&kept.headers, &news.headers);
        let mut lines: Vec<String> =
            all.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        let expected = [
            "content-length: 5",
            "content-type: a/b",
            "date: 2",
            "etag: \"a\"",
            "x: 3",
            "y: 1",
            "z: 1",
            "z: 2",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_304_is_about_the_tag_that_it_names() {
        let tag = HeaderValue::from_static("W/\"a\"");
        let rows: [(&[(&str, &str)], bool); 4] = [
            (&[], true),
            (&[("etag", "\"a\"")], true),
            (&[("etag", "W/\"a\"")], true),
            (&[("etag", "\"b\"")], false),
        ];
        for (fields, is) in rows {
            assert_eq!(is_about(&answer(304, fields).headers, &tag), is, "{fields:?}");
        }
    }
}
