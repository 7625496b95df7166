//! Where operators come in: an address of its own, apart from callers. Never here: what is shown of a part.

mod asked;
mod metrics;
mod penalties;
mod state;

use std::fmt;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tidegate::world;

use super::gate::Gate;
use super::reload::Reloads;
use crate::office::guard;
use crate::office::reply::{Refused, json_page, text_page};
use crate::relay::body::Body;
use crate::relay::drain::Told;
use crate::relay::listen::{Answer, Peer};
use asked::Asked;
use metrics::Metrics;

/// What there is, and what it is for.
const PAGES: [(Method, &str, &str); 10] = [
    (Method::GET, "/healthz", "200 while the process lives"),
    (Method::GET, "/readyz", "200 while calls can be served, else 503 and why not"),
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

impl Answer for Desk {
    async fn answer(&self, request: Request<Incoming>, _peer: &Peer) -> Response<Body> {
        let is_head = request.method() == Method::HEAD;
        let answer = self.attend(request).await.unwrap_or_else(Refused::into_response);
        if is_head { answer.map(|_| Body::empty()) } else { answer }
    }
}

impl Desk {
    /// Tells of this gateway. `callers` says when callers are no longer let in.
    pub(crate) fn new(gate: Arc<Gate>, reloads: Arc<Reloads>, callers: Told) -> Desk {
        Desk { metrics: Metrics::of(&gate), gate, reloads, callers }
    }

    async fn attend(&self, request: Request<Incoming>) -> Result<Response<Body>, Refused> {
        guard::check_host(&request)?;
        let path = request.uri().path().to_owned();
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let page = PAGES.iter().find(|(_, known, _)| *known == path);
        let (expected, ..) = page.ok_or_else(no_such_page)?;
        if method != expected {
            return Err(Refused::wrong_method(expected));
        }
        if *expected == Method::GET {
            return self.show(&path, request.uri().query());
        }
        let body = guard::body(request).await?;
        self.act(&path, &body).await
    }

    /// What only looks.
    fn show(&self, path: &str, query: Option<&str>) -> Result<Response<Body>, Refused> {
        let now = world::now();
        Ok(match path {
            "/healthz" => text_page(StatusCode::OK, "ok\n"),
            "/readyz" => match self.not_ready() {
                None => text_page(StatusCode::OK, "ready\n"),
                Some(why) => text_page(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
            },
            "/metrics" => self.metrics.page()?,
            "/state" => {
                json_page(StatusCode::OK, &state::of(&self.gate, &self.reloads, self.not_ready(), now))
            }
            _penalties => json_page(StatusCode::OK, &penalties::worst(&self.gate.penalty, query, now)?),
        })
    }

    /// What needs to be asked for with a body, so that no page in a browser can do it.
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

    /// Why no calls can be served now, if that is so.
    fn not_ready(&self) -> Option<&'static str> {
        if self.callers.is_draining() {
            return Some("the gateway is ending: calls under way are served, no new ones");
        }
        let nobody = self.gate.fleet.routing(world::now()).servers == 0;
        nobody.then_some("no server is in routing: /state says what is wrong with each")
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

fn no_such_page() -> Refused {
    let pages = PAGES.iter().map(|(method, path, what)| (format!("{method} {path}"), Value::from(*what)));
    Refused::no_such_page(Value::Object(pages.collect()))
}

#[cfg(test)]
mod tests;
