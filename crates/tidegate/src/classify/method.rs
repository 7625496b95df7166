//! A set of methods, asked with one instruction or two. Never here: what a method may do.

use std::fmt;

use http::Method;

use super::condition::Truth;

/// A set of methods. One with `GET` in it has `HEAD` as well: servers do the same work for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    /// A bit for each known one.
    known: u16,
    others: Vec<Method>,
    named: Vec<Method>,
}

impl Methods {
    /// The set of these methods.
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Methods {
        let mut set = Methods::default();
        for method in methods {
            match bit(&method) {
                0 => set.others.push(method.clone()),
                bit => set.known |= bit,
            }
            if method == Method::GET {
                set.known |= bit(&Method::HEAD);
            }
            set.named.push(method);
        }
        set
    }

    /// Whether the method is in the set. One that is but for its case is [`Truth::Unclear`]: methods differ by case,
    /// and yet some servers take `get` for `GET`.
    pub fn has(&self, method: &Method) -> Truth {
        match bit(method) {
            0 if self.others.contains(method) => Truth::Yes,
            0 if self.has_but_for_case(method.as_str()) => Truth::Unclear,
            0 => Truth::No,
            bit => (self.known & bit != 0).into(),
        }
    }

    fn has_but_for_case(&self, method: &str) -> bool {
        let is_it = |name: &Method| name.as_str().eq_ignore_ascii_case(method);
        let has_head = self.known & bit(&Method::HEAD) != 0;
        self.named.iter().any(is_it) || (has_head && is_it(&Method::HEAD))
    }
}

fn bit(method: &Method) -> u16 {
    match *method {
        Method::GET => 1,
        Method::HEAD => 2,
        Method::POST => 4,
        Method::PUT => 8,
        Method::DELETE => 16,
        Method::PATCH => 32,
        Method::OPTIONS => 64,
        Method::CONNECT => 128,
        Method::TRACE => 256,
        _ => 0,
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<_> = self.named.iter().map(Method::as_str).collect();
        f.write_str(&named.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_head_with_get() {
        let purge = Method::from_bytes(b"PURGE").unwrap();
        let set = Methods::of([Method::GET, purge.clone()]);
        for method in [&Method::GET, &Method::HEAD, &purge] {
            assert_eq!(set.has(method), Truth::Yes, "{method}");
        }
        for method in [Method::POST, Method::TRACE, Method::from_bytes(b"gets").unwrap()] {
            assert_eq!(set.has(&method), Truth::No, "{method}");
        }
        for name in ["get", "Head", "pURGE"] {
            assert_eq!(set.has(&Method::from_bytes(name.as_bytes()).unwrap()), Truth::Unclear, "{name}");
        }
        assert_eq!(Methods::of([Method::HEAD]).has(&Method::GET), Truth::No);
        assert_eq!(set.to_string(), "GET or PURGE");
    }
}
