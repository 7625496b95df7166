//! A request that an operator asks about: what would become of it, what is left to its caller. Never here: a second
//! way to decide.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tidegate::classify::{self, Mode, Verdict};
use tidegate::limiter::{Explained, Foreseen};
use tidegate::path::{Fault, Host, Target};
use tidegate_core::{Decision, Time};
use tidegate_wire::retry_after;

use super::penalties;
use crate::gateway::gate::Gate;
use crate::gateway::walk;
use crate::office::reply::Refused;
use crate::toml_file::hint;

/// An address of the documentation (RFC 5737): nobody's.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The host of a request that names none.
const NO_HOST: HeaderValue = HeaderValue::from_static("localhost");

/// What a body looks like.
const FORM: &str = "send {\"method\": \"GET\", \"target\": \"/v1/rooms?max=5\", \"headers\": {\"Authorization\": \
                    \"Bearer …\"}, \"client\": \"192.0.2.7\", \"limit\": \"rooms\"}; only `target` is needed";

/// A request as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    method: Option<String>,
    target: String,
    #[serde(default)]
    headers: BTreeMap<String, Values>,
    #[serde(default)]
    client: Option<IpAddr>,
    #[serde(default)]
    limit: Option<String>,
}

/// A field's value, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

/// A request as the gateway would see it.
pub(super) struct Asked {
    method: Method,
    target: Uri,
    headers: HeaderMap,
    /// The client, found as for any call: behind trusted proxies.
    client: IpAddr,
    caller: u64,
    /// Only this limit is asked about.
    limit: Option<String>,
}

impl Asked {
    /// Reads what an operator sent. What is said of it when it can't be read repeats nothing of it.
    ///
    /// # Errors
    /// When it is no request.
    pub(super) fn read(body: &[u8], gate: &Gate) -> Result<Asked, Refused> {
        let written: Written = serde_json::from_slice(body).map_err(|error| {
            bad(format!("the body isn't understood at line {}, column {}", error.line(), error.column()))
        })?;
        if let Some(limit) = &written.limit {
            check_limit(limit, gate)?;
        }
        let method = written.method.as_deref().unwrap_or("GET");
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| bad("`method` is none"))?;
        let target = Uri::try_from(written.target).map_err(|_| bad("`target` is none"))?;
        let mut headers = headers(written.headers)?;
        if target.authority().is_none() && !headers.contains_key(HOST) {
            headers.insert(HOST, NO_HOST);
        }
        let terms = gate.terms();
        let peer = written.client.unwrap_or(NOBODY);
        walk::clean(&mut headers, &terms.gateway, peer);
        let client = terms.gateway.trust.client(peer, &headers).address;
        let caller = terms.caller.of(&headers, client, gate.limiter.secret()).to_bits();
        Ok(Asked { method, target, headers, client, caller, limit: written.limit })
    }

    /// Who calls, for the penalty box and under overload.
    pub(super) fn caller(&self) -> u64 {
        self.caller
    }

    /// What would become of it, and why; spends nothing.
    pub(super) async fn explain(&self, gate: &Gate, now: Time) -> Result<Value, Refused> {
        let explained = match self.explained(gate, now).await {
            Ok(explained) => explained,
            Err(fault) => {
                return Ok(json!({
                    "outcome": "refused",
                    "status": fault.status().as_u16(),
                    "message": fault.to_string(),
                }));
            }
        };
        let mut told = self.outcome(&explained, gate, now);
        let foreseen = |name: &str| explained.foreseen.iter().find(|foreseen| foreseen.limit == name);
        let wanted = |name: &str| self.limit.as_deref().is_none_or(|limit| limit == name);
        let lines = explained.explanation.lines.iter().filter(|line| wanted(&line.name)).map(|line| {
            let mut told = foreseen(&line.name).map_or_else(Map::new, |foreseen| state_of(foreseen, now));
            told.insert("name".to_owned(), json!(line.name));
            told.insert("falls".to_owned(), json!(!matches!(line.verdict, Verdict::PassedOver(_))));
            told.insert("words".to_owned(), json!(line.words));
            Value::Object(told)
        });
        told.insert("limits".to_owned(), lines.collect());
        Ok(Value::Object(told))
    }

    /// What is left to its caller under the limits that it falls under.
    pub(super) async fn peek(&self, gate: &Gate, now: Time) -> Result<Value, Refused> {
        let explained = self.explained(gate, now).await.map_err(|fault| bad(fault.to_string()))?;
        let wanted = |foreseen: &&Foreseen| self.limit.as_ref().is_none_or(|limit| *limit == foreseen.limit);
        let limits: Vec<Value> =
            explained.foreseen.iter().filter(wanted).map(|foreseen| state_of(foreseen, now).into()).collect();
        Ok(json!({ "caller": self.caller_of(gate, now), "limits": limits }))
    }

    /// Forgets what its caller used.
    pub(super) async fn reset(&self, gate: &Gate) -> Result<Value, Refused> {
        let rules = gate.limiter.rules();
        let target = Target::of_uri(&self.target, rules.paths()).map_err(|fault| bad(fault.to_string()))?;
        let host = self.host(&target).map_err(|fault| bad(fault.to_string()))?;
        let reset = gate.limiter.reset(&self.request(&target, &host), self.limit.as_deref()).await;
        match reset {
            Ok(names) => Ok(json!({ "reset": names })),
            Err(never) => match never {},
        }
    }

    async fn explained(&self, gate: &Gate, now: Time) -> Result<Explained, Fault> {
        let rules = gate.limiter.rules();
        let target = Target::of_uri(&self.target, rules.paths())?;
        let host = self.host(&target)?;
        match gate.limiter.explain(now, &self.request(&target, &host)).await {
            Ok(explained) => Ok(explained),
            Err(never) => match never {},
        }
    }

    fn host<'a>(&'a self, target: &Target<'a>) -> Result<Host<'a>, Fault> {
        Host::of(target.authority(), &self.headers)
    }

    fn request<'a>(&'a self, target: &'a Target<'a>, host: &'a Host<'a>) -> classify::Request<'a> {
        classify::Request { method: &self.method, target, host, headers: &self.headers, client: self.client }
    }

    /// Whether it would go: all limits that refuse must let it.
    fn outcome(&self, explained: &Explained, gate: &Gate, now: Time) -> Map<String, Value> {
        let refuses = |foreseen: &&Foreseen| foreseen.mode == Mode::Enforce && !foreseen.passes();
        let by: Vec<&str> =
            explained.foreseen.iter().filter(refuses).map(|foreseen| foreseen.limit.as_str()).collect();
        let lacking = explained.explanation.outcome.as_ref().err();
        let outcome = if lacking.is_none() && by.is_empty() { "admitted" } else { "refused" };
        let mut told = Map::new();
        told.insert("outcome".to_owned(), json!(outcome));
        if let Some(lacking) = lacking {
            told.insert("status".to_owned(), json!(lacking.status().as_u16()));
            told.insert("message".to_owned(), json!(lacking.to_string()));
        }
        if !by.is_empty() {
            told.insert("refused_by".to_owned(), json!(by));
        }
        told.insert("class".to_owned(), json!(explained.class().map(|class| class.to_string())));
        told.insert("client".to_owned(), json!(self.client));
        told.insert("caller".to_owned(), self.caller_of(gate, now));
        told
    }

    /// Who calls, and its conduct.
    fn caller_of(&self, gate: &Gate, now: Time) -> Value {
        match gate.penalty.seen(now, self.caller) {
            Some(seen) => penalties::of(&seen, now),
            None => json!({ "caller": penalties::hash(self.caller) }),
        }
    }
}

