//! Who calls, told before anything else about a request is looked at. Never here: a limit's key, a place in a path.

use std::net::IpAddr;

use http::HeaderMap;

use super::key::{Found, Gathered, Grouping, KeyPart, Part};
use crate::store::{Key, Secret};

/// Which parts of a request tell callers apart, whatever it asks for. Where one is missing, the address counts.
#[derive(Clone, Debug)]
pub struct Caller {
    parts: Vec<Part>,
    grouping: Grouping,
}

impl Caller {
    /// A caller by these parts; `None` if one of them is only known from what is asked for: a place in the path, the
    /// host. With no parts, the address alone counts.
    pub fn by(parts: &[KeyPart], grouping: Grouping) -> Option<Caller> {
        let parts = parts.iter().map(|part| match part {
            KeyPart::Bearer => Some(Part::Bearer),
            KeyPart::Ip => Some(Part::Ip),
            KeyPart::Header(name) => Some(Part::Header(name.clone())),
            KeyPart::Cookie(name) => Some(Part::Cookie(name.clone())),
            KeyPart::Path(_) | KeyPart::Host => None,
        });
        let mut parts: Vec<Part> = parts.collect::<Option<_>>()?;
        if parts.is_empty() {
            parts.push(Part::Ip);
        }
        Some(Caller { parts, grouping })
    }

    /// The caller's keyed hash.
    pub fn of(&self, headers: &HeaderMap, client: IpAddr, secret: &Secret) -> Key {
        let mut key = Gathered::new(secret);
        for part in &self.parts {
            let found = match part {
                Part::Ip => Found::Address(self.grouping.of(client)),
                part => part.in_headers(headers).unwrap_or(Found::Address(self.grouping.of(client))),
            };
            match found {
                Found::Lacking(_) => key.add(&Found::Address(self.grouping.of(client))),
                found => key.add(&found),
            }
        }
        key.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(parts: &[&str], fields: &[(&'static str, &'static str)], client: &str) -> Key {
        let parts: Vec<KeyPart> = parts.iter().map(|part| part.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        let secret = Secret::new([1, 2]);
        Caller::by(&parts, Grouping::default()).unwrap().of(&headers, client.parse().unwrap(), &secret)
    }

    #[test]
    fn a_caller_is_who_it_says_or_where_it_calls_from() {
        let token = [("authorization", "Bearer a")];
        let (here, there) = ("192.0.2.7", "192.0.2.8");
        assert_eq!(caller(&["bearer"], &token, here), caller(&["bearer"], &token, there));
        assert_ne!(caller(&["bearer"], &[], here), caller(&["bearer"], &[], there));
        assert_ne!(caller(&["bearer"], &token, here), caller(&["bearer"], &[], here));
        assert_eq!(caller(&["bearer"], &[], here), caller(&[], &[], here), "no token is no way round");
        let two = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        assert_eq!(caller(&["bearer"], &two, here), caller(&["bearer"], &[], here));
        assert_ne!(caller(&["ip"], &[], "2001:db8:1:2::1"), caller(&["ip"], &[], "2001:db8:1:3::1"));
        assert_eq!(caller(&["ip"], &[], "2001:db8:1:2::1"), caller(&["ip"], &[], "2001:db8:1:2::2"));
    }

    #[test]
    fn what_only_the_path_tells_is_no_caller() {
        for part in ["path:id", "host"] {
            assert!(Caller::by(&[part.parse().unwrap()], Grouping::default()).is_none());
        }
    }
}
