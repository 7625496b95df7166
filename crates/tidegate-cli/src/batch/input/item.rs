//! One item of the list: read from its record, with what the flags add. Never here: the list, sending it.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use reqwest::Url;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::row::Rows;
use super::terms::Terms;
use crate::caller::client::{AGENT, may_double};
use crate::caller::headers::is_harmless;
use crate::caller::url::{uri, url};
use crate::exit::Failure;

/// How an item is known to whoever wrote the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    /// As JSON, as it was written.
    pub(crate) json: String,
    /// Its text: `"7"` and `7` are one id.
    pub(crate) text: String,
}

/// One call, or one after another from page to page.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: Id,
    pub(crate) url: Url,
    pub(crate) follow: Follow,
    /// Whose token it is sent with.
    pub(crate) token: Whose,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

/// Whose token an item is sent with, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// That of the run.
    Runs,
    /// Its own, or none: one for another origin than the token's.
    Own,
    /// None, and nothing else that may be secret: that of the run would go here, but the run has none.
    Missing,
}

/// Whether `rel="next"` is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    No,
    ToTheEnd,
}

/// An item as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<String>,
    path: Option<String>,
    url: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(default)]
    paginate: bool,
}

impl Item {
    /// Reads the record of this line, counted from 0; the error says what is wrong, without the line.
    pub(crate) fn read(record: &[u8], line: u32, terms: &Terms) -> Result<Item, String> {
        let record = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
        match &terms.rows {
            Some(rows) => Item::of_row(record, line, rows, terms),
            None => Item::of_line(record, line, terms),
        }
    }

    fn of_line(record: &[u8], line: u32, terms: &Terms) -> Result<Item, String> {
        let text = std::str::from_utf8(record).map_err(|_| "it isn't UTF-8 text")?;
        if !text.trim_start().starts_with('{') {
            let of_csv = if line == 0 { "; is it CSV? --url-template says what its rows call" } else { "" };
            return Err(format!("it isn't a JSON object{of_csv}"));
        }
        let written: Written<'_> = serde_json::from_str(text).map_err(|error| in_words(&error))?;
        let id = written.id.map_or_else(|| Ok(Id::of_line(line)), Id::read)?;
        let target = match (&written.path, &written.url) {
            (Some(path), None) => path,
            (None, Some(url)) => url,
            (Some(_), Some(_)) => return Err("it has both a path and a url".into()),
            (None, None) => return Err("it has neither a path nor a url".into()),
        };
        let url = terms.target(target, written.path.is_some())?;
        let method = match (&written.method, written.body) {
            (Some(method), _) => read_method(method)?,
            (None, Some(_)) => Method::POST,
            (None, None) => Method::GET,
        };
        let follow = if written.paginate { Follow::ToTheEnd } else { Follow::No };
        if follow == Follow::ToTheEnd && method != Method::GET {
            return Err(format!("it is to be paginated, but its method is {method}, not GET"));
        }
        let own = read_headers(written.headers.unwrap_or_default())?;
        let body = body(written.body, &own)?;
        Ok(Item { id, url, follow, token: Whose::Own, method, headers: own, body }.with_ours(line, terms))
    }

    fn of_row(record: &[u8], line: u32, rows: &Rows, terms: &Terms) -> Result<Item, String> {
        let row = rows.read(record)?;
        let id = row.id().map_or_else(|| Id::of_line(line), Id::of_text);
        let target = row.filled(rows.template())?;
        let url = terms.target(&target, !target.contains("://"))?;
        let (method, body) = (rows.method().clone(), row.body());
        let headers = HeaderMap::new();
        Ok(Item { id, url, follow: Follow::No, token: Whose::Own, method, headers, body }
            .with_ours(line, terms))
    }

