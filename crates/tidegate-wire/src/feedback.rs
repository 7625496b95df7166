//! What an answer says about the limit behind it, by the rules of a dialect. Never here: what to do about it.
//!
//! Where an answer contradicts itself, this is the order:
//!
//! 1. **What it means** is said by the first rule of the dialect that fits: its status, and where a status means
//!    several things, its fields or its body. That units are left doesn't unmake a refusal.
//! 2. **How long to wait** is said by `Retry-After` and the dialect's own spellings of it; of those that disagree,
//!    by the longest. Then by the reset of a limit with nothing left, by what the rule knows about this kind of
//!    refusal, and by the reset of the limit that counts.
//! 3. **Which limit counts** is said by the answer if it names one; in a refusal it is one with nothing left;
//!    else it is the tightest on requests.

mod answer;
mod label;
mod message;
mod named;
mod names;
mod origin;
mod seen;
mod wait;

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use tidegate_core::{Feedback, Time, Verdict};

use crate::dialect::{Condition, Dialect, Meaning, Rule};
use answer::Answer;
pub use named::{Named, named};
pub use origin::Origin;
use origin::Told;
use seen::Seen;

/// What an answer says, and where it says so.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// The same in the engine's words. Its numbers are of requests; where others run out, it says only that
    /// nothing is left.
    pub feedback: Feedback,
    /// Whether the answer says that a limit is reached: this call was refused for it, or the next ones are.
    pub limited: bool,
    /// Whether no waiting lifts the limit, so that the answer is final until a human acts.
    pub terminal: bool,
    /// How long not to call again in the same scope, counted from the answer's arrival: the wait of a refusal,
    /// or a hint on an answer that passed.
    pub wait: Option<Duration>,
    /// How many units a whole window allows, of the limit that counts, whatever its units are.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// How long its window is.
    pub window: Option<Duration>,
    /// In how long it starts anew.
    pub reset: Option<Duration>,
    /// The used share of the limit, 1 being all of it, where that is what is told.
    pub used_ratio: Option<f64>,
    /// What the limit counts by, as the dialect or the answer names it.
    pub scope: Option<String>,
    /// The name of the bucket that the call was counted in, where the provider gives one: calls with one token whose
    /// answers name the same are counted together. Unlike the scope, it is the same in answers that pass.
    pub bucket: Option<String>,
    /// What the body says in words, if it is a refusal or has a status of 400 or more.
    pub message: Option<String>,
    /// Where each of them was read.
    pub origins: Origins,
}

/// Where each part of a [`Reading`] was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origins {
    /// Where it is said that a limit is reached.
    pub limited: Option<Origin>,
    /// Where the wait is from.
    pub wait: Option<Origin>,
    /// Where the remaining units are from.
    pub remaining: Option<Origin>,
    /// Where the window's units are from.
    pub limit: Option<Origin>,
    /// Where the window's length is from.
    pub window: Option<Origin>,
    /// Where the time to the window's end is from.
    pub reset: Option<Origin>,
    /// Where the used share is from.
    pub used_ratio: Option<Origin>,
    /// Where the scope is from.
    pub scope: Option<Origin>,
}

/// Reads an answer by the rules of a dialect.
///
/// `body` is the answer's body as far as it is known; [`Dialect::needs_body`] says when it decides something. One
/// that is longer than 64 KiB isn't looked at. `now` is the time since the Unix epoch; only dates and stamps need
/// it.
pub fn read(
    dialect: &Dialect,
    status: StatusCode,
    headers: &HeaderMap,
    body: Option<&[u8]>,
    now: Time,
) -> Reading {
    let answer = Answer::new(status, headers, body, now);
    let rule = dialect.rules.iter().find(|rule| fits(rule, &answer));
    let told = wait::told(&answer, &dialect.waits);
    let meaning = match rule.map_or(Meaning::Passed, |rule| rule.meaning) {
        // A wait that can't be read is none, and yet was meant: nothing was done here either.
        Meaning::UnavailableIfTold if told.is_some() || answer.has_field(&RETRY_AFTER) => {
            Meaning::Unavailable
        }
        Meaning::UnavailableIfTold => Meaning::Passed,
        meaning => meaning,
    };
    let seen = seen::all(&answer, dialect);

    let mut violated = answer.problem().map(|problem| problem.violated_policies).unwrap_or_default();
    // The rule may name the limit that refused; the answer's own word comes first.
    let named = rule.and_then(|rule| label::render(rule.scope.as_ref()?, &answer, None, &violated));
    violated.extend(named.as_ref().map(|name| name.value.clone()).filter(|_| violated.is_empty()));
    let lead = seen::lead(&seen, &violated, is_refusal(meaning));

    let wait = effective_wait(meaning, rule, told, &seen, lead);
    let wait = wait.map(|wait| Told { value: floored(wait.value, dialect, meaning), ..wait });
    let scope = named.or_else(|| label::render(&dialect.scope, &answer, lead, &violated));
    let mut reading = Reading::default();
    announce(&mut reading, lead);
    judge(&mut reading, meaning, rule, wait);
    reading.feedback.scope = rule.and_then(|rule| rule.reach).unwrap_or(dialect.reach);
    (reading.scope, reading.origins.scope) = Told::split(scope);
    reading.bucket = label::bucket(dialect, &answer);
    if is_refusal(meaning) || status.as_u16() >= 400 {
        reading.message = message::read(&answer);
    }
    reading
}

