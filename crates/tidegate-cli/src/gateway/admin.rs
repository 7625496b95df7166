//! Where operators come in: an address of its own, apart from callers. Never here: what is shown of a part.

mod asked;
mod metrics;
mod penalties;
mod state;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::{Method, Response, StatusCode};
use serde_json::json;
use tidegate::world;

use super::gate::Gate;
use super::reload::Reloads;
use crate::office::desk::{self, Page};
use crate::office::metrics::Metrics;
use crate::office::reply::{Refused, json_page};
use crate::relay::body::Body;
use crate::relay::drain::Told;
use asked::Asked;
use metrics::Gauges;

/// What there is beside what all have, and what it is for.
const PAGES: &[Page] = &[
    (Method::GET, "/metrics", "counts for Prometheus"),
    (Method::GET, "/state", "policy, limits, servers, overload, penalties, memory"),
    (Method::GET, "/penalties", "callers who kept calling while told to wait; ?most=20"),
    (Method::POST, "/explain", "what would become of a request, and why; spends nothing"),
    (Method::POST, "/peek", "what is left to a request's caller"),
    (Method::POST, "/reset", "forgets what a request's caller used"),
    (Method::POST, "/forgive", "lets a caller in again"),
    (Method::POST, "/reload", "reads the policy file again"),
];

/// Answers operators.
pub(crate) struct Desk {
    gate: Arc<Gate>,
    reloads: Arc<Reloads>,
    metrics: Metrics,
    /// Whether callers are still let in.
    callers: Told,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("policy", &self.reloads.name()).finish_non_exhaustive()
    }
}

impl Desk {
    /// Tells of this gateway. `callers` says when callers are no longer let in.
    pub(crate) fn new(gate: Arc<Gate>, reloads: Arc<Reloads>, callers: Told) -> Desk {
        Desk { metrics: Metrics::of(Gauges(Arc::clone(&gate))), gate, reloads, callers }
    }

    async fn reload(&self) -> Response<Body> {
        let (gate, reloads) = (Arc::clone(&self.gate), Arc::clone(&self.reloads));
        // It reads a file.
        let came = tokio::task::spawn_blocking(move || reloads.reload(&gate)).await;
        let now = world::now();
        match came {
            Ok(Ok(reloaded)) => json_page(StatusCode::OK, &state::reloaded(&reloaded, now)),
            Ok(Err(failure)) => json_page(
                StatusCode::UNPROCESSABLE_ENTITY,
                &json!({
                    "taken": false,
                    "said": "nothing has changed: the gateway goes on by the policy that it has",
                    "faults": failure.message(),
                    "hint": failure.hinted(),
                }),
            ),
            Err(_) => Refused::broken("the reload broke off").into_response(),
        }
    }
}

impl desk::Desk for Desk {
    const PAGES: &'static [Page] = PAGES;

    fn not_ready(&self) -> Option<Cow<'static, str>> {
        if self.callers.is_draining() {
            return Some("the gateway is ending: calls under way are served, no new ones".into());
        }
        let nobody = self.gate.fleet.routing(world::now()).servers == 0;
        nobody.then(|| "no server is in routing: /state says what is wrong with each".into())
    }

    fn show(&self, path: &str, query: Option<&str>) -> Result<Response<Body>, Refused> {
        let now = world::now();
        Ok(match path {
            "/metrics" => self.metrics.page()?,
            "/state" => {
                let not_ready = desk::Desk::not_ready(self);
                json_page(StatusCode::OK, &state::of(&self.gate, &self.reloads, not_ready.as_deref(), now))
            }
            _penalties => json_page(StatusCode::OK, &penalties::worst(&self.gate.penalty, query, now)?),
        })
    }

    async fn act(&self, path: &str, body: &[u8]) -> Result<Response<Body>, Refused> {
        let now = world::now();
        let asked = || Asked::read(body, &self.gate);
        let told = match path {
            "/explain" => asked()?.explain(&self.gate, now).await?,
            "/peek" => asked()?.peek(&self.gate, now).await?,
            "/reset" => asked()?.reset(&self.gate).await?,
            "/forgive" => {
                let caller =
                    penalties::caller(body)?.map_or_else(|| asked().map(|asked| asked.caller()), Ok)?;
                penalties::forgive(&self.gate.penalty, caller, now)
            }
            _reload => return Ok(self.reload().await),
        };
        Ok(json_page(StatusCode::OK, &told))
    }
}

#[cfg(test)]
mod tests;
