//! Who is in the penalty box, and letting somebody out. Never here: who gets in.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use tidegate::penalty::{PenaltyBox, Seen};
use tidegate_core::Time;
use tidegate_wire::retry_after;

use crate::office::reply::Refused;

/// How many callers are shown unless told otherwise, and at most.
const USUAL: usize = 20;
const MOST: usize = 1000;

/// The worst callers: `most` of them as the query says.
///
/// # Errors
/// When the query isn't understood.
pub(super) fn worst(penalty: &PenaltyBox, query: Option<&str>, now: Time) -> Result<Value, Refused> {
    let most = match query.unwrap_or_default() {
        "" => Some(USUAL),
        query => query.strip_prefix("most=").and_then(|most| most.parse().ok()),
    };
    let most = most.filter(|most| (1..=MOST).contains(most)).ok_or_else(|| {
        let hint = format!("ask for /penalties?most=N, N from 1 to {MOST}");
        Refused::new(StatusCode::BAD_REQUEST, "the query isn't understood", hint)
    })?;
    let callers: Vec<Value> = penalty.worst(now, most).iter().map(|seen| of(seen, now)).collect();
    Ok(json!({ "callers": callers }))
}

/// The caller that a body names by its hash; `None` if it names none.
///
/// # Errors
/// When it isn't JSON, or the hash isn't one.
pub(super) fn caller(body: &[u8]) -> Result<Option<u64>, Refused> {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let Some(named) = body.as_ref().and_then(|body| body.get("caller")) else { return Ok(None) };
    let hash = named.as_str().and_then(|hash| u64::from_str_radix(hash, 16).ok());
    hash.map(Some).ok_or_else(|| {
        let hint = "name one as /penalties does: {\"caller\": \"0123456789abcdef\"}";
        Refused::new(StatusCode::BAD_REQUEST, "the caller isn't a hash", hint)
    })
}

/// Lets a caller in again; what was known of it.
pub(super) fn forgive(penalty: &PenaltyBox, caller: u64, now: Time) -> Value {
    let before = penalty.seen(now, caller);
    penalty.forgive(caller);
    json!({ "forgiven": hash(caller), "was": before.map(|seen| of(&seen, now)) })
}

/// A caller, as operators see it.
pub(super) fn of(seen: &Seen, now: Time) -> Value {
    let seconds = |until: Option<Time>| until.map(|until| whole_seconds(until.since(now)));
    json!({
        "caller": hash(seen.caller),
        "strikes": seen.strikes,
        "shut_for_s": seconds(seen.shut_until),
        "told_to_wait_s": seconds(seen.told_until),
    })
}

/// A caller's keyed hash. It says nothing to anybody but this process.
pub(super) fn hash(caller: u64) -> String {
    format!("{caller:016x}")
}

/// As a wait is told.
fn whole_seconds(span: Duration) -> u64 {
    retry_after::write(span)
}
