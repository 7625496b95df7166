//! Which proxy a URL is called through, and which variable says so. Never here: calling through it.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

/// A proxy, without the password that it may take.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    uri: Uri,
    /// The variable that names it, unless the system's settings do.
    variable: Option<&'static str>,
}

/// The proxy for a URL, by the rules that the HTTP client goes by too.
pub(crate) fn of(url: &Url) -> Option<Proxy> {
    find(&url.as_str().parse().ok()?, &Matcher::from_system(), |name| std::env::var(name).ok())
}

fn find(to: &Uri, matcher: &Matcher, value: impl Fn(&str) -> Option<String>) -> Option<Proxy> {
    let uri = matcher.intercept(to)?.uri().clone();
    let names = match to.scheme_str() {
        Some("https") => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    let names_it = |name: &&str| {
        let alone = value(name).and_then(|value| Matcher::builder().all(value).build().intercept(to));
        alone.is_some_and(|proxy| *proxy.uri() == uri)
    };
    Some(Proxy { variable: names.into_iter().find(names_it), uri })
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.uri.to_string();
        let source = self.variable.unwrap_or("the system's settings");
        write!(f, "the proxy {} (from {source})", uri.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(to: &str, variables: &[(&str, &str)], says: Option<&str>) {
        let value =
            |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        let of = |name| value(name).unwrap_or_default();
        let matcher = Matcher::builder().http(of("HTTP_PROXY")).https(of("https_proxy")).all(of("ALL_PROXY"));
        let found = find(&to.parse().unwrap(), &matcher.no(of("NO_PROXY")).build(), value);
        assert_eq!(found.map(|proxy| proxy.to_string()).as_deref(), says);
    }

    #[test]
    fn the_proxy_is_named_with_its_variable_and_without_its_password() {
        let all = [
            ("HTTP_PROXY", "http://me:s3cret@p:1"),
            ("https_proxy", "p:2"),
            ("ALL_PROXY", "http://p:3"),
            ("NO_PROXY", "b"),
        ];
        check("http://a/", &all, Some("the proxy http://p:1 (from HTTP_PROXY)"));
        check("https://a/", &all, Some("the proxy http://p:2 (from https_proxy)"));
        check("http://a/", &all[2..], Some("the proxy http://p:3 (from ALL_PROXY)"));
        check("http://b/", &all, None);
        check("http://a/", &[], None);
    }
}
