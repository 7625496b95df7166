//! The request's body as typed: a string, a file, standard input. Never here: sending it.

use std::path::Path;

use bytes::Bytes;

use super::args::RequestArgs;
use crate::caller::input::{self, Purpose};
use crate::exit::Failure;

/// A body, and what it says it is unless a header says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) bytes: Bytes,
    pub(crate) kind: Kind,
}

/// What a body is, as the flag told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Form,
    Json,
}

impl Kind {
    /// The media type that goes with the body.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Kind::Form => "application/x-www-form-urlencoded",
            Kind::Json => "application/json",
        }
    }
}

/// Reads the body that the flags describe, if they do.
pub(crate) fn read(args: &RequestArgs) -> Result<Option<Typed>, Failure> {
    if let Some(json) = &args.json_body {
        return Ok(Some(Typed { bytes: content(json)?.into(), kind: Kind::Json }));
    }
    if let Some(data) = &args.data_binary {
        return Ok(Some(Typed { bytes: content(data)?.into(), kind: Kind::Form }));
    }
    if args.data.is_empty() {
        return Ok(None);
    }
    let mut parts = Vec::with_capacity(args.data.len());
    for data in &args.data {
        let mut bytes = content(data)?;
        if data.starts_with('@') {
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
        }
        parts.push(bytes);
    }
    Ok(Some(Typed { bytes: parts.join(&b'&').into(), kind: Kind::Form }))
}

/// The text itself, or what is in the file that it names by `@`.
fn content(data: &str) -> Result<Vec<u8>, Failure> {
    match data.strip_prefix('@') {
        Some(path) => input::read(Path::new(path), Purpose { what: "the body", most: 1 << 30 }),
        None => Ok(data.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(data: &[&str]) -> RequestArgs {
        RequestArgs {
            request: None,
            header: vec![],
            data: data.iter().map(ToString::to_string).collect(),
            data_binary: None,
            json_body: None,
            location: false,
        }
    }

    #[test]
    fn no_flag_is_no_body() {
        assert_eq!(read(&args(&[])).unwrap(), None);
    }

    #[test]
    fn several_forms_are_joined() {
        let body = read(&args(&["a=1", "b=2\n"])).unwrap().unwrap();
        assert_eq!((body.bytes.as_ref(), body.kind), (b"a=1&b=2\n".as_slice(), Kind::Form));
    }

    #[test]
    fn a_json_body_is_kept_as_it_is() {
        let args = RequestArgs { json_body: Some("{\n}".into()), ..args(&[]) };
        let body = read(&args).unwrap().unwrap();
        assert_eq!((body.bytes.as_ref(), body.kind), (b"{\n}".as_slice(), Kind::Json));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let failure = read(&args(&["@/nowhere/at/all"])).unwrap_err();
        assert!(failure.to_string().contains("can't read the body from /nowhere/at/all"), "{failure}");
    }
}