/// The first rule that fits as far as status and fields go: what it asks of the body may hold.
pub(crate) fn first_that_may_fit<'d>(
    dialect: &'d Dialect,
    status: StatusCode,
    headers: &HeaderMap,
) -> Option<&'d Rule> {
    // No condition asks for the time.
    let answer = Answer::new(status, headers, None, Time::ZERO);
    let may_hold = |condition: &Condition| condition.source.is_in_body() || answer.meets(condition);
    dialect.rules.iter().find(|rule| rule.statuses.has(status) && rule.when.iter().all(may_hold))
}

fn fits(rule: &Rule, answer: &Answer<'_>) -> bool {
    rule.statuses.has(answer.status) && rule.when.iter().all(|condition| answer.meets(condition))
}

fn is_refusal(meaning: Meaning) -> bool {
    !matches!(meaning, Meaning::Hint | Meaning::Passed)
}

/// The wait, by the written order.
fn effective_wait(
    meaning: Meaning,
    rule: Option<&Rule>,
    told: Option<Told<Duration>>,
    seen: &[Seen],
    lead: Option<&Seen>,
) -> Option<Told<Duration>> {
    let exhausted = || seen::exhausted(seen);
    let known = || Some(Told::new(rule?.wait?, Origin::Dialect));
    match meaning {
        Meaning::Limited | Meaning::LimitedAfter => told
            .or_else(exhausted)
            .or_else(|| lead?.restored.clone())
            .or_else(known)
            .or_else(|| lead?.reset.clone()),
        Meaning::Unavailable | Meaning::UnavailableIfTold => told.or_else(known).or_else(exhausted),
        Meaning::Hint => told.filter(|told| told.origin == Origin::Field(RETRY_AFTER)).or_else(exhausted),
        Meaning::Passed => exhausted(),
        Meaning::Terminal => None,
    }
}

fn floored(wait: Duration, dialect: &Dialect, meaning: Meaning) -> Duration {
    if is_refusal(meaning) { wait.max(dialect.floor) } else { wait }
}

/// Adds the verdict.
fn judge(reading: &mut Reading, meaning: Meaning, rule: Option<&Rule>, wait: Option<Told<Duration>>) {
    (reading.wait, reading.origins.wait) = Told::split(wait);
    let wait = reading.wait;
    reading.feedback.verdict = match meaning {
        Meaning::Limited => Verdict::Limited { wait },
        Meaning::Unavailable => Verdict::Unavailable { wait },
        _ => Verdict::Passed,
    };
    reading.terminal = meaning == Meaning::Terminal;
    reading.limited = matches!(meaning, Meaning::Limited | Meaning::LimitedAfter | Meaning::Terminal);
    if reading.limited {
        let condition = rule.and_then(Rule::witness);
        reading.origins.limited =
            Some(condition.map_or(Origin::Status, |condition| answer::origin(&condition.source)));
    }
}

/// Adds the numbers of the limit that counts.
fn announce(reading: &mut Reading, lead: Option<&Seen>) {
    let Some(lead) = lead else { return };
    let Reading { feedback, origins, .. } = reading;
    (reading.limit, origins.limit) = Told::split(lead.limit.clone());
    (reading.remaining, origins.remaining) = Told::split(lead.remaining.clone());
    (reading.window, origins.window) = Told::split(lead.window.clone());
    (reading.reset, origins.reset) = Told::split(lead.reset.clone());
    (reading.used_ratio, origins.used_ratio) = Told::split(lead.share.clone());
    if !lead.counts_otherwise {
        feedback.limit = reading.limit;
        feedback.window = reading.window;
    }
    if !lead.counts_otherwise || lead.is_exhausted() {
        feedback.remaining = reading.remaining;
        feedback.reset = reading.reset;
    }
}
