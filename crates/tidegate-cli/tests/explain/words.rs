//! The page for people: every fact with where it was read. Never here: JSON.

use crate::running::explain;

#[track_caller]
fn check(args: &[&str], pasted: &str, says: &[&str]) {
    let said = explain(&[args, &["--now", "1700000000"]].concat(), pasted.as_bytes()).read();
    for text in says {
        assert!(said.contains(text), "{text:?} isn't in:\n{said}");
    }
}

#[test]
fn a_page_says_what_was_read_and_where() {
    let pasted = "HTTP/2 403 \r\nx-ratelimit-limit: 60\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-used: 60\r\nx-ratelimit-reset: 1700000900\r\nx-ratelimit-resource: core\r\n\r\n{\"message\": \"API rate limit exceeded for 192.0.2.1.\"}";
    let said =
        explain(&["--host", "https://api.github.com/user", "--now", "1700000000"], pasted.as_bytes()).read();
    let expected = "\
provider    github (api.github.com), by --host
status      403 Forbidden
limited     yes, this call was refused: from x-ratelimit-remaining
wait        900 s (15 min 0 s), until Tue, 14 Nov 2023 22:28:20 GMT: from x-ratelimit-reset
limit       60: from x-ratelimit-limit
remaining   0: from x-ratelimit-remaining
reset       in 900 s (15 min 0 s): from x-ratelimit-reset
scope       ip:core: from x-ratelimit-resource
message     \"API rate limit exceeded for 192.0.2.1.\": from the body
not needed  x-ratelimit-used

Tidegate would repeat this call, with the same body, after 900 s (15 min 0 s), and until then hold back other calls of the same resource and token.
";
    assert_eq!(said, expected);
}

#[test]
fn what_the_table_knows_is_told_as_such() {
    check(
        &["--provider", "webex"],
        "HTTP/1.1 429 A\r\n\r\n",
        &["webex, by --provider", "15 s, until", ": known of webex", "after 15 s"],
    );
}

#[test]
fn what_isnt_told_or_cannot_be_read_is_said() {
    check(
        &["--provider", "ietf"],
        "HTTP/1.1 429 A\r\n\r\n",
        &["yes, this call was refused: from status", "nothing told", "a pause of its own"],
    );
    check(
        &["--provider", "ietf"],
        "HTTP/1.1 429 A\r\nRetry-After: soon\r\nRateLimit: ?\r\n\r\n",
        &["nothing told", "unreadable  retry-after, ratelimit: malformed, so ignored"],
    );
    check(
        &[],
        "HTTP/1.1 429 A\r\nRetry-After: 99999999999999999999\r\n\r\n",
        &["2147483648 s (68 years)", "in place of a number that is too large", "would end here"],
    );
}

#[test]
fn a_refusal_that_no_waiting_lifts_is_told_apart() {
    check(
        &["--provider", "openai"],
        "HTTP/1.1 429 A\r\n\r\n{\"error\": {\"message\": \"Check your plan.\", \"code\": \"insufficient_quota\"}}",
        &[
            "yes, and no waiting lifts it: from the body",
            "none, since it would not help",
            "\"Check your plan.\"",
            "hand this answer back at once",
        ],
    );
}

#[test]
fn an_answer_that_passed_is_told_as_one() {
    check(
        &["--provider", "github"],
        "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n[]",
        &["limited     no\n", "nothing to wait for"],
    );
    check(
        &["--provider", "github"],
        "HTTP/1.1 404 A\r\n\r\n",
        &["no: here status 404 is about something else"],
    );
    check(
        &["--provider", "ietf"],
        "HTTP/1.1 503 A\r\nRetry-After: 5\r\n\r\n",
        &["no, but the service can't serve the call now", "after 5 s"],
    );
}

#[test]
fn the_generic_reading_says_how_to_do_better() {
    let pasted = "HTTP/1.1 429 A\r\n\r\n";
    check(&[], pasted, &["provider    generic", "hint: --host HOST or --provider NAME"]);
    check(
        &["--host", "api.example.org"],
        pasted,
        &["no row of the table names api.example.org", "hint: --provider NAME"],
    );
    let said = explain(&["--provider", "generic"], pasted.as_bytes()).read();
    assert!(!said.contains("hint:"), "{said}");
}

#[test]
fn without_a_clock_waits_end_by_the_answers_own_date() {
    let pasted = b"HTTP/1.1 429 A\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nRetry-After: 60\r\n\r\n";
    let said = explain(&["--provider", "webex"], pasted).read();
    assert!(said.contains("60 s, until Tue, 14 Nov 2023 22:14:20 GMT: from retry-after"), "{said}");
}

#[test]
fn a_body_that_cannot_be_read_leaves_the_head() {
    let pasted = b"HTTP/1.1 429 A\r\nContent-Encoding: gzip\r\nRetry-After: 5\r\n\r\n\x1f\x8b\x08\x00";
    let ended = explain(&["--provider", "webex"], pasted);
    assert_eq!(ended.code, Some(0));
    assert!(ended.err.starts_with("note: the body is compressed"), "{ended:?}");
    assert!(ended.out.contains("5 s, until"), "{ended:?}");
    let ended = explain(&["--provider", "slack"], b"HTTP/1.1 200 A\r\nContent-Length: 60\r\n\r\n");
    assert!(ended.err.contains("curl -si URL"), "{ended:?}");
}
