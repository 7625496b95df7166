//! One request's walk: address, token, verdict, answer. Never here: reading a request, writing an answer.

use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::Value;
use tidegate::world;
use tidegate_sim::scenario::Rest;
use tidegate_sim::{Call, Outcome};
use tidegate_wire::tracking::{TRACKINGID, TrackingId};

use super::answer::{Answer, Desk};
use super::content;
use super::page::Page;
use super::played::Played;
use super::routes::{self, Endpoint, Route};
use super::stats;
use super::wanted::{Wanted, read};

/// The scenario tears this connection: no answer is written.
#[derive(Debug)]
pub(super) struct Torn;

impl std::fmt::Display for Torn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the scenario resets this connection")
    }
}

impl std::error::Error for Torn {}

/// The played API.
#[derive(Debug)]
pub(crate) struct Api {
    played: Played,
}

impl Api {
    pub(crate) fn new(played: Played) -> Api {
        Api { played }
    }

    pub(crate) fn played(&self) -> &Played {
        &self.played
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Torn> {
        let desk = Desk::new(tracking(request.headers()));
        let (parts, body) = request.into_parts();
        match routes::find(&parts.method, parts.uri.path()) {
            Ok(Route::Stats) => Ok(desk.json_line(&stats::of(&self.played))),
            Ok(Route::Reset) => {
                self.played.reset();
                Ok(desk.json_line(&Value::Bool(true)))
            }
            Ok(Route::Api(endpoint)) => self.call(&desk, endpoint, &parts, body).await,
            Err(astray) => {
                self.played.stray();
                Ok(desk.astray(astray))
            }
        }
    }

    async fn call(
        &self,
        desk: &Desk,
        endpoint: Endpoint,
        parts: &Parts,
        body: Incoming,
    ) -> Result<Answer, Torn> {
        let sent = self.played.now();
        let token = match self.played.who(&parts.headers) {
            Ok(token) => token,
            Err(stranger) => {
                self.played.stray();
                return Ok(desk.stranger(stranger));
            }
        };
        let wanted = match read(&endpoint, parts, body, self.played.scenario().verdict).await {
            Ok(wanted) => wanted,
            Err((status, said)) => {
                self.played.stray();
                return Ok(desk.error(status, &said));
            }
        };
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let query = parts.uri.query().unwrap_or_default();
        let reply = self
            .played
            .call(Call { query, ..Call::new(token, method, path, sent) }, wanted.marks(parts))
            .await;
        let answer = match reply.outcome {
            Outcome::Done => self.done(desk, parts, wanted).await,
            outcome => {
                let refusal = self.refusal(desk, outcome)?;
                if let (Wanted::Echo(arriving), Rest::Read) = (wanted, self.played.scenario().rest) {
                    arriving.discard(&parts.headers);
                }
                refusal
            }
        };
        Ok(desk.announcing(answer, reply.announced))
    }

    fn refusal(&self, desk: &Desk, outcome: Outcome) -> Result<Answer, Torn> {
        match outcome {
            Outcome::Limited { told } => Ok(desk.limited(told, |at| self.played.wall_clock_at(at))),
            Outcome::Unavailable { told } => Ok(desk.unavailable(told, |at| self.played.wall_clock_at(at))),
            Outcome::Never => Ok(desk.error(StatusCode::BAD_REQUEST, COSTS_TOO_MUCH)),
            Outcome::Done | Outcome::ResetBefore | Outcome::ResetAfter => Err(Torn),
        }
    }

    async fn done(&self, desk: &Desk, parts: &Parts, wanted: Wanted) -> Answer {
        let holds = &self.played.scenario().content;
        let list = |page: Page, total, entry: fn(usize) -> Value| {
            let answer = desk.json(StatusCode::OK, &content::list(page, total, entry));
            let next = page.next(usize::try_from(total).unwrap_or(usize::MAX));
            desk.with_next(
                answer,
                next.map(|query| format!("http://{}{}?{query}", host(parts), parts.uri.path())),
            )
        };
        match wanted {
            Wanted::Rooms(page) => list(page, holds.rooms, content::room),
            Wanted::Messages(page) => list(page, holds.messages, content::message),
            Wanted::Person(id) => match content::person(&id, holds.people) {
                Some(person) => desk.json(StatusCode::OK, &person),
                None => desk.error(StatusCode::NOT_FOUND, "There is no such person."),
            },
            Wanted::Post { message, .. } => desk.json(StatusCode::OK, &message),
            Wanted::Echo(mut arriving) => match arriving.read_whole().await {
                Ok(()) => desk.json(StatusCode::OK, &arriving.told(parts)),
                Err(broken) => {
                    self.played.stray();
                    let (status, said) = broken.said();
                    desk.error(status, &said)
                }
            },
        }
    }
}

const COSTS_TOO_MUCH: &str = "The call costs more than its limit can ever hold: no waiting helps.";

/// The host that the client named: links must lead it back the way it came.
fn host(parts: &Parts) -> &str {
    let named = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    parts.uri.authority().map(http::uri::Authority::as_str).or(named).unwrap_or_default()
}

/// The client's tracking ID if it sent one that may be kept, else a new one.
fn tracking(headers: &http::HeaderMap) -> TrackingId {
    let sent = headers.get(TRACKINGID).and_then(|id| TrackingId::read(id.as_bytes()));
    sent.unwrap_or_else(|| TrackingId::from_draw(u128::from(world::draw()) << 64 | u128::from(world::draw())))
}
