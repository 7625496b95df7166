//! The URL of an upstream, read and written. Never here: what is behind it.

use std::fmt;
use std::str::FromStr;

use http::uri::Uri;

use super::settings::{Base, Scheme};

impl FromStr for Base {
    type Err = String;

    fn from_str(text: &str) -> Result<Base, String> {
        let expected = "expected a URL such as https://webexapis.com or https://api.example.com/v1";
        let unread = || format!("`{text}` is no upstream's URL: {expected}");
        let uri: Uri = text.parse().map_err(|_| unread())?;
        let authority = uri.authority().cloned().ok_or_else(unread)?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            None => return Err(format!("`{text}` doesn't say how it is spoken to: write https://{text}")),
            Some(_) => return Err(unread()),
        };
        if authority.as_str().contains('@') {
            return Err(
                "an upstream's URL has no user and no password: tokens have flags of their own".into()
            );
        }
        if uri.query().is_some() {
            return Err(format!("`{text}` has a query: an upstream's URL ends with its path"));
        }
        Ok(Base { scheme, authority, path: uri.path().trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_and_written_without_a_slash_at_its_end() {
        for (text, written) in [
            ("https://webexapis.com", "https://webexapis.com"),
            ("https://webexapis.com/", "https://webexapis.com"),
            ("HTTP://a:8080/v1//", "http://a:8080/v1"),
            ("http://[::1]:80/a/b", "http://[::1]:80/a/b"),
        ] {
            assert_eq!(text.parse::<Base>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_none_is_refused_with_what_to_write() {
        for (text, part) in [
            ("webexapis.com", "https://webexapis.com"),
            ("ftp://a", "https://"),
            ("", "https://"),
            ("https://u:s3cret@a", "no user"),
            ("https://a/?x", "a query"),
        ] {
            let said = text.parse::<Base>().unwrap_err();
            assert!(said.contains(part) && !said.contains("s3cret"), "{said}");
        }
    }
}
