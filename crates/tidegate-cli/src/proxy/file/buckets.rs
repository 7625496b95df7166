//! What shares a limit of an API, as it is told apart. Never here: a request, a limit that is learned.

use std::collections::HashSet;

use http::Method;

use super::upstream::{Bucket as Written, Match};
use crate::proxy::settings::{Base, Bucket};
use crate::toml_file::kinds::Name;
use crate::toml_file::written::{Placed, needed};
use crate::toml_file::{Fault, Faults};

/// All that can be read of them.
pub(super) fn read(written: &[Placed<Written>], base: Option<&Base>, faults: &mut Faults) -> Vec<Bucket> {
    let mut names = HashSet::new();
    let buckets = written.iter().filter_map(|Placed { value, span }| {
        let quota = value.quota.as_ref().and_then(|quota| quota.read(faults));
        let (methods, paths) = match &value.on {
            Some(on) => (methods(&on.value, faults), paths(&on.value, base, faults)),
            None => (Vec::new(), Vec::new()),
        };
        let written = needed(value.name.as_ref(), faults, span, "a bucket needs a `name`")?;
        let Name(name) = written.read(faults)?;
        if !names.insert(name.clone()) {
            let message = format_args!("there is another bucket called `{name}`: give each its own name");
            faults.add(Fault::new(written.span.clone(), message));
        }
        Some(Bucket { name, methods, paths, quota })
    });
    buckets.collect()
}

/// The methods, and HEAD with GET: APIs count both alike.
fn methods(on: &Match, faults: &mut Faults) -> Vec<Method> {
    let mut methods = on.method.as_ref().map(|list| list.read(faults)).unwrap_or_default();
    if methods.contains(&Method::GET) && !methods.contains(&Method::HEAD) {
        methods.push(Method::HEAD);
    }
    methods
}

fn paths(on: &Match, base: Option<&Base>, faults: &mut Faults) -> Vec<tidegate::classify::Template> {
    let Some(list) = &on.path else { return Vec::new() };
    for item in &list.items {
        if let Some(base) = base.filter(|base| !is_below(&item.text, &base.path)) {
            let message =
                format_args!("no request can fit: every path at {base} begins with `{}`", base.path);
            let hint = format!("paths are written as the API sees them: `{}{}`", base.path, item.text);
            faults.add(Fault::new(item.span.clone(), message).hint(hint));
        }
    }
    list.read(faults)
}

/// Whether some path of a template is below a base's path.
fn is_below(template: &str, base: &str) -> bool {
    let mut segments = template.trim_start_matches('/').split('/');
    for wanted in base.split('/').filter(|segment| !segment.is_empty()) {
        match segments.next() {
            Some(segment) if segment.starts_with("{*") => return true,
            Some(segment) if segment.starts_with('{') || segment == wanted => {}
            // One that doesn't begin with a slash is no template, and told as that.
            _ => return !template.starts_with('/'),
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, base: &str, is: bool) {
        assert_eq!(is_below(template, base), is, "{template} {base}");
    }

    #[test]
    fn a_path_that_no_request_can_have_is_known() {
        check("/rooms", "", true);
        check("/v1/rooms", "/v1", true);
        check("/v1", "/v1", true);
        check("/{version}/rooms", "/v1", true);
        check("/{*all}", "/a/b", true);
        check("/rooms", "/v1", false);
        check("/a", "/a/b", false);
        check("rooms", "/v1", true);
    }
}
