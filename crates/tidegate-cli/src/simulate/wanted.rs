//! What a request to the API wants, read as far as it can be read. Never here: whether it gets it.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::request::Parts;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;
use tidegate_sim::scenario::Verdict;

use super::content;
use super::echo::{Arriving, Broken};
use super::page::{self, Page};
use super::played::Marks;
use super::routes::Endpoint;

/// How large a body may be, in bytes.
const MOST_BODY: usize = 1024 * 1024;

/// How much of a longer body is read and thrown away before its connection is closed, in bytes.
const MOST_DISCARDED: usize = 16 * MOST_BODY;

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A call as it is understood, before the fleet has judged it.
pub(super) enum Wanted {
    Rooms(Page),
    Messages(Page),
    Person(String),
    /// A message, and its ID if it has one: equal texts may well be two messages.
    Post {
        message: Value,
        id: Option<String>,
    },
    /// Anything, to be told back.
    Echo(Box<Arriving>),
}

impl Wanted {
    /// By what the fleet knows it again.
    pub(super) fn marks(&self, parts: &Parts) -> Marks {
        let key = parts.headers.get("idempotency-key").map(|key| hash(key.as_bytes()));
        let item = match self {
            Wanted::Post { id: Some(id), .. } => Some(hash(id)),
            Wanted::Post { id: None, .. } => key.map(|key| hash(("key", key))),
            Wanted::Echo(_) => Some(hash((parts.method.as_str(), asked(parts)))),
            _ => Some(hash(asked(parts))),
        };
        Marks { item, key }
    }
}

fn asked(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |asked| asked.as_str())
}

/// Reads a request; what is wrong with it is said with the status that it deserves.
pub(super) async fn read(
    endpoint: &Endpoint,
    parts: &Parts,
    body: Incoming,
    verdict: Verdict,
) -> Result<Wanted, (StatusCode, String)> {
    let query = parts.uri.query().unwrap_or_default();
    let page = |sizes| Page::read(query, sizes).map_err(|said| (StatusCode::BAD_REQUEST, said));
    match endpoint {
        Endpoint::ListRooms => Ok(Wanted::Rooms(page(content::ROOM_SIZES)?)),
        Endpoint::ListMessages => Ok(Wanted::Messages(page(content::MESSAGE_SIZES)?)),
        Endpoint::Person(id) => Ok(Wanted::Person(id.clone())),
        Endpoint::PostMessage => {
            let body = read_body(body).await?;
            let (message, id) = content::posted(&body, page::value(query, "id"))
                .ok_or_else(|| (StatusCode::BAD_REQUEST, "The body must be one JSON object.".to_owned()))?;
            Ok(Wanted::Post { message, id })
        }
        Endpoint::Echo => {
            let mut arriving = Arriving::new(body);
            arriving.read_until(verdict).await.map_err(Broken::said)?;
            Ok(Wanted::Echo(Box::new(arriving)))
        }
    }
}

async fn read_body(body: Incoming) -> Result<Bytes, (StatusCode, String)> {
    let late = (StatusCode::REQUEST_TIMEOUT, "The body did not end within 30 s.".to_owned());
    tokio::time::timeout(BODY_TIMEOUT, read_whole(body)).await.unwrap_or(Err(late))
}

/// Reads a body to its end even if it is too long: a client that is still sending may not read the answer.
async fn read_whole(mut body: Incoming) -> Result<Bytes, (StatusCode, String)> {
    let (mut read, mut whole) = (0, BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| (StatusCode::BAD_REQUEST, "The body broke off.".to_owned()))?;
        let Some(data) = frame.data_ref() else { continue };
        read += data.len();
        if read <= MOST_BODY {
            whole.extend_from_slice(data);
        } else if read > MOST_DISCARDED {
            break;
        }
    }
    if read > MOST_BODY {
        return Err((
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is too long: at most {MOST_BODY} bytes."),
        ));
    }
    Ok(whole.freeze())
}

/// The same number for the same thing, in every run.
fn hash(thing: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}
