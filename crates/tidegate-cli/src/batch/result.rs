//! What is written about an item. Never here: where it is written to, or when.

pub(crate) mod body;
pub(crate) mod spool;

use std::io::{self, Write};

use http::HeaderMap;
use serde_json::Value;

use super::input::item::Id;
use crate::caller::headers::is_secret;
use spool::Spool;

/// What came of an item, but for its bodies.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) id: &'a Id,
    pub(crate) status: Option<u16>,
    /// How often it was sent, for all its pages.
    pub(crate) attempts: u32,
    pub(crate) headers: Option<&'a HeaderMap>,
    pub(crate) error: Option<String>,
    pub(crate) outcome: Outcome,
}

/// Whether it is known what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Known,
    /// It was sent, and may have been done.
    Unknown,
}

/// The bodies of an item's answers, written as JSON.
#[derive(Debug)]
pub(crate) enum Bodies {
    None,
    One(Spool),
    /// Separated by commas.
    Pages(Spool),
}

/// The line of the results.
pub(crate) fn line(told: &Told<'_>, bodies: Bodies, mut into: Spool) -> io::Result<Spool> {
    write!(into, "{{\"id\":{}", told.id.json)?;
    if let Some(status) = told.status {
        write!(into, ",\"status\":{status}")?;
    }
    if told.outcome == Outcome::Unknown {
        write!(into, ",\"unknown\":true")?;
    }
    write!(into, ",\"attempts\":{}", told.attempts)?;
    if let Some(error) = &told.error {
        write!(into, ",\"error\":{}", Value::from(error.as_str()))?;
    }
    if let Some(headers) = told.headers {
        write!(into, ",\"headers\":{}", shown(headers))?;
    }
    let (name, spool, end) = match bodies {
        Bodies::None => ("", None, ""),
        Bodies::One(body) => (",\"body\":", Some(body), ""),
        Bodies::Pages(pages) => (",\"pages\":[", Some(pages), "]"),
    };
    if let Some(mut spool) = spool {
        write!(into, "{name}")?;
        io::copy(&mut spool.reader()?, &mut into)?;
        write!(into, "{end}")?;
    }
    into.write_all(b"}\n")?;
    Ok(into)
}

/// Headers without what may be secret; those that come more than once are joined.
fn shown(headers: &HeaderMap) -> Value {
    let names = headers.keys().filter(|name| !is_secret(name));
    let joined = |name| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(", ")
    };
    Value::Object(names.map(|name| (name.to_string(), joined(name).into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_line() {
        let id = Id { json: "\"a\"".into(), text: "a".into() };
        let mut headers = HeaderMap::new();
        headers.insert("etag", "x".parse().unwrap());
        headers.insert("set-cookie", "s3cret".parse().unwrap());
        let mut pages = Spool::new(".".as_ref());
        pages.write_all(b"[1],[2]").unwrap();
        let told = Told {
            id: &id,
            status: Some(200),
            attempts: 3,
            headers: Some(&headers),
            error: Some("say \"no\"".into()),
            outcome: Outcome::Known,
        };
        let mut line = line(&told, Bodies::Pages(pages), Spool::new(".".as_ref())).unwrap();
        let text = io::read_to_string(line.reader().unwrap()).unwrap();
        let expected = r#"{"id":"a","status":200,"attempts":3,"error":"say \"no\"","headers":{"etag":"x"},"pages":[[1],[2]]}"#;
        assert_eq!(text, format!("{expected}\n"));
    }
}
