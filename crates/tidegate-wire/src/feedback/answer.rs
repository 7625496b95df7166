//! An answer as a place to look values up in. Never here: what they mean.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::Duration;

use http::header::{AGE, CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tidegate_core::Time;

use super::names::Names;
use super::origin::{Origin, Told};
use crate::dialect::{Condition, Place, Source, Sources, Test};
use crate::octets::{Count, digits, trim};
use crate::problem::{self, MAX_BODY, Problem};
use crate::ratelimit::Reset;
use crate::retry_after;
use crate::value::{self, Clock};

/// An answer and the reader's clock. Its date and its body are parsed only if somebody looks.
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    headers: &'a HeaderMap,
    names: Names,
    body: Option<&'a [u8]>,
    json: OnceCell<Option<Value>>,
    clock: OnceCell<Clock>,
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
        // A byte-order mark is no part of what it stands before.
        let body = body.map(|body| body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body));
        let (names, json, clock) = (Names::of(headers), OnceCell::new(), OnceCell::new());
        Answer { status, headers, names, body, json, clock, now }
    }

    fn clock(&self) -> Clock {
        *self.clock.get_or_init(|| Clock::new(self.date(), self.now))
    }

    fn date(&self) -> Option<&'a [u8]> {
        self.headers.get(DATE).map(HeaderValue::as_bytes)
    }

    /// All lines of a field.
    pub(super) fn lines(&self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.names.may_have(name).then(|| self.headers.get_all(name));
        lines.into_iter().flatten().map(HeaderValue::as_bytes)
    }

    /// Whether there is a field of this name, whatever it says.
    pub(super) fn has_field(&self, name: &HeaderName) -> bool {
        self.headers.contains_key(name)
    }

    pub(super) fn retry_after(&self) -> Option<Told<Duration>> {
        self.lines(&RETRY_AFTER).next()?;
        let told = retry_after::read(self.lines(&RETRY_AFTER), self.date(), self.now)?;
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

    /// The names of the fields that begin so.
    pub(super) fn fields_like(&self, beginning: &str) -> Vec<HeaderName> {
        self.headers.keys().filter(|name| name.as_str().starts_with(beginning)).cloned().collect()
    }

    /// Visits every value that stands where the source says, and where each was read.
    pub(super) fn visit(&self, source: &Source, visit: impl FnMut(&[u8], Origin)) {
        self.visit_share(source, &Share::Whole, visit);
    }

    /// The same, of one share.
    fn visit_share(&self, source: &Source, share: &Share, mut visit: impl FnMut(&[u8], Origin)) {
        match &source.place {
            Place::Field(name) => {
                self.lines(name).for_each(|line| visit(share.cut(line), Origin::Field(name.clone())));
            }
            Place::FieldsLike(beginning) => {
                let is_meant = |name: &HeaderName| name.as_str().starts_with(beginning) && share.has(name);
                let fields = self.headers.iter().filter(|(name, _)| is_meant(name));
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
        share: &Share,
        read: impl Fn(&Source, &[u8]) -> Option<T>,
    ) -> Option<Told<T>> {
        sources.iter().find_map(|source| {
            let mut found = None;
            self.visit_share(source, share, |value, origin| {
                if found.is_none() {
                    found = read(source, trim(value)).map(|value| Told::new(value, origin));
                }
            });
            found
        })
    }

    /// The longest wait that stands where the source says. `of` is the limit that a parameter should belong to.
    pub(super) fn wait(&self, source: &Source, share: &Share, of: Option<u64>) -> Option<Told<Duration>> {
        let mut longest: Option<Told<Duration>> = None;
        self.visit_share(source, share, |value, origin| {
            let wait = part(source, trim(value), of)
                .and_then(|value| value::wait(value, source.format, self.clock()))
                .filter(|wait| longest.as_ref().is_none_or(|known| known.value < *wait));
            if let Some(wait) = wait {
                longest = Some(Told::new(wait, origin));
            }
        });
        longest
    }

    /// Whether a value tells a wait in this format.
    pub(super) fn reads_wait(&self, value: &[u8], format: value::Format) -> bool {
        value::wait(value, format, self.clock()).is_some()
    }

    /// How long it is until a limit's reset.
    pub(super) fn until(&self, reset: Reset) -> Duration {
        match reset {
            Reset::After(delay) => delay,
            Reset::At(at) => self.clock().until(at.as_nanos().into()),
        }
    }

    /// Whether anything but null stands there, be it made of others.
    fn has(&self, source: &Source) -> bool {
        let mut has = false;
        match &source.place {
            Place::Json(pointer) => {
                if let Some(json) = self.json() {
                    pointer.visit(json, |value| has |= !value.is_null());
                }
            }
            _ => self.visit(source, |_, _| has = true),
        }
        has
    }

    /// Whether a condition holds.
    pub(super) fn meets(&self, condition: &Condition) -> bool {
        let Condition { source, test, .. } = condition;
        if *test == Test::Absent {
            return !self.has(source);
        }
        let mut passes = false;
        self.visit(source, |value, _| {
            passes |= part(source, value, None).is_some_and(|value| test.passes(value));
        });
        passes
    }
}

/// Which part of the fields is about one of several limits that an answer announces in the same place.
#[derive(Debug)]
pub(super) enum Share {
    Whole,
    /// One of the fields that begin alike.
    Field(HeaderName),
    /// One of the items that commas separate, where there are so many.
    Item {
        index: usize,
        of: usize,
    },
}

impl Share {
    fn has(&self, field: &HeaderName) -> bool {
        match self {
            Share::Field(name) => name == field,
            Share::Whole | Share::Item { .. } => true,
        }
    }

    fn cut<'v>(&self, value: &'v [u8]) -> &'v [u8] {
        let items = || value.split(|&byte| byte == b',');
        match *self {
            Share::Item { index, of } if items().count() == of => items().nth(index).unwrap_or(value),
            _ => value,
        }
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