    /// Adds the headers that the item doesn't have: ours, the token at its origin, and the key if it is to have one.
    fn with_ours(mut self, line: u32, terms: &Terms) -> Item {
        let mut ours = HeaderMap::new();
        ours.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
        ours.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if !self.body.is_empty() {
            ours.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(token) = terms.token_for(&self.url) {
            ours.insert(AUTHORIZATION, token.authorization());
            self.token = if self.headers.contains_key(AUTHORIZATION) { Whose::Own } else { Whose::Runs };
        } else if terms.lacks_token_for(&self.url) && !self.headers.values().any(HeaderValue::is_sensitive) {
            self.token = Whose::Missing;
        }
        let key = terms.keys.as_ref().filter(|_| !self.method.is_idempotent()).map(|keys| keys.of(line));
        if let Some(key) = key.and_then(|key| HeaderValue::try_from(key).ok()) {
            ours.insert("idempotency-key", key);
        }
        for (name, value) in &self.headers {
            ours.insert(name, value.clone());
        }
        self.headers = ours;
        self
    }

    /// The request for the item's URL, or for a further page of it.
    pub(crate) fn request(&self, url: &Url) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri(url)?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// Whether nobody may send it again who doesn't know that it wasn't done.
    pub(crate) fn may_double(&self) -> bool {
        self.request(&self.url).is_ok_and(|request| may_double(&request))
    }

    /// What shares its limit, as far as can be seen from here.
    pub(crate) fn lane(&self) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), tidegate::resource(self.url.path()))
    }
}

impl Id {
    /// The line's number, counted from 1.
    fn of_line(line: u32) -> Id {
        let text = (u64::from(line) + 1).to_string();
        Id { json: text.clone(), text }
    }

    fn of_text(text: &str) -> Id {
        Id { json: serde_json::Value::from(text).to_string(), text: text.to_owned() }
    }

    fn read(json: &RawValue) -> Result<Id, String> {
        let text = match json.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(json.get()).map_err(|error| error.to_string())?,
            Some(b'-' | b'0'..=b'9') => json.get().to_owned(),
            _ => return Err("its id is neither a string nor a number".into()),
        };
        Ok(Id { json: json.get().to_owned(), text })
    }
}

pub(super) fn read_method(text: &str) -> Result<Method, String> {
    let known = text.parse::<Method>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_uppercase()));
    known.ok_or_else(|| format!("{text:?} is no method: write GET, POST, PUT, PATCH, DELETE, ..."))
}

fn read_headers(written: BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let bad = || format!("{name:?} is no header's name");
        let known: HeaderName = name.parse().map_err(|_| bad())?;
        if [CONTENT_LENGTH, HOST, TRANSFER_ENCODING].contains(&known) || known == "connection" {
            return Err(format!("the header {name} can't be set: it follows from the URL and the body"));
        }
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| format!("the header {name} has a control character in its value"))?;
        value.set_sensitive(!is_harmless(&known));
        headers.append(known, value);
    }
    Ok(headers)
}

/// JSON as it was written; the text itself if the item says that it isn't JSON.
fn body(written: Option<&RawValue>, headers: &HeaderMap) -> Result<Bytes, String> {
    let Some(json) = written else { return Ok(Bytes::new()) };
    let kind = headers.get(CONTENT_TYPE).map_or(b"json".as_slice(), HeaderValue::as_bytes);
    if kind.to_ascii_lowercase().windows(4).any(|part| part == b"json") {
        return Ok(Bytes::copy_from_slice(json.get().as_bytes()));
    }
    let text: Result<String, _> = serde_json::from_str(json.get());
    text.map(Bytes::from).map_err(|_| "its Content-Type isn't JSON, so its body has to be a string".into())
}

/// What is wrong with the JSON, and where in the line.
fn in_words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or(&said);
    format!("{said}, at column {}", error.column())
}

/// Reads a URL that was written into the list.
pub(super) fn absolute(text: &str) -> Result<Url, String> {
    url(text).map_err(|failure| failure.message().to_owned())
}

#[cfg(test)]
#[path = "item_tests.rs"]
mod tests;
