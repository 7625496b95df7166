//! Whose limit a request falls under: origin, token and resource. Never here: a token itself, a count.

mod resource;

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;

use crate::world::keyed_hash;

pub use resource::template;

/// How long a resource's name may grow; what is beyond is cut off.
const LONGEST_RESOURCE: usize = 256;

/// What a bucket is called towards people: an origin, and a resource there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketName {
    origin: Arc<str>,
    resource: Arc<str>,
}

impl BucketName {
    /// Scheme, host and, if it isn't the scheme's own, port: `https://webexapis.com`. In lower case; never with
    /// a user or password.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The resource: by default the path, with `{}` for each id in it; or the upstream's own name for the bucket.
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

impl BucketName {
    pub(crate) fn shared_origin(&self) -> &Arc<str> {
        &self.origin
    }

    pub(crate) fn shared_resource(&self) -> &Arc<str> {
        &self.resource
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A bucket that the upstream named is no path.
        let space = if self.resource.starts_with('/') { "" } else { " " };
        write!(f, "{}{space}{}", self.origin, self.resource)
    }
}

impl fmt::Debug for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What tells buckets apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) name: BucketName,
    /// The keyed hash of `Authorization`, if there is one. Two tokens with one hash would share a gate: they
    /// would wait for each other, and no harm beyond.
    pub(crate) token: Option<u64>,
    /// Who says what belongs together.
    pub(crate) by: By,
}

/// Who says which calls belong to a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// We do, by what requests look like.
    Resource,
    /// The upstream, by its own name for it.
    Name,
}

impl Key {
    /// The key of a request to this resource.
    pub(crate) fn new(parts: &Parts, resource: &str) -> Key {
        let end = resource.floor_char_boundary(LONGEST_RESOURCE);
        let name = BucketName { origin: origin(parts).into(), resource: resource[..end].into() };
        let token = parts.headers.get(AUTHORIZATION).map(|token| keyed_hash(token.as_bytes()));
        Key { name, token, by: By::Resource }
    }

    /// The bucket that the upstream calls so, of the same origin and token.
    pub(crate) fn named(&self, name: &str) -> Key {
        let name = BucketName { origin: self.name.origin.clone(), resource: name.into() };
        Key { name, token: self.token, by: By::Name }
    }

    /// The bucket of another resource, of the same origin and token.
    pub(crate) fn sibling(&self, resource: &Arc<str>) -> Key {
        let name = BucketName { origin: self.name.origin.clone(), resource: resource.clone() };
        Key { name, token: self.token, by: By::Resource }
    }

    /// Whether both are of one origin and one token.
    pub(crate) fn is_kin(&self, other: &Key) -> bool {
        self.name.origin == other.name.origin && self.token == other.token
    }
}

/// The host that a request is for, without port and user; empty if it names none.
pub(crate) fn host(parts: &Parts) -> &str {
    let stated = || parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    match parts.uri.host() {
        Some(host) => host,
        None => stated().map_or("", |host| split_port(host).0),
    }
}

fn origin(parts: &Parts) -> String {
    let scheme = parts.uri.scheme_str().unwrap_or("http");
    let stated = || parts.headers.get(HOST).and_then(|host| split_port(host.to_str().ok()?).1);
    let port = if parts.uri.host().is_some() { parts.uri.port_u16() } else { stated() };
    let own = match scheme {
        "https" => 443,
        _ => 80,
    };
    let host = host(parts);
    let mut origin = match port.filter(|&port| port != own) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    origin.make_ascii_lowercase();
    origin
}

/// Splits `host:port`, where the host may be an address in brackets.
fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(uri: &str, headers: &[(&str, &str)]) -> Key {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Key::new(&parts, "/x")
    }

    #[track_caller]
    fn check_origin(uri: &str, headers: &[(&str, &str)], origin: &str) {
        assert_eq!(key(uri, headers).name.origin(), origin);
    }

    #[test]
    fn an_origin_is_written_in_one_way() {
        check_origin("https://WebexAPIs.com/v1/rooms?max=1", &[], "https://webexapis.com");
        check_origin("https://webexapis.com:443/", &[], "https://webexapis.com");
        check_origin("http://h:443/", &[], "http://h:443");
        check_origin("http://user:secret@h:80/", &[], "http://h");
        check_origin("/v1/rooms", &[("host", "H:8080")], "http://h:8080");
        check_origin("/v1/rooms", &[("host", "[::1]:80")], "http://[::1]");
        check_origin("/v1/rooms", &[], "http://");
    }

    #[test]
    fn tokens_tell_buckets_apart_and_stay_unread() {
        let one = key("https://h/", &[("authorization", "Bearer one-secret")]);
        assert_eq!(one, key("https://h/", &[("authorization", "Bearer one-secret")]));
        assert_ne!(one, key("https://h/", &[("authorization", "Bearer other")]));
        assert_ne!(one, key("https://h/", &[]));
        assert!(!format!("{one:?}").contains("one-secret"));
    }

    #[test]
    fn a_long_resource_is_cut_between_characters() {
        let (parts, ()) = http::Request::new(()).into_parts();
        let key = Key::new(&parts, &"ü".repeat(1000));
        assert_eq!(key.name.resource().len(), LONGEST_RESOURCE);
    }
}
