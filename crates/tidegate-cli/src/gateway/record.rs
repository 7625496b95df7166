//! What is noted of a call, while it lasts. Never here: a token, a cookie, a query, where it is written.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::{Request, StatusCode};
use serde::Serialize;
use tidegate::world;
use tidegate_core::Time;
use tidegate_wire::tracking::TrackingId;

use crate::office::log::{self, Draft, Line, fields};

/// Where the gateway's calls are noted.
pub(crate) type Log = log::Log<Entry>;

/// A call as it will be noted when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Record(Draft<Entry>);

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    /// When the call began, since the Unix epoch.
    #[serde(serialize_with = "fields::in_rfc3339")]
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
    #[serde(rename = "took_ms", serialize_with = "fields::in_milliseconds")]
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

impl Line for Entry {
    fn end(&mut self, now: Time) {
        if self.status.is_none() {
            // Nobody answered it: its caller had no patience, or broke off.
            self.why = Some("gone".to_owned());
        }
        let began = self.began;
        self.took.get_or_insert_with(|| now.since(began));
    }
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
        Record(Draft::of(log, || Entry {
            time: world::wall_clock(),
            began,
            method: fields::method(request.method()),
            path: fields::path(request.uri().path()),
            status: None,
            took: None,
            client,
            why: None,
            server: None,
            tries: None,
            tracking: TrackingText(tracking.clone()),
        }))
    }

    /// A server answered the call, after it had been to so many others in vain.
    pub(crate) fn served(&mut self, server: &str, status: StatusCode, tries_before: usize) {
        self.0.write(|entry| {
            entry.status = Some(status.as_u16());
            entry.server = Some(server.to_owned());
            entry.tries = Some(tries_before + 1);
        });
    }

    /// The gateway answered the call itself. `why` is a kind, or a kind and a name: `penalty`, `limit:rooms`.
    pub(crate) fn turned(&mut self, status: StatusCode, why: impl fmt::Display) {
        self.0.write(|entry| {
            entry.status = Some(status.as_u16());
            entry.why = Some(why.to_string());
        });
    }

    /// The answer is through, or nobody wants the rest of it.
    pub(crate) fn ended(&mut self, now: Time) {
        self.0.write(|entry| entry.took = Some(now.since(entry.began)));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::policy::AccessLog;

    const SECRET: &str = "s3cr3t-t0ken";

    fn open(path: &Path) -> Log {
        Log::open(&AccessLog::File(path.to_owned())).unwrap()
    }

    fn record(log: &Log, target: &str) -> Record {
        let request = Request::get(target)
            .header("authorization", format!("Bearer {SECRET}"))
            .header("cookie", format!("session={SECRET}"))
            .body(())
            .unwrap();
        let tracking = TrackingId::from_draw(7);
        Record::of(log, &request, Time::from_secs(5), "192.0.2.7".parse().unwrap(), &tracking)
    }

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_call_is_a_line_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let log = open(&path);
        let target = format!("/v1/rooms;jsessionid={SECRET}/7?token={SECRET}");
        let mut served = record(&log, &target);
        served.served("http://a", StatusCode::OK, 1);
        served.ended(Time::from_nanos(5_012_345_678));
        drop(served);
        let mut turned = record(&log, "/v1/rooms");
        turned.turned(StatusCode::TOO_MANY_REQUESTS, format_args!("limit:{}", "rooms"));
        turned.ended(Time::from_secs(5));
        drop(turned);
        log.close().await;
        let [served, turned] = &lines(&path)[..] else { panic!("two calls are two lines") };
        assert_eq!(served["path"], "/v1/rooms;…/7");
        assert_eq!((&served["method"], &served["status"]), (&"GET".into(), &200.into()));
        assert_eq!((&served["server"], &served["tries"]), (&"http://a".into(), &2.into()));
        assert_eq!((&served["took_ms"], &served["client"]), (&12.346.into(), &"192.0.2.7".into()));
        assert_eq!(served["tracking"], TrackingId::from_draw(7).as_str());
        assert_eq!(served["time"].as_str().map(str::len), Some("2026-11-22T10:09:08.765Z".len()));
        assert_eq!(served.get("why"), None);
        assert_eq!((&turned["why"], &turned["status"]), (&"limit:rooms".into(), &429.into()));
        assert_eq!(turned.get("server"), None);
    }

    #[tokio::test]
    async fn a_call_whose_caller_leaves_is_a_line_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let log = open(&path);
        drop(record(&log, "/slow"));
        log.close().await;
        let lines = lines(&path);
        assert_eq!((&lines[0]["path"], &lines[0]["why"]), (&"/slow".into(), &"gone".into()));
        assert_eq!(lines[0].get("status"), None, "there was no answer");
    }
}
