//! Who may use a token that the proxy puts in: programs of this machine's user, and nobody's web page. Never here: what
//! the token is.
//!
//! A browser on the same machine reaches the proxy, too. A page can turn a name of its own to this address (DNS
//! rebinding), but then its name stands in `Host`; and what it sends to an address of another site, browsers mark.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue, ORIGIN};
use http::uri::Uri;

use super::goal::By;
use super::refusal::Refusal;
use crate::office::guard::is_ours;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets in who isn't a web page of another site.
///
/// # Errors
/// When the request names a host that any page may have, or was made by a page of another site.
pub(crate) fn check(host: &str, by: By, headers: &HeaderMap) -> Result<(), Refusal> {
    if by == By::Path && !is_ours(host) {
        return Err(Refusal::StrangeHost);
    }
    let is_other_site = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site");
    if is_other_site || headers.get_all(ORIGIN).iter().any(is_strange) {
        return Err(Refusal::OtherSite);
    }
    Ok(())
}

/// Whether an origin is a web page's from elsewhere, or doesn't say where from.
fn is_strange(origin: &HeaderValue) -> bool {
    let uri = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let host =
        uri.filter(|uri| uri.scheme().is_some()).and_then(|uri| uri.host().map(str::to_ascii_lowercase));
    host.is_none_or(|host| !is_ours(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(host: &str, by: By, fields: &[(&'static str, &'static str)], lets_in: bool) {
        let mut headers = HeaderMap::new();
        for (field, value) in fields {
            headers.append(*field, HeaderValue::from_static(value));
        }
        assert_eq!(check(host, by, &headers).is_ok(), lets_in, "{host} {fields:?}");
    }

    #[test]
    fn a_web_page_does_not_get_at_the_token() {
        for host in ["127.0.0.1", "[::1]", "localhost", "proxy", "10.1.2.3"] {
            check_one(host, By::Path, &[], true);
        }
        check_one("evil.example", By::Path, &[], false);
        check_one("webex.internal.example", By::Host, &[], true);
        check_one("localhost", By::Path, &[("sec-fetch-site", "cross-site")], false);
        check_one("localhost", By::Path, &[("sec-fetch-site", "none")], true);
        check_one("localhost", By::Path, &[("sec-fetch-site", "same-origin")], true);
        for origin in ["https://evil.example", "null", "", "evil"] {
            check_one("localhost", By::Path, &[("origin", origin)], false);
            check_one("webex.internal.example", By::Host, &[("origin", origin)], false);
        }
        for origin in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80"] {
            check_one("localhost", By::Path, &[("origin", origin)], true);
        }
    }
}
