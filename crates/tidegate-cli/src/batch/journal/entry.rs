//! A line of the journal, written and read, with its checksum. Never here: a file.

use std::fmt::Write as _;

/// Something that happened. Items are named by their lines in the list, counted from 0; the file counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The item is about to be sent, and may not be sent twice.
    Sent(u32),
    /// What was sent wasn't done.
    Undone(u32),
    /// The item's result is in the output, which ends at this byte since.
    Done { line: u32, end: u64 },
    /// The same, but what its result tells is no success.
    Failed { line: u32, end: u64 },
    /// The output in order, of so many bytes, is complete beside the other one.
    Ordered { bytes: u64 },
}

/// The checksum of all lines so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain(u32);

impl Chain {
    /// Adds a line, with its checksum and its end.
    pub(crate) fn write(&mut self, body: &str, into: &mut String) {
        *self = self.after(body.as_bytes());
        let _ = writeln!(into, "{body} {:08x}", self.0);
    }

    /// What the line says, without its end, if it is whole and comes after all before it.
    pub(crate) fn read<'a>(&mut self, line: &'a [u8]) -> Option<&'a str> {
        let (body, told) = split(line)?;
        let next = self.after(body);
        if next != told {
            return None;
        }
        *self = next;
        std::str::from_utf8(body).ok()
    }

    /// What a line says that its checksum is; for those after one that is broken.
    pub(crate) fn told(line: &[u8]) -> Option<Chain> {
        split(line).map(|(_, told)| told)
    }

    fn after(self, body: &[u8]) -> Chain {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.0);
        hasher.update(body);
        hasher.update(b"\n");
        Chain(hasher.finalize())
    }
}

fn split(line: &[u8]) -> Option<(&[u8], Chain)> {
    let (body, told) = line.split_at_checked(line.len().checked_sub(9)?)?;
    let told = std::str::from_utf8(told.strip_prefix(b" ")?).ok()?;
    let is_hex = told.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    Some((body, Chain(u32::from_str_radix(told, 16).ok().filter(|_| is_hex)?)))
}

impl Entry {
    /// As it stands in the file, without its checksum.
    pub(crate) fn body(self) -> String {
        let number = |line: u32| u64::from(line) + 1;
        match self {
            Entry::Sent(line) => format!("s {}", number(line)),
            Entry::Undone(line) => format!("n {}", number(line)),
            Entry::Done { line, end } => format!("d {} {end}", number(line)),
            Entry::Failed { line, end } => format!("f {} {end}", number(line)),
            Entry::Ordered { bytes } => format!("o {bytes}"),
        }
    }

    pub(crate) fn read(body: &str) -> Option<Entry> {
        let mut words = body.split(' ');
        let (kind, number) = (words.next()?, words.next()?.parse::<u64>().ok()?);
        let line = || u32::try_from(number.checked_sub(1)?).ok();
        let entry = match kind {
            "s" => Entry::Sent(line()?),
            "n" => Entry::Undone(line()?),
            "d" => Entry::Done { line: line()?, end: words.next()?.parse().ok()? },
            "f" => Entry::Failed { line: line()?, end: words.next()?.parse().ok()? },
            "o" => Entry::Ordered { bytes: number },
            _ => return None,
        };
        words.next().is_none().then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_were_written() {
        let entries = [
            Entry::Sent(0),
            Entry::Undone(16),
            Entry::Done { line: 7, end: 4096 },
            Entry::Failed { line: 8, end: 9 },
            Entry::Ordered { bytes: 9 },
        ];
        assert_eq!(entries.map(Entry::body), ["s 1", "n 17", "d 8 4096", "f 9 9", "o 9"]);
        for entry in entries {
            assert_eq!(Entry::read(&entry.body()), Some(entry));
        }
        for body in ["", "s", "s 0", "s 1 2", "d 1", "x 1", "s -1", "s 99999999999"] {
            assert_eq!(Entry::read(body), None, "{body}");
        }
    }

    #[test]
    fn a_line_that_is_missing_or_changed_breaks_the_chain() {
        let (mut chain, mut text) = (Chain::default(), String::new());
        for body in ["one", "two", "three"] {
            chain.write(body, &mut text);
        }
        let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
        let read = |lines: &[&[u8]]| {
            let mut chain = Chain::default();
            lines.iter().map_while(|line| chain.read(line)).count()
        };
        assert_eq!(read(&lines), 3);
        assert_eq!(read(&[lines[0], lines[2]]), 1);
        assert_eq!(read(&[lines[0], b"twO 00000000", lines[2]]), 1);
    }
}
