//! What `curl -v` prints, turned into what `curl -i` would have printed. Never here: a field read.
//!
//! In front of a head's lines it writes `< `, in front of the request's `> `, of its own words `* ` and of notes on
//! data `{ [` and `} [`. The body comes as it is, and curl's last words may follow on the same line.

use super::lines::Line;

/// How curl's last words begin, which it writes behind a body that has no line end.
const LAST_WORDS: [&[u8]; 4] =
    [b"* Connection #", b"* Closing connection", b"* closing connection #", b"* shutting down connection #"];

/// The lines of the last head and of its body, if `curl -v` printed these lines; else the lines as they are.
///
/// Beside `-v`, `-i` prints all heads once more, in front of the body: then these are taken.
pub(super) fn plain(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let is_head = |line: &Line<'_>| line.status().is_some() || received_status(*line).is_some();
    let Some(first) = lines.iter().position(is_head) else { return lines };
    if received_status(lines[first]).is_none() {
        return lines;
    }
    let (mut head, mut body) = (Vec::new(), Vec::new());
    let mut is_in_head = false;
    for &line in &lines[first..] {
        match received(line) {
            Some(start) if start.status().is_some() => {
                body.clear();
                head = vec![start];
                is_in_head = true;
            }
            Some(field) if is_in_head => {
                is_in_head = !field.is_blank();
                head.push(field);
            }
            _ if is_in_head || is_curls_own(line) => {}
            _ => body.push(without_last_words(line)),
        }
    }
    let is_printed_again = body.first().is_some_and(|line| line.status().is_some());
    if is_printed_again { body } else { head.into_iter().chain(body).collect() }
}

/// The line behind `< `.
fn received(line: Line<'_>) -> Option<Line<'_>> {
    let bytes = line.bytes.strip_prefix(b"<")?;
    Some(Line { bytes: bytes.strip_prefix(b" ").unwrap_or(bytes), ..line })
}

fn received_status(line: Line<'_>) -> Option<Line<'_>> {
    received(line).filter(|line| line.status().is_some())
}

/// Whether it is about the request or the transfer. The meter of the progress begins with a carriage return.
fn is_curls_own(line: Line<'_>) -> bool {
    let text = line.text();
    let openings: [&[u8]; 5] = [b"* ", b"> ", b"{ [", b"} [", b"\r"];
    openings.iter().any(|opening| text.starts_with(opening)) || matches!(text, b"*" | b">")
}

fn without_last_words(line: Line<'_>) -> Line<'_> {
    let at = |words: &[u8]| line.bytes.windows(words.len()).rposition(|part| part == words);
    match LAST_WORDS.into_iter().find_map(at) {
        Some(at) => Line { bytes: &line.bytes[..at], ..line },
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[track_caller]
    fn check(printed: &str, expected: &str) {
        let plain: Vec<u8> =
            plain(lines::of(printed.as_bytes())).iter().flat_map(|line| line.bytes).copied().collect();
        assert_eq!(String::from_utf8(plain).unwrap(), expected, "{printed}");
    }

    const BEFORE: &str = "  % Total    % Received\n\r  0     0 --:--:--     0*   Trying 127.0.0.1:80...\n* Connected\n> GET / HTTP/1.1\r\n> Host: a\r\n> \r\n";

    #[test]
    fn marks_and_curls_own_words_are_left_out() {
        let head = "< HTTP/1.1 429 Too Many Requests\r\n< Retry-After: 5\r\n* Added cookie\n< \r\n{ [4 bytes data]\n\r100    4  100     4\n";
        let plain = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n\r\n";
        check(&format!("{BEFORE}{head}* Connection #0 to host a left intact\nbody"), &format!("{plain}body"));
        check(&format!("{BEFORE}{head}body* Connection #0 to host a left intact\n"), &format!("{plain}body"));
        check(&format!("{BEFORE}{head}<p>\n body\n* Closing connection\n"), &format!("{plain}<p>\n body\n"));
        check("< HTTP/2 429\n<retry-after: 5\n<\n", "HTTP/2 429\nretry-after: 5\n\n");
        check("< HTTP/2 429\n< retry-after: 5", "HTTP/2 429\nretry-after: 5");
    }

    #[test]
    fn of_several_heads_the_last_is_left() {
        let moved = "< HTTP/1.1 302 Found\r\n< Location: /x\r\n< \r\n* Ignoring the response-body\n";
        check(
            &format!("{BEFORE}{moved}{BEFORE}< HTTP/1.1 200 OK\r\n< \r\nbody"),
            "HTTP/1.1 200 OK\r\n\r\nbody",
        );
    }

    #[test]
    fn heads_that_are_printed_twice_are_taken_once() {
        let marked = "< HTTP/1.1 302 Found\r\n< \r\n< HTTP/1.1 429 X\r\n< A: b\r\n< \r\n";
        let whole = "HTTP/1.1 302 Found\r\n\r\nHTTP/1.1 429 X\r\nA: b\r\n\r\nbody";
        check(&format!("{BEFORE}{marked}* Connection #0 to host a left intact\n{whole}"), whole);
    }

    #[test]
    fn what_curl_i_prints_stays_as_it_is() {
        for printed in
            ["HTTP/1.1 200 OK\r\n\r\n* a\n> b\n< HTTP/1.1 429\n", "* a list\n", "", "retry-after: 5\n"]
        {
            check(printed, printed);
        }
    }
}
