//! A row of CSV, and the URL that it makes of a template. Never here: where a row ends.

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value};

use super::item::read_method;

/// How rows are read.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    columns: Vec<String>,
    template: String,
    method: Method,
    body: RowBody,
}

/// What is sent with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowBody {
    Nothing,
    /// A JSON object of strings, by columns.
    Row,
}

/// One row's fields.
#[derive(Debug)]
pub(super) struct Row<'a> {
    rows: &'a Rows,
    fields: Vec<String>,
}

impl Rows {
    /// Reads the flags against the header line.
    pub(crate) fn new(head: &[u8], template: &str, method: &str, body: RowBody) -> Result<Rows, String> {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        let rows = Rows {
            columns: fields(head)?,
            template: template.to_owned(),
            method: read_method(method)?,
            body,
        };
        for name in placeholders(template)? {
            if !rows.columns.iter().any(|column| column == name) {
                let there = rows.columns.join(", ");
                return Err(format!("--url-template names {{{name}}}, but the columns are: {there}"));
            }
        }
        Ok(rows)
    }

    pub(super) fn read(&self, record: &[u8]) -> Result<Row<'_>, String> {
        let fields = fields(record)?;
        match (fields.len(), self.columns.len()) {
            (has, needs) if has == needs => Ok(Row { rows: self, fields }),
            (has, needs) => Err(format!("it has {has} fields, but the header line has {needs}")),
        }
    }

    pub(super) fn template(&self) -> &str {
        &self.template
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }
}

impl Row<'_> {
    fn field(&self, column: &str) -> Option<&str> {
        let at = self.rows.columns.iter().position(|name| name == column)?;
        self.fields.get(at).map(String::as_str)
    }

    /// What is in the column `id`, unless that is empty.
    pub(super) fn id(&self) -> Option<&str> {
        self.field("id").filter(|id| !id.is_empty())
    }

    /// The template with the row's fields in their places, percent-encoded.
    ///
    /// # Errors
    /// When a field makes `.` or `..` of a segment: URLs have no way to write these that doesn't lead elsewhere, such as
    /// from one room to all of them.
    pub(super) fn filled(&self, template: &str) -> Result<String, String> {
        let filled = self.put_into(template);
        if dots(&filled) > dots(template) {
            return Err(format!(
                "a field of it is `.` or `..`, so that its path would lead elsewhere: {filled}"
            ));
        }
        Ok(filled)
    }

    fn put_into(&self, template: &str) -> String {
        let mut parts = template.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or_default();
            filled.extend(self.field(name).unwrap_or_default().bytes().map(encoded));
            filled.push_str(rest);
        }
        filled
    }

    pub(super) fn body(&self) -> Bytes {
        if self.rows.body == RowBody::Nothing {
            return Bytes::new();
        }
        let members = self.rows.columns.iter().cloned().zip(self.fields.iter().cloned().map(Value::from));
        Value::Object(members.collect::<Map<_, _>>()).to_string().into()
    }
}

/// How many segments of a URL's path lead nowhere, or up.
fn dots(url: &str) -> usize {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.split('/').filter(|segment| matches!(*segment, "." | "..")).count()
}

/// A byte as it may stand anywhere in a path or query (RFC 3986: only the unreserved stand for themselves).
fn encoded(byte: u8) -> String {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

fn placeholders(template: &str) -> Result<Vec<&str>, String> {
    let named = template.split('{').skip(1).map(|part| part.split_once('}').map(|(name, _)| name));
    named
        .map(|name| name.ok_or_else(|| format!("--url-template {template:?} has a {{ that no }} closes")))
        .collect()
}

fn fields(record: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(record);
    match reader.records().next() {
        Some(Ok(row)) => Ok(row.iter().map(|field| field.trim().to_owned()).collect()),
        Some(Err(_)) => Err("it isn't UTF-8 text".into()),
        None => Err("it is empty".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fills_the_template() {
        let rows = Rows::new(b"\xEF\xBB\xBFid,name\r\n", "/p/{id}?n={name}", "PUT", RowBody::Row).unwrap();
        let row = rows.read(b"7,\"a/b \"\"c\"\"\"\r\n").unwrap();
        assert_eq!((row.id(), row.filled(rows.template())), (Some("7"), Ok("/p/7?n=a%2Fb%20%22c%22".into())));
        assert_eq!(row.body(), r#"{"id":"7","name":"a/b \"c\""}"#);
        assert_eq!(rows.read(b"7\n").unwrap_err(), "it has 1 fields, but the header line has 2");
    }

    #[test]
    fn no_field_leads_out_of_its_segment() {
        let filled = |template: &str, row: &[u8]| {
            let rows = Rows::new(b"id,name\n", template, "DELETE", RowBody::Nothing).unwrap();
            rows.read(row).unwrap().filled(template)
        };
        for (template, row) in
            [("/rooms/{id}/x", b"..,"), ("/rooms/{id}", b".,\n"), ("/rooms/{id}{name}", b".,.")]
        {
            assert!(filled(template, row).unwrap_err().contains("lead elsewhere"), "{template}");
        }
        assert_eq!(filled("/rooms/{id}?n={name}", b"..x,.."), Ok("/rooms/..x?n=..".into()));
        assert_eq!(filled("/a/../{id}", b"%2e%2e,"), Ok("/a/../%252e%252e".into()));
    }

    #[test]
    fn a_template_must_fit_the_columns() {
        let new = |template| Rows::new(b"id,name\n", template, "GET", RowBody::Nothing).map(drop);
        assert_eq!(new("/x/{name}"), Ok(()));
        assert!(new("/x/{nam}").unwrap_err().contains("but the columns are: id, name"));
        assert!(new("/x/{id").unwrap_err().contains("no } closes"));
    }
}
