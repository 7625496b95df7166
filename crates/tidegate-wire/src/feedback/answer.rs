//! An answer as a place to look values up in. Never here: what they mean.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::Duration;

use http::header::{AGE, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tidegate_core::Time;

use super::origin::{Origin, Told};
use crate::dialect::{Condition, Place, Source, Sources};
use crate::octets::{Count, digits, trim};
use crate::problem::{self, MAX_BODY, Problem};
use crate::ratelimit::Reset;
use crate::retry_after;
use crate::value::{self, Clock};

/// An answer and the reader's clock. Its body is parsed only if somebody looks.
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    headers: &'a HeaderMap,
    body: Option<&'a [u8]>,
    json: OnceCell<Option<Value>>,
    clock: Clock,
    now: Time,
}

impl<'a> Answer<'a> {
    /// A body longer than [`MAX_BODY`] isn't looked at.
    pub(super) fn new(
        status: StatusCode,
        headers: &'a HeaderMap,
        body: Option<&'a [u8]>,
        now: Time,
    ) -> Answer<'a> {
        let body = body.filter(|body| body.len() <= MAX_BODY);
        let clock = Clock::new(headers.get(DATE).map(HeaderValue::as_bytes), now);
        Answer { status, headers, body, json: OnceCell::new(), clock, now }
    }

    /// All lines of a field.
    pub(super) fn lines(&self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.headers.get_all(name).into_iter().map(HeaderValue::as_bytes)
    }

    pub(super) fn retry_after(&self) -> Option<Told<Duration>> {
        let date = self.headers.get(DATE).map(HeaderValue::as_bytes);
        let told = retry_after::read(self.lines(&RETRY_AFTER), date, self.now)?;
        Some(Told::new(told.wait, Origin::Field(RETRY_AFTER)))
    }

    /// Whether the answer has spent time in a cache: what it announces is then out of date, and the draft says to
    /// ignore it. Its `Retry-After` still stands.
    pub(super) fn is_from_cache(&self) -> bool {
        self.lines(&AGE).any(|age| digits(trim(age)).is_some_and(|age| age != Count::Exactly(0)))
    }

    pub(super) fn problem(&self) -> Option<Problem> {
        let media_type = self.headers.get(CONTENT_TYPE)?.as_bytes().split(|&byte| byte == b';').next()?;
        let is_problem = trim(media_type).eq_ignore_ascii_case(problem::MEDIA_TYPE.as_bytes());
        if is_problem { problem::read(self.body?) } else { None }
    }

    pub(super) fn text(&self) -> Option<&'a [u8]> {
        self.body
    }

    fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(self.body?).ok()).as_ref()
    }

    /// Visits every value that stands where the source says, and where each was read.
    pub(super) fn visit(&self, source: &Source, mut visit: impl FnMut(&[u8], Origin)) {
        match &source.place {
            Place::Field(name) => {
                self.lines(name).for_each(|line| visit(line, Origin::Field(name.clone())));
            }
            Place::FieldsLike(beginning) => {
                let fields = self.headers.iter().filter(|(name, _)| name.as_str().starts_with(beginning));
                fields.for_each(|(name, value)| visit(value.as_bytes(), Origin::Field(name.clone())));
            }
            Place::Json(pointer) => {
                let Some(json) = self.json() else { return };
                pointer.visit(json, |value| {
                    if let Some(text) = scalar(value) {
                        visit(text.as_bytes(), Origin::Body);
                    }
                });
            }
            Place::Body => self.body.into_iter().for_each(|body| visit(body, Origin::Body)),
            Place::Known(number) => visit(number.to_string().as_bytes(), Origin::Dialect),
        }
    }

    /// The first value of the first source for which `read` finds something.
    pub(super) fn first<T>(
        &self,
        sources: &Sources,
        read: impl Fn(&Source, &[u8]) -> Option<T>,
    ) -> Option<Told<T>> {
        sources.iter().find_map(|source| {
            let mut found = None;
            self.visit(source, |value, origin| {
                if found.is_none() {
                    found = read(source, trim(value)).map(|value| Told::new(value, origin));
                }
            });
            found
        })
    }

    /// The longest wait that stands where the source says. `of` is the limit that a parameter should belong to.
    pub(super) fn wait(&self, source: &Source, of: Option<u64>) -> Option<Told<Duration>> {
        let mut longest: Option<Told<Duration>> = None;
        self.visit(source, |value, origin| {
            let wait = part(source, trim(value), of)
                .and_then(|value| value::wait(value, source.format, self.clock))
                .filter(|wait| longest.as_ref().is_none_or(|known| known.value < *wait));
            if let Some(wait) = wait {
                longest = Some(Told::new(wait, origin));
            }
        });
        longest
    }

    /// How long it is until a limit's reset.
    pub(super) fn until(&self, reset: Reset) -> Duration {
        match reset {
            Reset::After(delay) => delay,
            Reset::At(at) => self.clock.until(at.as_nanos().into()),
        }
    }

    /// Whether a condition holds.
    pub(super) fn meets(&self, condition: &Condition) -> bool {
        let Condition { source, test, .. } = condition;
        let mut passes = false;
        self.visit(source, |value, _| {
            passes |= part(source, value, None).is_some_and(|value| test.passes(value));
        });
        passes
    }
}

/// The parameter of the value that the source is about, or the value itself.
pub(super) fn part<'v>(source: &Source, value: &'v [u8], of: Option<u64>) -> Option<&'v [u8]> {
    match &source.part {
        Some(key) => value::part(value, key, of),
        None => Some(value),
    }
}

/// Where a source's values are read.
pub(super) fn origin(source: &Source) -> Origin {
    match &source.place {
        Place::Field(name) => Origin::Field(name.clone()),
        Place::FieldsLike(_) => Origin::Status,
        Place::Json(_) | Place::Body => Origin::Body,
        Place::Known(_) => Origin::Dialect,
    }
}

/// The text of a JSON value that isn't made of others.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        // Of large and small numbers serde_json prints powers of ten, which no format has.
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => Some(float.to_string().into()),
            None => Some(number.to_string().into()),
        },
        Value::Bool(truth) => Some(truth.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
