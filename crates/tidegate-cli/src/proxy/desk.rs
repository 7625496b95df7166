//! The proxy's operators' address: its pages, and whether calls can be served. Never here: what is on a page.

mod metrics;
mod queues;
mod state;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tidegate::world;

use super::house::House;
use crate::office::desk::{self, Page};
use crate::office::metrics::Metrics;
use crate::office::reply::{Refused, json_page, page};
use crate::relay::body::Body;
use crate::relay::drain::Told;
use crate::relay::listen::Places;
use metrics::Gauges;

/// The page for people: all of it is in the one file.
const PAGE: &str = include_str!("desk/page.html");

/// What that page may do: nothing but what is in it, and asking this address.
const PAGE_MAY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Answers operators.
pub(crate) struct Desk {
    house: Arc<House>,
    metrics: Metrics,
    /// Whether callers are still let in.
    callers: Told,
    places: Places,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("house", &self.house).finish_non_exhaustive()
    }
}

/// What is to be forgotten.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    origin: String,
}

impl Desk {
    /// Tells of this proxy. `callers` says when callers are no longer let in, and `places` how many there are.
    pub(crate) fn new(house: Arc<House>, callers: Told, places: Places) -> Desk {
        let metrics = Metrics::of(Gauges { house: Arc::clone(&house), places: places.clone() });
        Desk { house, metrics, callers, places }
    }
}

impl desk::Desk for Desk {
    const PAGES: &'static [Page] = &[
        (Method::GET, "/", "what waits for what, and until when: for people, in a browser"),
        (Method::GET, "/metrics", "counts for Prometheus"),
        (Method::GET, "/state", "upstreams, buckets, what waits there, and what was learned of them"),
        (Method::POST, "/forget", "forgets what an origin told and taught: its calls go again, and ask anew"),
    ];

    fn not_ready(&self) -> Option<Cow<'static, str>> {
        if self.callers.is_draining() {
            return Some("the proxy is ending: calls under way are served, no new ones".into());
        }
        let (name, failure) = self.house.lost_token()?;
        Some(format!("{name} has no token any more: {}", failure.message()).into())
    }

    fn show(&self, path: &str, _query: Option<&str>) -> Result<Response<Body>, Refused> {
        Ok(match path {
            "/metrics" => self.metrics.page()?,
            "/state" => {
                let not_ready = desk::Desk::not_ready(self);
                let state = state::of(&self.house, self.places.taken(), not_ready.as_deref(), world::now());
                json_page(StatusCode::OK, &state)
            }
            _page => {
                let kind = HeaderValue::from_static("text/html; charset=utf-8");
                let mut answer = page(StatusCode::OK, kind, Bytes::from_static(PAGE.as_bytes()));
                answer.headers_mut().insert(CONTENT_SECURITY_POLICY, PAGE_MAY);
                answer
            }
        })
    }

    async fn act(&self, _path: &str, body: &[u8]) -> Result<Response<Body>, Refused> {
        let Forgotten { origin } = serde_json::from_slice(body).map_err(|_| {
            let hint = "send {\"origin\": \"https://api.example.com\"}, as /state has it";
            Refused::new(StatusCode::BAD_REQUEST, "it isn't said what to forget", hint)
        })?;
        let buckets = self.house.layer.forget(&origin);
        Ok(json_page(StatusCode::OK, &json!({ "forgotten_buckets": buckets })))
    }
}
