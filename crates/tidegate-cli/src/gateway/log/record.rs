//! What is noted of a call, while it lasts. Never here: a token, a cookie, a query, where it is written.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::{Request, StatusCode};
use serde::Serialize;
use tidegate::world;
use tidegate_core::Time;
use tidegate_wire::date;
use tidegate_wire::tracking::TrackingId;

use super::{Log, Open};

/// How much of a path is noted, in bytes.
const LONGEST_PATH: usize = 1024;

/// How much of a method is noted, in bytes: callers may make up their own.
const LONGEST_METHOD: usize = 32;

/// A call as it will be noted when this is dropped; empty where the log is off.
#[derive(Debug, Default)]
pub(crate) struct Record(Option<(Box<Entry>, Open)>);

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// When the call began, since the Unix epoch.
    #[serde(serialize_with = "in_rfc3339")]
    time: Time,
    /// The same by the steady clock.
    #[serde(skip)]
    began: Time,
    method: String,
    path: String,
    /// `None` while there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// `None` until it has ended.
    #[serde(rename = "took_ms", serialize_with = "in_milliseconds")]
    took: Option<Duration>,
    client: IpAddr,
    /// Why the call didn't come back from a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// How many servers it went to.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<usize>,
    tracking: TrackingText,
}

/// A tracking id as text.
#[derive(Clone, Debug)]
struct TrackingText(TrackingId);

impl Serialize for TrackingText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

fn in_rfc3339<S: serde::Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&date::write_rfc3339(*time))
}

fn in_milliseconds<S: serde::Serializer>(span: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let microseconds = (span.unwrap_or_default().as_nanos() + 500) / 1_000;
    serializer.serialize_f64(microseconds as f64 / 1_000.0)
}

impl Record {
    /// What is to be noted of a call that begins; nothing if the log is off.
    pub(crate) fn of<B>(
        log: &Log,
        request: &Request<B>,
        began: Time,
        client: IpAddr,
        tracking: &TrackingId,
    ) -> Record {
        let Some(open) = &log.0 else { return Record::default() };
        let entry = Entry {
            time: world::wall_clock(),
            began,
            method: cut(request.method().as_str(), LONGEST_METHOD).to_owned(),
            path: shown(request.uri().path()),
            status: None,
            took: None,
            client,
            why: None,
            server: None,
            tries: None,
            tracking: TrackingText(tracking.clone()),
        };
        Record(Some((Box::new(entry), open.clone())))
    }

    /// A server answered the call, after it had been to so many others in vain.
    pub(crate) fn served(&mut self, server: &str, status: StatusCode, tries_before: usize) {
        if let Some((entry, _)) = &mut self.0 {
            entry.status = Some(status.as_u16());
            entry.server = Some(server.to_owned());
            entry.tries = Some(tries_before + 1);
        }
    }

    /// The gateway answered the call itself. `why` is a kind, or a kind and a name: `penalty`, `limit:rooms`.
    pub(crate) fn turned(&mut self, status: StatusCode, why: impl fmt::Display) {
        if let Some((entry, _)) = &mut self.0 {
            entry.status = Some(status.as_u16());
            entry.why = Some(why.to_string());
        }
    }

    /// The answer is through, or nobody wants the rest of it.
    pub(crate) fn ended(&mut self, now: Time) {
        if let Some((entry, _)) = &mut self.0 {
            entry.took = Some(now.since(entry.began));
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Some((mut entry, open)) = self.0.take() else { return };
        if entry.status.is_none() {
            // Nobody answered it: its caller had no patience, or broke off.
            entry.why = Some("gone".to_owned());
        }
        entry.took.get_or_insert_with(|| world::now().since(entry.began));
        open.note(entry);
    }
}

/// A path as it came, its parameters left out: `/a;jsessionid=…` is a secret in many programs.
fn shown(path: &str) -> String {
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
    fn check(path: &str, noted: &str) {
        assert_eq!(shown(path), noted);
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
        assert!(shown(&long).len() <= LONGEST_PATH);
        assert!(long.starts_with(&shown(&long)));
    }
}
