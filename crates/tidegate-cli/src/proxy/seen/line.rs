//! A call's line in the access log. Never here: a token, a cookie, a query, where it is written.

use std::net::IpAddr;
use std::time::Duration;

use http::{Request, StatusCode};
use serde::Serialize;
use tidegate::client::template;
use tidegate::world;
use tidegate_core::Time;

use crate::office::log::{self, fields};

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    /// When the call began, since the Unix epoch.
    #[serde(serialize_with = "fields::in_rfc3339")]
    time: Time,
    /// The same by the steady clock.
    #[serde(skip)]
    began: Time,
    method: String,
    /// With `{}` in place of each id.
    path: String,
    /// The name of its row; `None` if it wasn't meant for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<String>,
    /// `None` while there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// `None` until it has ended.
    #[serde(rename = "took_ms", serialize_with = "fields::in_milliseconds")]
    took: Option<Duration>,
    /// How long it was held back before its last sending; `None` if it never came to waiting for one.
    #[serde(
        rename = "waited_ms",
        serialize_with = "fields::in_milliseconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) waited: Option<Duration>,
    /// How often it was sent.
    pub(super) attempts: u32,
    /// How many refusals its caller didn't see.
    pub(super) absorbed: u32,
    client: IpAddr,
    /// Why the answer isn't the upstream's to this call: a refusal's word, `shared`, `handed_back` or `gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<&'static str>,
}

impl Line {
    /// What there is to say of a call that begins.
    pub(super) fn of<B>(request: &Request<B>, client: IpAddr) -> Line {
        Line {
            time: world::wall_clock(),
            began: world::now(),
            method: fields::method(request.method()),
            path: template(&fields::path(request.uri().path())),
            upstream: None,
            status: None,
            took: None,
            waited: None,
            attempts: 0,
            absorbed: 0,
            client,
            why: None,
        }
    }

    /// It is answered.
    pub(super) fn answered(&mut self, status: StatusCode, why: Option<&'static str>) {
        self.status = Some(status.as_u16());
        self.why = why;
    }
}

impl log::Line for Line {
    fn end(&mut self, now: Time) {
        if self.status.is_none() {
            self.why = Some("gone");
        }
        self.took = Some(now.since(self.began));
    }
}
