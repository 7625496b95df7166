//! A request told back: what arrived of it, to the last byte, without keeping it. Never here: whether it may come.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, EXPECT, PROXY_AUTHORIZATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use ring::digest::{Context, SHA256};
use serde::Serialize;
use tidegate_sim::scenario::Verdict;

/// How long a client may be silent while it sends.
const SILENCE: Duration = Duration::from_secs(30);

/// What is told in place of a secret.
const HIDDEN: &str = "hidden";

/// Fields whose values are for the API alone.
const SECRET: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// A request as it arrived.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    method: String,
    target: String,
    /// By name; several of one name are joined by commas.
    fields: BTreeMap<String, String>,
    bytes: u64,
    /// Of the body, in lower-case hexadecimal digits.
    sha256: String,
}

/// Why a body never came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Off,
    Silent,
}

impl Broken {
    /// What the client is answered, if it still listens.
    pub(super) fn said(self) -> (StatusCode, String) {
        match self {
            Broken::Off => (StatusCode::BAD_REQUEST, "The body broke off.".to_owned()),
            Broken::Silent => {
                (StatusCode::REQUEST_TIMEOUT, format!("The body stood still for {} s.", SILENCE.as_secs()))
            }
        }
    }
}

/// A body of any length on its way in. Only its hash is kept.
pub(super) struct Arriving {
    body: Incoming,
    /// Its whole length, if its head told it.
    length: Option<u64>,
    bytes: u64,
    hash: Context,
}

impl Arriving {
    pub(super) fn new(body: Incoming) -> Arriving {
        let length = body.size_hint().exact();
        Arriving { body, length, bytes: 0, hash: Context::new(&SHA256) }
    }

    /// Reads as much as is to have come when the verdict falls.
    pub(super) async fn read_until(&mut self, verdict: Verdict) -> Result<(), Broken> {
        match verdict {
            Verdict::AtOnce => Ok(()),
            Verdict::Midway => {
                let half = self.length.map_or(1, |length| length / 2);
                while self.bytes < half && self.read_some().await? {}
                Ok(())
            }
            Verdict::AtTheEnd => self.read_whole().await,
        }
    }

    pub(super) async fn read_whole(&mut self) -> Result<(), Broken> {
        while self.read_some().await? {}
        Ok(())
    }

    /// Whether there was more.
    async fn read_some(&mut self) -> Result<bool, Broken> {
        let frame = tokio::time::timeout(SILENCE, self.body.frame()).await.map_err(|_| Broken::Silent)?;
        let Some(frame) = frame else { return Ok(false) };
        let frame = frame.map_err(|_| Broken::Off)?;
        if let Some(data) = frame.data_ref() {
            self.bytes += data.len() as u64;
            self.hash.update(data);
        }
        Ok(true)
    }

    /// Reads on beside the refusal that is being answered: a connection that is closed on a client while it sends
    /// may lose it the answer. Who asked before sending sends nothing, and is not waited for.
    pub(super) fn discard(mut self, fields: &HeaderMap) {
        if !fields.contains_key(EXPECT) {
            tokio::spawn(async move { self.read_whole().await });
        }
    }

    /// What arrived; told when all has.
    pub(super) fn told(self, parts: &Parts) -> Told {
        let mut fields = BTreeMap::<String, String>::new();
        for (name, value) in &parts.headers {
            let value =
                if SECRET.contains(name) { HIDDEN.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            fields
                .entry(name.to_string())
                .and_modify(|all| *all += &format!(", {value}"))
                .or_insert(value.into());
        }
        Told {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            fields,
            bytes: self.bytes,
            sha256: self.hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}
