//! What an answer says about the limit behind it, by the rules of a dialect. Never here: what to do about it.
//!
//! Where an answer contradicts itself, the order is: the status and `Retry-After`, then the `RateLimit` fields.
//! Of several limits the tightest counts, and of several waits the longest.

mod announced;

use std::time::Duration;

use http::header::{AGE, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use tidegate_core::{Feedback, Scope, Time, Verdict};

use crate::dialect::{Dialect, Meaning, ScopeLabel};
use crate::octets::{Count, digits, trim};
use crate::problem::{self, Problem};
use crate::ratelimit::Limit;
use crate::retry_after;
use announced::Announced;

/// What an answer says, and where it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The same in the engine's words.
    pub feedback: Feedback,
    /// How long not to call again in the same scope, counted from the answer's arrival: the wait of a refusal,
    /// or a hint on an answer that passed.
    pub wait: Option<Duration>,
    /// What the limit counts by, as the dialect or the answer names it.
    pub scope: Option<String>,
    /// Where each of them was read.
    pub origins: Origins,
}

/// Where each part of a [`Reading`] was read: the name of a field in lower case, `body`, or `dialect` if the
/// answer itself is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origins {
    /// Where the wait is from.
    pub wait: Option<&'static str>,
    /// Where the remaining units are from.
    pub remaining: Option<&'static str>,
    /// Where the window's units are from.
    pub limit: Option<&'static str>,
    /// Where the window's length is from.
    pub window: Option<&'static str>,
    /// Where the time to the window's end is from.
    pub reset: Option<&'static str>,
    /// Where the scope is from.
    pub scope: Option<&'static str>,
}

const RATELIMIT: &str = "ratelimit";
const RATELIMIT_POLICY: &str = "ratelimit-policy";
const BODY: &str = "body";
const DIALECT: &str = "dialect";

/// A wait and where it was read.
type Told = (Duration, &'static str);

/// Reads an answer by the rules of a dialect.
///
/// `body` is the answer's body as far as it is known; only a problem body is looked at. `now` is the time since
/// the Unix epoch; only dates need it.
pub fn read(
    dialect: &Dialect,
    status: StatusCode,
    headers: &HeaderMap,
    body: Option<&[u8]>,
    now: Time,
) -> Reading {
    let retry_after = retry_after(headers, now);
    let announced = if is_from_cache(headers) { Announced::default() } else { Announced::read(headers) };
    let violated = problem(headers, body).map(|problem| problem.violated_policies).unwrap_or_default();
    let lead = announced.lead(&violated);

    let mut reading = told(dialect, status, retry_after, announced.exhausted_wait(), lead);
    announce(&mut reading, &announced, lead);
    name_scope(&mut reading, dialect, &announced, lead, violated);
    reading
}

/// The verdict and the wait.
fn told(
    dialect: &Dialect,
    status: StatusCode,
    retry_after: Option<Told>,
    exhausted: Option<Duration>,
    lead: Option<&Limit>,
) -> Reading {
    let at_least_floor = |(wait, origin): Told| (wait.max(dialect.floor), origin);
    let exhausted = exhausted.map(|wait| (wait, RATELIMIT));
    let meaning = dialect.meaning(status);
    let told = match meaning {
        Some(Meaning::Limited) => retry_after
            .or(exhausted)
            .or_else(|| Some((Duration::from_secs(lead?.reset_secs?), RATELIMIT)))
            .or_else(|| Some((dialect.default_wait?, DIALECT)))
            .map(at_least_floor),
        Some(Meaning::UnavailableIfTold) => retry_after.map(at_least_floor).or(exhausted),
        Some(Meaning::PassedWithHint) => retry_after.or(exhausted),
        None => exhausted,
    };
    let wait = told.map(|(wait, _)| wait);
    let verdict = match meaning {
        Some(Meaning::Limited) => Verdict::Limited { wait },
        Some(Meaning::UnavailableIfTold) if retry_after.is_some() => Verdict::Unavailable { wait },
        _ => Verdict::Passed,
    };
    Reading {
        feedback: Feedback { verdict, scope: Scope::Resource, ..Feedback::PASSED },
        wait,
        origins: Origins { wait: told.map(|(_, origin)| origin), ..Origins::default() },
        ..Reading::default()
    }
}

/// Adds the numbers of the announced limit that leads.
fn announce(reading: &mut Reading, announced: &Announced, lead: Option<&Limit>) {
    let Reading { feedback, origins, .. } = reading;
    if let Some(limit) = lead {
        feedback.remaining = limit.remaining;
        feedback.reset = limit.reset_secs.map(Duration::from_secs);
        origins.remaining = limit.remaining.map(|_| RATELIMIT);
        origins.reset = limit.reset_secs.map(|_| RATELIMIT);
    }
    if let Some(policy) = announced.policy(lead) {
        feedback.limit = Some(policy.quota);
        feedback.window = policy.window_secs.map(|secs| Duration::from_secs(secs.get()));
        origins.limit = Some(RATELIMIT_POLICY);
        origins.window = policy.window_secs.map(|_| RATELIMIT_POLICY);
    }
}

fn name_scope(
    reading: &mut Reading,
    dialect: &Dialect,
    announced: &Announced,
    lead: Option<&Limit>,
    violated: Vec<String>,
) {
    let named = match dialect.scope {
        ScopeLabel::Fixed(label) => Some((label.to_owned(), DIALECT)),
        ScopeLabel::PolicyName => violated
            .into_iter()
            .next()
            .map(|name| (name, BODY))
            .or_else(|| Some((lead?.name.clone(), RATELIMIT)))
            .or_else(|| Some((announced.policy(lead)?.name.clone(), RATELIMIT_POLICY))),
    };
    if let Some((label, origin)) = named {
        reading.scope = Some(label);
        reading.origins.scope = Some(origin);
    }
}

/// All lines of a field, as bytes.
fn lines(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
}

fn retry_after(headers: &HeaderMap, now: Time) -> Option<Told> {
    let date = headers.get(DATE).map(HeaderValue::as_bytes);
    let told = retry_after::read(lines(headers, RETRY_AFTER), date, now)?;
    Some((told.wait, "retry-after"))
}

/// Whether the answer has spent time in a cache: what it announces is then out of date, and the draft says to
/// ignore it. Its `Retry-After` still stands.
fn is_from_cache(headers: &HeaderMap) -> bool {
    lines(headers, AGE).any(|age| digits(trim(age)).is_some_and(|age| age != Count::Exactly(0)))
}

fn problem(headers: &HeaderMap, body: Option<&[u8]>) -> Option<Problem> {
    let media_type = headers.get(CONTENT_TYPE)?.as_bytes().split(|&byte| byte == b';').next()?;
    let is_problem = trim(media_type).eq_ignore_ascii_case(problem::MEDIA_TYPE.as_bytes());
    if is_problem { problem::read(body?) } else { None }
}
