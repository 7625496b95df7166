//! The forms in which answers are pasted, turned into the plain one. Never here: a field, curl's own words.
//!
//! What is undone: UTF-16 (PowerShell's `>`), lines that end in CR alone, a fence of Markdown, a mark or blanks
//! before every line (quoted mail, `wget -S`), and the words of `wget -S` around its heads.

use std::borrow::Cow;

use super::lines::Line;

/// The text in UTF-8, with line ends that hold an LF.
pub(super) fn text(pasted: &[u8]) -> Cow<'_, [u8]> {
    let text = match pasted {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(of_utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(of_utf16(rest, u16::from_be_bytes)),
        _ => Cow::Borrowed(pasted),
    };
    if text.contains(&b'\n') || !text.contains(&b'\r') {
        return text;
    }
    Cow::Owned(text.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect())
}

fn of_utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| unit(pair));
    char::decode_utf16(units)
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>()
        .into()
}

/// The lines without what stands around or before them.
pub(super) fn plain(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    unmarked(of_wget(unfenced(lines)))
}

/// The lines within a fence of Markdown, if they begin with one.
fn unfenced(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let Some(first) = lines.iter().position(|line| !line.is_blank()) else { return lines };
    let text = lines[first].text();
    let Some(fence) = [&b"```"[..], b"~~~"].into_iter().find(|fence| text.starts_with(fence)) else {
        return lines;
    };
    let within = lines.iter().skip(first + 1);
    within.take_while(|line| line.text().trim_ascii_end() != fence).copied().collect()
}

/// The last head that `wget -S` shows, if the lines are its words: it sets heads in by two blanks.
fn of_wget(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let is_awaiting = |line: &Line<'_>| line.text().trim_ascii_end().ends_with(b"awaiting response...");
    let Some(last) = lines.iter().rposition(is_awaiting) else { return lines };
    let head: Vec<Line<'_>> =
        lines[last + 1..].iter().take_while(|line| line.bytes.starts_with(b"  ")).copied().collect();
    if head.first().is_some_and(|line| unmarked_by(b"  ", *line).is_some_and(is_status)) {
        head
    } else {
        lines
    }
}

fn is_status(line: Line<'_>) -> bool {
    line.status().is_some()
}

/// The lines without the mark that stands before the first of them, if it stands before all.
fn unmarked(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let Some(first) = lines.iter().find(|line| !line.is_blank()) else { return lines };
    let is_mark = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'>');
    let mark = &first.bytes[..first.bytes.iter().take_while(is_mark).count()];
    if mark.is_empty() || !unmarked_by(mark, *first).is_some_and(is_status) {
        return lines;
    }
    let unmarked: Option<Vec<Line<'_>>> = lines.iter().map(|line| unmarked_by(mark, *line)).collect();
    unmarked.unwrap_or(lines)
}

/// The line behind the mark. One with nothing behind it may lack the mark's blanks.
fn unmarked_by<'a>(mark: &[u8], line: Line<'a>) -> Option<Line<'a>> {
    match line.bytes.strip_prefix(mark) {
        Some(bytes) => Some(Line { bytes, ..line }),
        None if line.is_blank() || line.text().trim_ascii() == mark.trim_ascii() => {
            Some(Line { bytes: b"\n", ..line })
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    const HEAD: &str = "HTTP/1.1 429 A\na: b\n\n{\n  \"c\": 1\n}\n";

    #[track_caller]
    fn check(pasted: &[u8], expected: &str) {
        let text = text(pasted);
        let plain: Vec<u8> = plain(lines::of(&text)).iter().flat_map(|line| line.bytes).copied().collect();
        assert_eq!(String::from_utf8_lossy(&plain), expected, "{}", String::from_utf8_lossy(pasted));
    }

    fn marked(mark: &str) -> String {
        HEAD.lines().map(|line| format!("{mark}{line}\n")).collect()
    }

    #[test]
    fn a_mark_before_every_line_is_taken_away() {
        for mark in ["  ", "\t", "> ", ">", "> > "] {
            check(marked(mark).as_bytes(), HEAD);
        }
        check(marked("> ").replace("> \n", ">\n").as_bytes(), HEAD);
        check(marked("    ").replace("    \n", "\n").as_bytes(), HEAD);
        check(HEAD.as_bytes(), HEAD);
        let mixed = format!("  {HEAD}");
        check(mixed.as_bytes(), &mixed);
        check(b"> GET / HTTP/1.1\n> a: b\n", "> GET / HTTP/1.1\n> a: b\n");
    }

    #[test]
    fn a_fence_of_markdown_is_taken_away() {
        check(format!("```http\n{HEAD}```\nwords\n").as_bytes(), HEAD);
        check(format!("\n~~~\n{HEAD}").as_bytes(), HEAD);
        check(format!("```\n{}```\n", marked("  ")).as_bytes(), HEAD);
        let within = format!("{HEAD}```\n");
        check(within.as_bytes(), &within);
    }

    #[test]
    fn the_last_head_of_wget_is_taken() {
        let said =
            "--2023-11-14--  http://a/\nConnecting... connected.\nHTTP request sent, awaiting response... \n";
        let log = format!(
            "{said}  HTTP/1.1 302 A\n  Location: /x\nLocation: /x [following]\n{said}  HTTP/1.1 429 A\n  a: b\n2023-11-14 ERROR 429: A.\n"
        );
        check(log.as_bytes(), "HTTP/1.1 429 A\na: b\n");
    }

    #[test]
    fn other_encodings_and_line_ends_are_undone() {
        let units: Vec<u16> = HEAD.encode_utf16().collect();
        let of = |bytes: fn(u16) -> [u8; 2], mark: [u8; 2]| {
            mark.into_iter().chain(units.iter().flat_map(move |&unit| bytes(unit))).collect::<Vec<u8>>()
        };
        check(&of(u16::to_le_bytes, [0xff, 0xfe]), HEAD);
        check(&of(u16::to_be_bytes, [0xfe, 0xff]), HEAD);
        check(&[&[0xff, 0xfe][..], b"a\0\xd8"].concat(), "a");
        check(HEAD.replace('\n', "\r").as_bytes(), HEAD);
        check(b"", "");
    }
}
