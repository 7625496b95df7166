//! The page for people: every fact with where it was read. Never here: JSON.

use crate::running::explain;

#[track_caller]
fn check(args: &[&str], pasted: &str, says: &[&str]) {
    let said = explain(&[args, &["--now", "1700000000"]].concat(), pasted.as_bytes()).noted(&[]);
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
found       x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset as epoch, x-ratelimit-resource
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
        &["webex, by --provider", "15 s, until", ": known for webex", "after 15 s"],
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
        &["no: status 404 alone doesn't mean a limit at github\n"],
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
    let said = explain(&["--provider", "generic"], pasted.as_bytes()).noted(&[]);
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
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
    assert!(ended.err.starts_with("note: the body is compressed, so nothing is read from it"), "{ended:?}");
    assert!(ended.out.contains("5 s, until"), "{ended:?}");
    let ended = explain(&["--provider", "slack"], b"HTTP/1.1 200 A\r\nContent-Length: 60\r\n\r\n");
    assert!(ended.err.contains("curl -si URL"), "{ended:?}");
}

#[test]
fn what_may_stand_in_a_body_is_no_plain_no() {
    let check = |pasted: &[u8], note: &str, says: &str| {
        let said = explain(&["--provider", "slack"], pasted).noted(&[note]);
        assert!(
            said.contains(&format!(
                "limited     can't tell: a refusal may stand in the body, which {says}\n"
            )),
            "{said}"
        );
        assert!(said.contains("By what can be read here, Tidegate would hand this answer back"), "{said}");
    };
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    let of = |body: &[u8]| [&head[..], body].concat();
    check(&of(b""), "curl -si URL", "isn't there");
    check(&of(b"\x1f\x8b\x08\x00"), "--compressed", "is compressed");
    check(&of(&[b' '; 66_000]), "of that size", "is larger than 64 KiB");
    check(&of(b"{\"ok\": false, \"err"), "all of it", "is cut off");
    check(&of(b"{\"ok\": false}429"), "curl -w", "has something behind its JSON");
    check(&of(b"{ok}"), "copying", "begins like JSON or is said to be, and isn't");
}

#[test]
fn each_field_is_in_the_list_that_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let rows = "[[dialect]]\nname = \"my-api\"\nwindows = [{ remaining = \"x-left\" }]\nwaits = [\"x-my-wait as ms\"]\nsource = \"mine\"\n";
    std::fs::write(&path, rows).unwrap();
    let pasted = "HTTP/2 429\nx-left: 0\nx-my-wait: soon\nx-other-limit: 5\nretry-after: soon\n\n";
    check(
        &["--provider", "my-api", "--dialects", path.to_str().unwrap()],
        pasted,
        &[
            "found       x-left\n",
            "unreadable  retry-after, x-my-wait as ms: malformed, so ignored\n",
            "unknown     x-other-limit: not understood by this row\n",
        ],
    );
}

#[test]
fn an_old_answer_is_told_as_one() {
    let pasted =
        b"HTTP/2 429\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1690000000\ncontent-length: 2\n\n{}";
    let note = |args: &[&str], note: &str| {
        explain(&[args, &["--provider", "github"]].concat(), pasted).noted(&[note])
    };
    note(&["--now", "1700000000"], "lies 115 days before the one in --now");
    note(&[], "days past: say --now if the answer is old");
    let dated = [b"HTTP/2 429\nDate: Tue, 14 Nov 2023 22:13:20 GMT\n".as_slice(), &pasted[11..]].concat();
    explain(&["--provider", "github"], &dated).noted(&["115 days before the answer's own Date"]);
}

#[test]
fn words_are_plain() {
    check(&["--provider", "github"], "HTTP/1.1 503 A\n\nbusy", &["no: a 503 that tells no wait", "\"busy\""]);
    check(
        &["--provider", "ietf"],
        "HTTP/1.1 529 A\n\n",
        &["status      529\n", "alone doesn't mean a limit\n"],
    );
    check(
        &["--provider", "github"],
        "HTTP/1.1 200 A\nx-ratelimit-remaining: 0\nx-ratelimit-reset: 1700000030\n\n[]",
        &["no, but nothing is left: the next call is held back\n"],
    );
    check(
        &["--provider", "github"],
        "HTTP/1.1 429 A\nx-ratelimit-remaining: 9\nx-ratelimit-reset: 1700000900\n\n",
        &["60 s, until Tue, 14 Nov 2023 22:14:20 GMT, whatever the reset: known for github"],
    );
    check(&["--provider", "webex"], "HTTP/1.1 429 A\nRetry-After: 0\n\n", &["1 s, until", "the least there"]);
}
