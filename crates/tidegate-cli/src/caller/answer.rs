//! One answer: its status, its tracking ID, its body within a cap. Never here: which call comes next.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::BodyExt;
use reqwest::Url;
use serde_json::Value;
use tidegate::client::{HandedBack, Peeked};
use tidegate::world;
use tidegate_wire::tracking::{TRACKINGID, TrackingId};

use super::client::Took;
use super::fault;
use super::text::printable;
use super::units::spoken_size;
use crate::exit::{Exit, Failure};

/// How much of an error's body is read for its message, and for how long.
const MESSAGE_BYTES: u64 = 16 << 10;
const MESSAGE_TIME: Duration = Duration::from_secs(5);

/// An answer whose body is still to be read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// From the last sending to the answer's header.
    pub(crate) took: Duration,
    pub(crate) body: Peeked<reqwest::Body>,
    /// Why it wasn't waited for, if it is a refusal.
    pub(crate) handed_back: Option<HandedBack>,
    /// How long nothing may come, for the error that says so.
    pub(crate) timeout: Duration,
    pub(crate) read: u64,
}

impl Answer {
    /// The answer that came from `url`.
    pub(crate) fn new(answer: Response<Peeked<reqwest::Body>>, url: Url, timeout: Duration) -> Answer {
        let (parts, body) = answer.into_parts();
        Answer {
            url,
            status: parts.status,
            took: parts.extensions.get().map_or(Duration::ZERO, |&Took(took)| took),
            handed_back: parts.extensions.get().copied(),
            headers: parts.headers,
            body,
            timeout,
            read: 0,
        }
    }

    /// The answer's tracking ID, if it has a well-formed one.
    pub(crate) fn tracking(&self) -> Option<TrackingId> {
        self.headers.get(TRACKINGID).and_then(|value| TrackingId::read(value.as_bytes()))
    }

    /// Where a redirect points to, as written.
    pub(crate) fn location(&self) -> Option<&str> {
        let redirects = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        self.headers.get(header::LOCATION).filter(|_| redirects)?.to_str().ok()
    }

    /// The next part of the body, `None` at its end. An error once the parts are more than `most` bytes together.
    pub(crate) async fn part(&mut self, most: Option<u64>) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(fault::of_transport(&error, &self.url, self.timeout)),
                Some(Ok(frame)) => frame,
            };
            let Ok(part) = frame.into_data() else { continue };
            self.read += part.len() as u64;
            return match most {
                Some(most) if self.read > most => Err(self.too_large(most)),
                _ => Ok(Some(part)),
            };
        }
    }

    /// The whole body.
    pub(crate) async fn whole(&mut self, most: u64) -> Result<Bytes, Failure> {
        let mut whole = BytesMut::new();
        while let Some(part) = self.part(Some(most)).await? {
            whole.extend_from_slice(&part);
        }
        Ok(whole.freeze())
    }

    fn too_large(&self, most: u64) -> Failure {
        let most = spoken_size(most);
        Failure::new(Exit::Failed, format!("the body from {} is larger than {most}", self.url))
            .hint("--max-body sets how large it may be")
    }

    /// What to tell of an answer that is no success.
    pub(crate) async fn failure(mut self, method: &Method) -> Failure {
        let mut told = format!("{method} {} answered {}", self.url, self.status.as_str());
        if let Some(reason) = self.status.canonical_reason() {
            told.push_str(&format!(" {reason}"));
        }
        if let Some(tracking) = self.tracking() {
            told.push_str(&format!(", tracking ID {tracking}"));
        }
        let hint = self.hint();
        if let Some(message) = self.message().await {
            told.push_str(&format!(": {message}"));
        }
        let failure = Failure::new(Exit::Failed, told);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// Whether what was asked for is in it.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success() && self.handed_back.is_none()
    }

    fn hint(&self) -> Option<String> {
        if let Some(why) = self.handed_back {
            return Some(advice(why).into());
        }
        match self.status.as_u16() {
            301..=303 | 307 | 308 => Some(match self.location() {
                Some(to) => format!("it redirects to {}; -L follows", printable(to, 200)),
                None => "it redirects without saying where to: look up where this is to be found now".into(),
            }),
            401 => Some(
                "put a valid token into TIDEGATE_TOKEN, or name its place: --token-env, --token-file".into(),
            ),
            _ => None,
        }
    }

    /// What the body says is wrong, in few words.
    async fn message(&mut self) -> Option<String> {
        let enough = world::now().later(MESSAGE_TIME);
        let mut start = BytesMut::new();
        loop {
            let part = tokio::select! {
                part = self.part(Some(MESSAGE_BYTES)) => part,
                () = world::sleep_until(enough) => break,
            };
            match part {
                Ok(Some(part)) => start.extend_from_slice(&part),
                Ok(None) | Err(_) => break,
            }
        }
        let text = match serde_json::from_slice::<Value>(&start) {
            Ok(json) => said(&json).unwrap_or_else(|| json.to_string()),
            Err(_) => String::from_utf8_lossy(&start).into_owned(),
        };
        let text = printable(text.trim(), 200);
        (!text.is_empty()).then_some(text)
    }
}

/// What to do about a refusal that wasn't waited for.
fn advice(why: HandedBack) -> &'static str {
    match why {
        HandedBack::NoWaitHelps => "waiting doesn't help: somebody has to act, such as by raising the limit",
        HandedBack::SentOnce => {
            "the request's body is too large to be kept for a second sending: send it again later"
        }
        _ => "the upstream can't serve it now and doesn't say for how long: send it again later",
    }
}

/// The sentence in a JSON error: problem+json's, or one of the names that providers use.
fn said(json: &Value) -> Option<String> {
    let named =
        ["detail", "message", "error_description", "title", "error"].iter().filter_map(|name| json.get(name));
    named.filter_map(|value| value.as_str().map(str::to_owned).or_else(|| said(value))).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_in_an_error_is_found() {
        let rows = [
            (r#"{"message": "no such room", "errors": []}"#, Some("no such room")),
            (r#"{"title": "Not found", "detail": "no room 7"}"#, Some("no room 7")),
            (r#"{"error": {"code": 3, "message": "bad"}}"#, Some("bad")),
            (r#"{"error": "invalid_token", "error_description": "expired"}"#, Some("expired")),
            ("[1]", None),
            (r#"{"code": 3}"#, None),
        ];
        for (json, sentence) in rows {
            assert_eq!(said(&serde_json::from_str(json).unwrap()).as_deref(), sentence, "{json}");
        }
    }
}
