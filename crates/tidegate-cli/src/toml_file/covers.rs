//! Whether all requests of one matcher are another's as well, as far as that can be told. Never here: a request.

use http::Method;
use tidegate::classify::Matcher;

/// Whether all that `narrow` matches is surely matched by `wide`.
pub(crate) fn all_of(wide: &Matcher, narrow: &Matcher) -> bool {
    let methods = wide.methods.is_empty()
        || !narrow.methods.is_empty() && narrow.methods.iter().all(|method| has(&wide.methods, method));
    let hosts = wide.hosts.is_empty()
        || !narrow.hosts.is_empty() && narrow.hosts.iter().all(|host| wide.hosts.contains(host));
    let path = match (&wide.path, &narrow.path) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => path_of(&wide.to_string(), &narrow.to_string()),
    };
    methods && hosts && path && wide.conditions.iter().all(|condition| narrow.conditions.contains(condition))
}

/// Whether a set of methods has this one: GET has HEAD with it.
fn has(methods: &[Method], method: &Method) -> bool {
    methods.contains(method) || (method == Method::HEAD && methods.contains(&Method::GET))
}

/// Whether all paths of a template fit another.
fn path_of(wide: &str, narrow: &str) -> bool {
    let mut narrow = narrow.split('/');
    for segment in wide.split('/') {
        if segment.starts_with("{*") {
            return true;
        }
        let fits = match narrow.next() {
            None => false,
            Some(other) if other.starts_with("{*") => false,
            Some(other) => segment == other || (segment.starts_with('{') && !other.is_empty()),
        };
        if !fits {
            return false;
        }
    }
    narrow.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wide: &str, narrow: &str, covers: bool) {
        assert_eq!(path_of(wide, narrow), covers, "{wide} and {narrow}");
    }

    #[test]
    fn a_template_covers_what_is_narrower() {
        check("/v1/{*rest}", "/v1/rooms/{id}", true);
        check("/v1/{*rest}", "/v1", true);
        check("/v1/{*rest}", "/v1/{*other}", true);
        check("/v1/{id}", "/v1/{*rest}", false);
        check("/v1/{id}", "/v1/rooms", true);
        check("/v1/rooms", "/v1/{id}", false);
        check("/v1/rooms", "/v1/rooms", true);
        check("/v1/rooms", "/v1/rooms/x", false);
        check("/v1/rooms/{id}", "/v1/rooms", false);
        check("/{*all}", "/", true);
    }

    #[test]
    fn all_of_a_matcher_must_be_covered() {
        let get = Matcher { methods: vec![Method::GET], ..Matcher::default() };
        let head = Matcher { methods: vec![Method::HEAD], ..Matcher::default() };
        let host = Matcher { hosts: vec!["a.example".parse().unwrap()], ..Matcher::default() };
        assert!(all_of(&Matcher::default(), &get) && !all_of(&get, &Matcher::default()));
        assert!(all_of(&get, &head) && !all_of(&head, &get));
        assert!(all_of(&host, &host) && !all_of(&host, &get));
    }
}
