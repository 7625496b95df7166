//! Answers in all the forms in which people paste them, whole and broken. Never here: what a provider means.

use crate::running::explain;

fn json(pasted: &[u8]) -> serde_json::Value {
    // Without a body it is noted that there is none.
    let said = explain(&["--provider", "generic", "--now", "1700000000", "--json"], pasted).noted(&[]);
    serde_json::from_str(&said).unwrap()
}

/// The wait that `Retry-After` tells, in an answer that counts, and the message in its body.
#[track_caller]
fn check(pasted: &str, wait: u64, message: Option<&str>) {
    let said = json(pasted.as_bytes());
    assert_eq!(said["retry_after"], serde_json::json!({ "seconds": wait }), "{pasted}\n{said}");
    assert_eq!(said["feedback"]["limited"], true, "{pasted}\n{said}");
    assert_eq!(said["feedback"]["message"].as_str(), message, "{pasted}\n{said}");
}

const LIMITED: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n\r\n{\"message\": \"slow\"}";

#[test]
fn heads_of_all_versions_and_line_ends_are_read() {
    check(LIMITED, 5, Some("slow"));
    check(&LIMITED.replace('\r', ""), 5, Some("slow"));
    check(&LIMITED.replace("HTTP/1.1 429 Too Many Requests", "HTTP/2 429 "), 5, Some("slow"));
    check(&LIMITED.replace("HTTP/1.1", "HTTP/1.0"), 5, Some("slow"));
    check(&format!("\r\n\n{LIMITED}"), 5, Some("slow"));
    check(&format!("$ curl -si https://api.example.org/\n{LIMITED}"), 5, Some("slow"));
    check(&format!("\u{feff}{LIMITED}"), 5, Some("slow"));
    check("HTTP/1.1 429\r\nretry-after: 5", 5, None);
    check("HTTP/1.1 429\r\nretry-after:\r\n \t5\r\nserver : a\r\n\r\n", 5, None);
    check("HTTP/1.1 429\r\nretry-after: 5\r\n\r\nplain\nwords", 5, Some("plainwords"));
}

#[test]
fn of_several_heads_the_last_one_counts() {
    let before = [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 162\r\nRetry-After: 9\r\n\r\n",
        "HTTP/1.1 200 Connection established\r\nVia: a\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Type: text/html\r\n\r\nHTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 20\r\n\r\n",
        "HTTP/2 429 \r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n",
    ];
    for head in before {
        check(&format!("{head}{LIMITED}"), 5, Some("slow"));
    }
}

#[test]
fn a_body_that_looks_like_a_head_stays_a_body() {
    let said = json(format!("HTTP/1.1 200 OK\r\nContent-Type: message/http\r\n\r\n{LIMITED}").as_bytes());
    assert_eq!(said["feedback"]["limited"], false, "{said}");
    check(
        &format!("HTTP/1.1 429 A\r\nRetry-After: 7\r\n\r\n{}", "HTTP/1.1 200 OK"),
        7,
        Some("HTTP/1.1 200 OK"),
    );
    check(
        &format!("HTTP/1.1 302 Found\r\n\r\n{LIMITED}\r\n\r\n{LIMITED}")
            .replace("{\"message\": \"slow\"}", "x"),
        5,
        Some("xHTTP/1.1 429 Too Many RequestsRetry-After: 5x"),
    );
}

const LAST: &str = "HTTP/2 429 \r\nRetry-After: 5\r\n\r\n{\"message\": \"slow\"}";

#[test]
fn what_curl_prints_when_it_tries_again_is_read() {
    for before in [
        "HTTP/2 503 \r\nRetry-After: 9\r\n\r\n{\"message\": \"busy\"}",
        "HTTP/2 503 \r\nRetry-After: 9\r\n\r\n[]\r\n",
        "HTTP/1.1 503 A\r\nRetry-After: 9\r\nContent-Length: 4\r\n\r\nbusy",
        "HTTP/1.1 503 A\r\nContent-Length: 5\r\n\r\nbusy\nHTTP/2 503\r\na: b\r\n\r\n{}\n",
    ] {
        check(&format!("{before}{LAST}"), 5, Some("slow"));
    }
}

#[test]
fn a_body_that_quotes_an_answer_stays_a_body() {
    let quoted = serde_json::json!({ "message": LAST }).to_string();
    for (fields, body) in [("", quoted), ("Content-Length: 400\r\n", LAST.to_owned())] {
        let said = json(format!("HTTP/1.1 429 A\r\nRetry-After: 7\r\n{fields}\r\n{body}").as_bytes());
        assert_eq!(said["retry_after"]["seconds"], 7, "{said}");
    }
    let page = format!("HTTP/1.1 200 A\r\nContent-Type: text/html\r\n\r\n<p>slow</p>{LAST}");
    explain(&["--provider", "webex"], page.as_bytes()).noted(&["a whole head stands in the body"]);
}

#[test]
fn other_forms_of_a_paste_are_read() {
    let lines = LIMITED.replace('\r', "");
    let marked = |mark: &str| lines.lines().map(|line| format!("{mark}{line}\n")).collect::<String>();
    check(&marked("  "), 5, Some("slow"));
    check(&marked("> "), 5, Some("slow"));
    check(&format!("```\n{lines}\n```\n"), 5, Some("slow"));
    check(&lines.replace('\n', "\r"), 5, Some("slow"));
    check(&lines.replace("HTTP/1.1 429 Too Many Requests", ":status: 429"), 5, Some("slow"));
    check(&lines.replace("HTTP/1.1 ", ""), 5, Some("slow"));
    let wide = LIMITED.encode_utf16().flat_map(u16::to_le_bytes);
    let said = json(&[0xff, 0xfe].into_iter().chain(wide).collect::<Vec<u8>>());
    assert_eq!(said["feedback"]["message"], "slow", "{said}");
}

#[test]
fn what_curl_v_prints_is_read() {
    let printed = "* Connected to a\n> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/2 429\n< retry-after: 5\n<\n{\"message\": \"slow\"}* Connection #0 to host a left intact\n";
    check(printed, 5, Some("slow"));
}

#[test]
fn bytes_beyond_ascii_are_kept() {
    let said = json("HTTP/1.1 429 ü\r\nRetry-After: ١٢\r\nX-RateLimit-Scope: ü\r\n\r\n".as_bytes());
    assert_eq!(said["retry_after"], serde_json::json!({ "invalid": true }));
    let said = json(b"HTTP/1.1 429 \xff\r\nA: \xff\r\nRetry-After: 5\r\n\r\n\xff");
    assert_eq!(said["retry_after"]["seconds"], 5);
}

#[track_caller]
fn check_refused(pasted: &str, says: &[&str]) {
    explain::<&str>(&[], pasted.as_bytes()).refused(says);
}

#[test]
fn a_head_that_is_none_is_told_with_its_line() {
    check_refused(
        "Retry-After: 5\n",
        &["line 1 is the field retry-after", "the status line before it is missing", "curl -si"],
    );
    check_refused("404 page not found\n", &["line 1 is no status line", "without -i"]);
    check_refused("  HTTP/1.1 429 A\na: b\n", &["something stands before it", "all of them"]);
    check_refused("H\0T\0T\0P\0\n", &["zero bytes", "UTF-16"]);
    check_refused("\n\n{\"message\": 1}\n", &["line 3 is no status line", "without -i"]);
    check_refused("HTTP/1.1 abc\n", &["line 1 begins like a status line", "HTTP/2 429"]);
    check_refused(
        "HTTP/1.1 429\na: b\nno colon\n",
        &["line 3 is no field", "no colon", "an empty line before it"],
    );
    check_refused("HTTP/1.1 429\n{\"a\": 1}\n", &["line 2 is no field", "no valid name"]);
    check_refused("HTTP/1.1 429\n: b\n", &["line 2 is no field", "no valid name"]);
    check_refused("HTTP/1.1 429\n a: b\n", &["line 2 begins with a blank"]);
    check_refused("HTTP/1.1 429\na: \u{1}\n", &["line 2", "control character", "of a"]);
    check_refused("HTTP/1.1 302 A\n\nHTTP/1.1 429\nx\n", &["line 4 is no field"]);
    check_refused("< HTTP/1.1 429\n* words\n< x\n", &["line 3 is no field"]);
}

#[test]
fn no_value_is_told_in_an_error() {
    let ended = explain::<&str>(&[], b"HTTP/1.1 200\nSet-Cookie: s3cret\x01\n");
    assert!(!ended.err.contains("s3cret"), "{ended:?}");
    let ended = explain::<&str>(&[], b"HTTP/1.1 200\nBearer s3cret\n");
    assert!(!ended.err.contains("s3cret"), "{ended:?}");
}

#[test]
fn a_head_of_more_fields_than_can_be_held_is_an_error() {
    let fields: String = (0..40_000).map(|number| format!("x{number}: 1\n")).collect();
    check_refused(&format!("HTTP/2 200\n{fields}"), &["too many fields"]);
}
