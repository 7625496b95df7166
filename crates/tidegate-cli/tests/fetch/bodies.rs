//! The plain case: bodies out, bodies in, several URLs, redirects. Never here: pages, waits, failures.

use std::io::Write;
use std::process::Stdio;

use crate::running::{fetch, run};
use crate::server::{Reply, Server, answer, ok};

#[test]
fn a_body_goes_to_standard_output_and_nothing_else() {
    let server = Server::new(|_, _| answer("200 OK", &[], b"\x00hello\xff"));
    let output = fetch(&[server.url("/a?b=c")]).output().unwrap();
    assert_eq!(
        (output.status.code(), &*output.stdout, &*output.stderr),
        (Some(0), &b"\x00hello\xff"[..], &b""[..])
    );
    let request = &server.received()[0];
    assert_eq!((&*request.method, &*request.target), ("GET", "/a?b=c"));
    assert_eq!(request.header("user-agent"), Some(concat!("tidegate/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("transfer-encoding"), None);
    assert_eq!(request.header("content-length"), None);
}

#[test]
fn a_file_keeps_its_content_until_the_first_result() {
    let server = Server::new(|_, request| match &*request.target {
        "/good" => ok("new"),
        _ => answer("404 Not Found", &[], b""),
    });
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    std::fs::write(&path, "old content").unwrap();
    let to_file =
        |target: &str, more: &[&str]| run(fetch(&[server.url(target)]).arg("-o").arg(&path).args(more)).code;
    let content = || std::fs::read_to_string(&path).unwrap();
    assert_eq!((to_file("/bad", &[]), &*content()), (Some(1), "old content"));
    assert_eq!((to_file("/good", &[]), &*content()), (Some(0), "new"));
    assert_eq!((to_file("/good", &["--append"]), &*content()), (Some(0), "newnew"));
}

#[test]
fn bodies_are_sent_as_curl_sends_them() {
    let server = Server::new(|_, _| ok(""));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("body");
    std::fs::write(&path, "{\n\"a\": 1\r\n}").unwrap();
    let at = format!("@{}", path.display());
    let rows: [(&[&str], &str, &str, &str); 5] = [
        (&["-d", "a=1", "-d", "b=2"], "POST", "application/x-www-form-urlencoded", "a=1&b=2"),
        (&["-d", &at], "POST", "application/x-www-form-urlencoded", "{\"a\": 1}"),
        (&["--data-binary", &at, "-H", "Content-Type: text/x"], "POST", "text/x", "{\n\"a\": 1\r\n}"),
        (&["--json-body", &at, "-X", "PUT"], "PUT", "application/json", "{\n\"a\": 1\r\n}"),
        (&["-X", "DELETE", "-H", "content-type: none"], "DELETE", "none", ""),
    ];
    for (flags, method, kind, body) in rows {
        run(fetch(&[server.url("/")]).args(flags)).check(0, &[]);
        let request = server.received().pop().unwrap();
        assert_eq!((&*request.method, request.header("content-type")), (method, Some(kind)), "{flags:?}");
        assert_eq!(String::from_utf8_lossy(&request.body), body, "{flags:?}");
    }
}

#[test]
fn a_body_may_come_from_standard_input() {
    let server = Server::new(|_, _| ok(""));
    let mut child = fetch(&["-d", "@-", &server.url("/")]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"from a pipe").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(server.received()[0].body, b"from a pipe");
}

#[test]
fn compressed_bodies_come_out_plain() {
    // "hello\n" by gzip, zstd and brotli.
    let rows: [(&str, &[u8]); 3] = [
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\xe7\x02\0 0:6\x06\0\0\0"),
        ("zstd", b"\x28\xb5\x2f\xfd\x20\x06\x31\0\0hello\n"),
        ("br", b"\x8f\x02\x80hello\n\x03"),
    ];
    for (coding, bytes) in rows {
        let server =
            Server::new(move |_, _| answer("200 OK", &[&format!("content-encoding: {coding}")], bytes));
        let ended = run(&mut fetch(&[server.url("/")]));
        assert_eq!((ended.code, &*ended.out), (Some(0), "hello\n"), "{coding}: {}", ended.err);
        assert!(server.received()[0].header("accept-encoding").unwrap().contains(coding));
    }
}

#[test]
fn several_urls_come_out_in_the_order_typed() {
    // The first answer is held back until the last URL was asked for.
    let last_came = std::sync::Arc::new(std::sync::Barrier::new(2));
    let server = Server::new(move |_, request| {
        if matches!(&*request.target, "/1" | "/3") {
            last_came.wait();
        }
        ok(&format!("{}\n", request.target))
    });
    let ended = run(&mut fetch(&["--concurrency", "3", &server.url("/{1..3}"), &server.url("/{x,y}")]));
    assert_eq!((ended.code, &*ended.out), (Some(0), "/1\n/2\n/3\n/x\n/y\n"), "{}", ended.err);
}

#[test]
fn unordered_results_come_as_they_come() {
    let others_came = std::sync::Arc::new(std::sync::Barrier::new(2));
    let server = Server::new(move |_, request| {
        match &*request.target {
            "/1" | "/40" => drop(others_came.wait()),
            _ => {}
        }
        ok(&format!("{}\n", request.target))
    });
    let ended = run(&mut fetch(&["--concurrency", "2", "--unordered", &server.url("/{1..40}")]));
    let mut lines: Vec<&str> = ended.out.lines().collect();
    assert_ne!(lines[0], "/1", "{}", ended.err);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!((ended.code, lines.len()), (Some(0), 40));
}

#[test]
fn several_bodies_are_kept_apart_by_line_ends() {
    let bodies = |request: &str| match request {
        "/1" => "a",
        "/2" => "b\n",
        "/3" => "",
        _ => "c\nd",
    };
    let server = Server::new(move |_, request| ok(bodies(&request.target)));
    let out = |flags: &[&str], target: &str| run(fetch(flags).arg(server.url(target))).out;
    assert_eq!(out(&[], "/{1..4}"), "a\nb\nc\nd\n");
    assert_eq!(out(&["--concurrency", "2"], "/{1..4}"), "a\nb\nc\nd\n");
    let unordered = out(&["--concurrency", "2", "--unordered"], "/{1..4}");
    let mut lines: Vec<&str> = unordered.split_inclusive('\n').collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a\n", "b\n", "c\n", "d\n"]);
    assert_eq!(["/1", "/2", "/3", "/4"].map(|target| out(&[], target)), ["a", "b\n", "", "c\nd"]);
}

#[test]
fn redirects_are_followed_when_asked() {
    let server = Server::new(|_, request| match &*request.target {
        "/a" => answer("302 Found", &["location: b"], b""),
        "/b" => ok("here"),
        "/loop" => answer("308 Permanent Redirect", &["location: /loop"], b""),
        _ => answer("307 Temporary Redirect", &["location: ftp://x/"], b""),
    });
    run(&mut fetch(&[server.url("/a")])).check(1, &["302 Found", "redirects to b", "-L"]);
    let ended = run(&mut fetch(&["-L", "-d", "x", &server.url("/a")]));
    assert_eq!((ended.code, &*ended.out), (Some(0), "here"));
    assert_eq!(server.received().pop().unwrap().method, "GET");
    run(&mut fetch(&["-L", &server.url("/loop")])).check(1, &["more than 10 redirects"]);
    run(&mut fetch(&["-L", &server.url("/ftp")])).check(1, &["neither http nor https"]);
}

#[test]
fn a_proxy_of_the_environment_is_used() {
    let proxy = Server::new(|_, _| ok("by proxy"));
    let ended = run(fetch(&["http://host.invalid/x"]).env("HTTP_PROXY", proxy.url("")));
    assert_eq!((ended.code, &*ended.out), (Some(0), "by proxy"), "{}", ended.err);
    assert_eq!(proxy.targets(), ["http://host.invalid/x"]);
}

#[test]
fn a_reader_who_leaves_ends_it_quietly() {
    let body = vec![b'x'; 1 << 16];
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let server = Server::new(move |_, _| Reply::Endless(head.clone(), body.clone()));
    let mut child = fetch(&[server.url("/")]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr)), (Some(0), "".into()));
}