/// How things stand for a request under one limit.
fn state_of(foreseen: &Foreseen, now: Time) -> Map<String, Value> {
    let (remaining, wait) = match foreseen.decision {
        Some(Decision::Admit { remaining, .. }) => (Some(remaining), None),
        Some(Decision::Deny { retry_at }) => (None, Some(retry_after::write(retry_at.since(now)))),
        Some(Decision::Never) | None => (None, None),
    };
    let state = json!({
        "name": foreseen.limit,
        "mode": mode(foreseen.mode),
        "passes": foreseen.passes(),
        "cost": foreseen.charge.cost,
        "quota": foreseen.quota.map(|quota| quota.to_string()),
        "remaining_after": remaining,
        "retry_after_s": wait,
        "at_once": foreseen.at_once.map(|(inside, most)| json!({ "in_flight": inside, "most": most })),
        "now": foreseen.to_string(),
    });
    match state {
        Value::Object(state) => state.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}

/// As policies have it.
pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Shadow => "shadow",
    }
}

/// A slip in the name of a limit mustn't look like a limit that doesn't fall.
fn check_limit(limit: &str, gate: &Gate) -> Result<(), Refused> {
    let rules = gate.limiter.rules();
    let names: Vec<&str> = rules.tallies().map(|(name, _)| name).collect();
    if names.contains(&limit) {
        return Ok(());
    }
    let hint = hint::among(limit, names);
    Err(Refused::new(StatusCode::BAD_REQUEST, "there is no limit of this name", hint))
}

fn headers(written: BTreeMap<String, Values>) -> Result<HeaderMap, Refused> {
    let mut headers = HeaderMap::new();
    for (name, values) in written {
        let name: HeaderName = name.parse().map_err(|_| bad("a name in `headers` is none"))?;
        let values = match values {
            Values::One(value) => vec![value],
            Values::Several(values) => values,
        };
        for value in values {
            let value = HeaderValue::from_str(value.trim())
                .map_err(|_| bad("a value in `headers` has a control character"))?;
            headers.append(&name, value);
        }
    }
    Ok(headers)
}

fn bad(error: impl Into<String>) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, error, FORM)
}
