//! The list cut into records: lines, or rows of CSV that may span lines. Never here: what is in a record.

use std::io::{self, BufRead, BufReader, Read, Seek};

/// How long a record may be, in bytes.
pub(crate) const LONGEST: usize = 16 << 20;

/// How the list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON object a line.
    Lines,
    /// CSV (RFC 4180), whose quoted fields may hold line ends.
    Rows,
}

/// Where a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The line, counted from 0.
    pub(crate) line: u32,
    /// In bytes.
    pub(crate) offset: u64,
}

/// Reads record after record.
#[derive(Debug)]
pub(crate) struct Records<R> {
    source: BufReader<R>,
    form: Form,
    next: Place,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: R, form: Form) -> Records<R> {
        let source = BufReader::with_capacity(64 << 10, source);
        Records { source, form, next: Place { line: 0, offset: 0 } }
    }

    /// Reads the next record, with its line end, in place of what is in `into`; `None` at the end. One that is too
    /// long is cut off there: [`is_too_long`].
    pub(crate) fn next(&mut self, into: &mut Vec<u8>) -> io::Result<Option<Place>> {
        let place = self.next;
        into.clear();
        let mut quotes = 0;
        loop {
            let before = into.len();
            let room = (LONGEST + 1).saturating_sub(before) as u64;
            let read = self.source.by_ref().take(room).read_until(b'\n', into)?;
            self.next.offset += read as u64;
            self.next.line = self.next.line.saturating_add(u32::from(read > 0));
            quotes += into[before..].iter().filter(|byte| **byte == b'"').count();
            let goes_on = self.form == Form::Rows && quotes % 2 == 1;
            if !goes_on || read == 0 || is_too_long(into) {
                break;
            }
        }
        Ok((!into.is_empty()).then_some(place))
    }
}

impl<R: Read + Seek> Records<R> {
    /// Goes to where a record begins. Near by, nothing is read anew.
    pub(crate) fn go_to(&mut self, place: Place) -> io::Result<()> {
        let away = place.offset as i64 - self.next.offset as i64;
        self.next = place;
        self.source.seek_relative(away)
    }

    /// What is read from.
    pub(crate) fn source(&self) -> &R {
        self.source.get_ref()
    }
}

/// Whether a record is longer than may be.
pub(crate) fn is_too_long(record: &[u8]) -> bool {
    record.len() > LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn all(text: &str, form: Form) -> Vec<(u32, u64, String)> {
        let mut records = Records::new(Cursor::new(text), form);
        let (mut record, mut all) = (Vec::new(), Vec::new());
        while let Some(Place { line, offset }) = records.next(&mut record).unwrap() {
            all.push((line, offset, String::from_utf8(record.clone()).unwrap()));
        }
        all
    }

    #[test]
    fn lines_are_records_and_the_last_needs_no_end() {
        let expected = [(0, 0, "a\n".to_owned()), (1, 2, "\n".to_owned()), (2, 3, "\"b".to_owned())];
        assert_eq!(all("a\n\n\"b", Form::Lines), expected);
    }

    #[test]
    fn a_quoted_field_may_span_lines() {
        let expected = [(0, 0, "a,\"b\nc\"\"\n\",d\n".to_owned()), (3, 13, "e\n".to_owned())];
        assert_eq!(all("a,\"b\nc\"\"\n\",d\ne\n", Form::Rows), expected);
    }

    #[test]
    fn a_record_is_found_again_by_its_place() {
        let mut records = Records::new(Cursor::new("one\ntwo\nthree\n"), Form::Lines);
        let mut record = Vec::new();
        while records.next(&mut record).unwrap().is_some() {}
        for (line, offset, text) in [(1, 4, "two\n"), (2, 8, "three\n"), (0, 0, "one\n")] {
            let place = Place { line, offset };
            records.go_to(place).unwrap();
            assert_eq!(records.next(&mut record).unwrap(), Some(place));
            assert_eq!(record, text.as_bytes());
        }
    }

    #[test]
    fn a_record_without_end_is_cut_off() {
        let mut records = Records::new(io::repeat(b'x'), Form::Lines);
        let mut record = Vec::new();
        records.next(&mut record).unwrap();
        assert!(is_too_long(&record));
    }
}
