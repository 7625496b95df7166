//! What is sent to each URL: method, headers, body, and the token to its own origin only. Never here: sending it.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use reqwest::Url;

use super::args::RequestArgs;
use super::body;
use crate::caller::client::AGENT;
use crate::caller::headers::{Headers, is_harmless, is_secret};
use crate::caller::token::Token;
use crate::caller::url::uri;
use crate::exit::{Exit, Failure};

/// A request without its URL.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

impl Template {
    /// Puts together what was typed.
    pub(crate) fn read(args: &RequestArgs, token: Option<&Token>) -> Result<Template, Failure> {
        let body = body::read(args)?;
        let method = match (&args.request, &body) {
            (Some(method), _) => method.parse().map_err(|_| {
                Failure::new(Exit::Usage, format!("{method:?} is no method"))
                    .hint("write -X GET, -X POST, -X DELETE, ...")
            })?,
            (None, Some(_)) => Method::POST,
            (None, None) => Method::GET,
        };
        let Headers { sent, left_out } = Headers::read(&args.header)?;
        let kind = body.as_ref().map(|body| body.kind);
        let mut headers = ours(kind);
        left_out.iter().for_each(|name| drop(headers.remove(name)));
        sent.keys().for_each(|name| drop(headers.remove(name)));
        headers.extend(sent);
        if let Some(token) = token
            && headers.insert(AUTHORIZATION, token.authorization()).is_some()
        {
            let both = "there are two: a token, and an Authorization header in a file";
            return Err(Failure::new(Exit::Usage, both).hint("unset TIDEGATE_TOKEN, or leave the header out"));
        }
        let body = body.map(|body| body.bytes).unwrap_or_default();
        Ok(Template { method, headers, body })
    }

    /// The request for `url`. What may be secret goes along only if it is of the same origin as `home`, which was typed.
    pub(crate) fn request(&self, url: &Url, home: &Url) -> Result<Request<Full<Bytes>>, Failure> {
        let uri = uri(url)?;
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        let is_home = url.origin() == home.origin();
        let kept = self.headers.iter().filter(|(name, _)| is_home || is_harmless(name));
        request.headers_mut().extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        Ok(request)
    }

    /// What is sent to where a redirect points (RFC 9110 section 15.4): 303, and POST after 301 or 302, become GET.
    pub(crate) fn redirected(&self, status: StatusCode) -> Template {
        let to_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if !to_get {
            return self.clone();
        }
        let mut headers = self.headers.clone();
        headers.remove(CONTENT_TYPE);
        Template { method: Method::GET, headers, body: Bytes::new() }
    }

    /// Whether a secret goes with the request, as far as names tell.
    pub(crate) fn has_secret(&self) -> bool {
        self.headers.keys().any(is_secret)
    }

    /// The method, as sent.
    pub(crate) fn method(&self) -> &Method {
        &self.method
    }
}

/// The headers that are sent unless others were typed.
fn ours(kind: Option<body::Kind>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set =
        |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(ACCEPT, if kind == Some(body::Kind::Json) { "application/json" } else { "*/*" });
    set(USER_AGENT, AGENT);
    if let Some(kind) = kind {
        set(CONTENT_TYPE, kind.media_type());
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(headers: &[&str], data: &[&str]) -> RequestArgs {
        RequestArgs {
            request: None,
            header: headers.iter().map(ToString::to_string).collect(),
            data: data.iter().map(ToString::to_string).collect(),
            data_binary: None,
            json_body: None,
            location: false,
        }
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn a_body_makes_it_a_post_with_a_form() {
        let template = Template::read(&args(&[], &["a=1"]), None).unwrap();
        let request = template.request(&url("http://a/b?c#d"), &url("http://a/")).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "http://a/b?c");
        assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    }

    #[test]
    fn what_is_typed_replaces_what_is_ours() {
        let headers = ["Content-Type: text/plain", "User-Agent:", "accept: a", "Accept: b"];
        let template = Template::read(&args(&headers, &["x"]), None).unwrap();
        assert_eq!(template.headers[CONTENT_TYPE], "text/plain");
        assert!(!template.headers.contains_key(USER_AGENT));
        assert_eq!(template.headers.get_all(ACCEPT).iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn secrets_stay_with_the_origin_that_was_typed() {
        let template = Template::read(
            &args(&["Cookie: a=b", "Ocp-Apim-Subscription-Key: k", "Range: bytes=0-1"], &[]),
            None,
        )
        .unwrap();
        let sent = |to: &str| template.request(&url(to), &url("https://a/")).unwrap();
        assert_eq!(sent("https://a:443/x").headers().len(), 5);
        for elsewhere in ["http://a/", "https://a:444/", "https://b/", "https://a.b/"] {
            let names: Vec<_> = sent(elsewhere).headers().keys().map(ToString::to_string).collect();
            assert_eq!(names, ["accept", "user-agent", "range"], "{elsewhere}");
        }
    }

    #[test]
    fn redirects_change_the_method_as_the_standard_says() {
        let post = Template::read(&args(&[], &["a=1"]), None).unwrap();
        for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
            let sent = post.redirected(StatusCode::from_u16(status).unwrap());
            assert_eq!(sent.method(), method, "{status}");
            assert_eq!(sent.body.is_empty(), method == "GET", "{status}");
            assert_eq!(sent.headers.contains_key(CONTENT_TYPE), method == "POST", "{status}");
        }
    }
}
