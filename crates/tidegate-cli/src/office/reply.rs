//! What operators are answered, and what when they are refused. Never here: which page, why.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::relay::body::Body;

/// A span in seconds, to the millisecond.
pub(crate) fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e3).round() / 1e3
}

/// A page of text.
pub(crate) fn text_page(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    page(status, HeaderValue::from_static("text/plain; charset=utf-8"), text.into())
}

/// A page of JSON.
pub(crate) fn json_page(status: StatusCode, value: &Value) -> Response<Body> {
    page(status, HeaderValue::from_static("application/json"), format!("{value:#}\n").into())
}

/// A page that no cache keeps and no browser takes for anything else.
pub(crate) fn page(status: StatusCode, kind: HeaderValue, bytes: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::whole(bytes));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    answer
}

/// A request of an operator that isn't served. What it says repeats nothing of what was sent.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    said: Value,
    allow: Option<Method>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>, hint: impl Into<String>) -> Refused {
        Refused { status, said: json!({ "error": error.into(), "hint": hint.into() }), allow: None }
    }

    /// Something of ours went wrong.
    pub(crate) fn broken(error: &str) -> Refused {
        let said = json!({ "error": error });
        Refused { status: StatusCode::INTERNAL_SERVER_ERROR, said, allow: None }
    }

    pub(crate) fn wrong_method(expected: &Method) -> Refused {
        let refused = Refused::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this page has another method",
            format!("send it as {expected}"),
        );
        Refused { allow: Some(expected.clone()), ..refused }
    }

    pub(crate) fn no_such_page(pages: Value) -> Refused {
        let said = json!({ "error": "there is no such page", "pages": pages });
        Refused { status: StatusCode::NOT_FOUND, said, allow: None }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut answer = json_page(self.status, &self.said);
        if let Some(method) = self.allow
            && let Ok(method) = HeaderValue::from_str(method.as_str())
        {
            answer.headers_mut().insert(ALLOW, method);
        }
        answer
    }
}
