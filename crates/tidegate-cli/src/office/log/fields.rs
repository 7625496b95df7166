//! How a line says what it says: times, spans, paths, methods; and what it leaves out of them. Never here: a line.

use std::time::Duration;

use http::Method;
use serde::Serializer;
use tidegate_core::Time;
use tidegate_wire::date;

/// How much of a path is noted, in bytes.
const LONGEST_PATH: usize = 1024;

/// How much of a method is noted, in bytes: callers may make up their own.
const LONGEST_METHOD: usize = 32;

/// An instant of the wall clock, in UTC.
pub(crate) fn in_rfc3339<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&date::write_rfc3339(*time))
}

/// A span in milliseconds, to the microsecond; none is 0.
pub(crate) fn in_milliseconds<S: Serializer>(
    span: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let microseconds = (span.unwrap_or_default().as_nanos() + 500) / 1_000;
    serializer.serialize_f64(microseconds as f64 / 1_000.0)
}

/// A method, the beginning of one that is very long.
pub(crate) fn method(method: &Method) -> String {
    cut(method.as_str(), LONGEST_METHOD).to_owned()
}

/// A path as it came, its parameters left out: `/a;jsessionid=…` is a secret in many programs.
pub(crate) fn path(path: &str) -> String {
    let path = cut(path, LONGEST_PATH);
    let params = |segment: &str| {
        let plain = segment.find(';');
        let coded = segment.find("%3b").or_else(|| segment.find("%3B"));
        plain.into_iter().chain(coded).min()
    };
    if params(path).is_none() {
        return path.to_owned();
    }
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            params(segment).map_or_else(|| segment.to_owned(), |at| format!("{};…", &segment[..at]))
        })
        .collect();
    segments.join("/")
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(came: &str, noted: &str) {
        assert_eq!(path(came), noted);
    }

    #[test]
    fn a_path_is_noted_without_its_parameters() {
        check("/v1/rooms", "/v1/rooms");
        check("/", "/");
        check("/a;b=c/d;e", "/a;…/d;…");
        check("/a%3Bb=c;d/e", "/a;…/e");
        check("/a;%3bb/e%3bx", "/a;…/e;…");
    }

    #[test]
    fn what_is_endless_is_cut() {
        let long = format!("/{}", "ä".repeat(LONGEST_PATH));
        assert!(path(&long).len() <= LONGEST_PATH);
        assert!(long.starts_with(&path(&long)));
    }
}
