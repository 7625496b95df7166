//! Who calls, for fair shares, and how urgent it is: by fields, the token or the address. Never here: a share, a queue.

use std::fmt;
use std::net::IpAddr;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use tidegate::client::{Caller, Priority};
use tidegate::store::Secret;
use tidegate::world;

/// How callers are told apart.
#[derive(Clone)]
pub(crate) struct Callers {
    fields: Vec<HeaderName>,
    priority: Option<HeaderName>,
    /// What callers are hashed with: no token is kept, and none can be found out.
    secret: Secret,
}

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callers").field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl Callers {
    /// By the first of these fields that a request has, else by its token, else by its address. `priority` is the field
    /// that says how urgent it is.
    pub(crate) fn by(fields: Vec<HeaderName>, priority: Option<HeaderName>) -> Callers {
        Callers { fields, priority, secret: Secret::new(world::secret()) }
    }

    /// Who makes a request.
    pub(crate) fn of(&self, headers: &HeaderMap, address: IpAddr) -> Caller {
        let named = self.fields.iter().chain([&AUTHORIZATION]);
        let told = named.filter_map(|field| headers.get(field)).map(HeaderValue::as_bytes);
        let told = told.into_iter().find(|value| !value.is_empty());
        let key = match told {
            Some(value) => self.secret.key(value),
            // No field's value can be one: it begins with what no field may have.
            None => self.secret.key(format!("\0{address}").as_bytes()),
        };
        Caller(key.to_bits())
    }

    /// How urgent a request is; the field that says so is for the proxy alone, unless it says something else.
    pub(crate) fn take_priority(&self, headers: &mut HeaderMap) -> Priority {
        let told = self.priority.as_ref().and_then(|field| Some((field, headers.get(field)?)));
        let Some((field, value)) = told else { return Priority::Normal };
        let is = |word: &str| value.as_bytes().trim_ascii().eq_ignore_ascii_case(word.as_bytes());
        let priority = match () {
            () if is("high") => Priority::High,
            () if is("normal") => Priority::Normal,
            () if is("low") => Priority::Low,
            () => return Priority::Normal,
        };
        headers.remove(field);
        priority
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let one = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(one).collect()
    }

    #[test]
    fn callers_are_told_apart_by_the_first_thing_that_tells() {
        let callers = Callers::by(vec![HeaderName::from_static("x-caller")], None);
        let of = |fields: &[_], address: &str| callers.of(&headers(fields), address.parse().unwrap());
        let (here, there) = ("192.0.2.1", "192.0.2.2");
        let named = of(&[("x-caller", "a"), ("authorization", "t")], here);
        assert_eq!(named, of(&[("x-caller", "a"), ("authorization", "u")], there));
        assert_ne!(named, of(&[("x-caller", "b"), ("authorization", "t")], here));
        assert_eq!(of(&[("authorization", "t")], here), of(&[("authorization", "t")], there));
        assert_eq!(of(&[("x-caller", "")], here), of(&[], here), "an empty field tells nothing");
        assert_ne!(of(&[], here), of(&[], there));
    }

    #[test]
    fn a_priority_is_taken_out_where_it_is_one() {
        let callers = Callers::by(Vec::new(), Some(HeaderName::from_static("x-priority")));
        for (said, priority, stays) in [
            (Some("high"), Priority::High, false),
            (Some("Low "), Priority::Low, false),
            (Some("normal"), Priority::Normal, false),
            (Some("u=1"), Priority::Normal, true),
            (None, Priority::Normal, false),
        ] {
            let mut headers = headers(&said.map(|said| ("x-priority", said)).into_iter().collect::<Vec<_>>());
            assert_eq!(callers.take_priority(&mut headers), priority, "{said:?}");
            assert_eq!(headers.contains_key("x-priority"), stays, "{said:?}");
        }
    }
}
