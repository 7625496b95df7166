//! Connections and answers that are broken: what happened, where, what to do, and the exit code. Never here: statuses
//! that are waits.

use std::process::Command;

use crate::running::{fetch, run};
use crate::server::{Reply, Server, answer, closed_port, ok};

#[test]
fn nobody_listens() {
    let port = closed_port();
    run(&mut fetch(&[format!("http://127.0.0.1:{port}/")]))
        .check(4, &[&format!("127.0.0.1:{port}"), "connection refused", "is the server running?"]);
}

#[test]
fn nobody_listens_at_the_proxy() {
    let port = closed_port();
    let proxied = |url: &str| {
        let mut command = fetch(&[url]);
        command.env("HTTP_PROXY", format!("http://me:s3cret@127.0.0.1:{port}")).env("NO_PROXY", "localhost");
        run(&mut command)
    };
    let ended = proxied("http://127.0.0.1:9911/");
    let through = "can't connect to 127.0.0.1:9911 through the proxy";
    ended
        .check(4, &[&format!("{through} http://127.0.0.1:{port} (from HTTP_PROXY)"), "is the proxy running"]);
    assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    let direct = proxied(&format!("http://localhost:{port}/"));
    direct.check(4, &["is the server running?"]);
    assert!(!direct.err.contains("proxy"), "{}", direct.err);
}

#[test]
fn tls_to_a_plain_port() {
    let server = Server::new(|_, _| ok(""));
    let url = server.url("/").replace("http:", "https:");
    run(&mut fetch(&[url])).check(4, &["doesn't answer in TLS", "http://"]);
}

#[test]
fn what_is_no_http() {
    let server = Server::new(|_, _| Reply::Close(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()));
    run(&mut fetch(&[server.url("/")])).check(4, &["is no HTTP"]);
}

#[test]
fn a_header_of_ten_megabytes() {
    let header = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'x'; 10 << 20], b"\r\n\r\n"].concat();
    let server = Server::new(move |_, _| Reply::Close(header.clone()));
    run(&mut fetch(&[server.url("/")])).check(4, &["header", "too large"]);
}

fn silent_after(start: &'static [u8]) -> Server {
    Server::new(move |_, _| Reply::Hang(start.to_vec()))
}

#[test]
fn a_body_of_which_nothing_more_comes() {
    let server = silent_after(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    let ended = run(&mut fetch(&["--timeout", "1s", &server.url("/")]));
    ended.check(4, &["nothing came from", "for 1 s", "--timeout"]);
    assert_eq!(ended.out, "half");
}

#[test]
fn an_answer_that_never_begins() {
    let server = silent_after(b"");
    run(&mut fetch(&["--timeout", "1s", "-X", "POST", &server.url("/")]))
        .check(4, &["nothing came from", "may have been done", "sent, outcome unknown: look whether"]);
    assert_eq!(server.received().len(), 1, "a POST that may have been done isn't sent again");
}

#[test]
fn a_post_that_meets_the_deadline_may_have_been_done() {
    let server = silent_after(b"");
    let ended = run(&mut fetch(&["--deadline", "2s", "-d", "pay=1", &server.url("/")]));
    let look = "sent, outcome unknown: look whether it was done before sending it again";
    ended.check(3, &[&format!("{look}: '{}'", server.url("/"))]);
}

#[test]
fn a_post_whose_answer_breaks_off_was_perhaps_done_and_a_refused_one_was_not() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    let server = Server::new(|_, request| match &*request.target {
        "/cut" => Reply::Close(cut.to_vec()),
        _ => answer("403 Forbidden", &[], b""),
    });
    run(&mut fetch(&["-d", "pay=1", &server.url("/cut")])).check(4, &["outcome unknown"]);
    let refused = run(&mut fetch(&["-d", "pay=1", &server.url("/403")]));
    refused.check(1, &["403 Forbidden"]);
    assert!(!refused.err.contains("unknown"), "{}", refused.err);
}

#[test]
fn a_post_that_was_redirected_to_its_result_was_perhaps_done() {
    let server = Server::new(|_, request| match &*request.target {
        "/pay" => answer("303 See Other", &["location: /receipt"], b""),
        _ => Reply::Hang(vec![]),
    });
    let url = server.url("/pay");
    let ended = run(&mut fetch(&["-L", "--timeout", "2s", "-d", "pay=1", &url]));
    ended.check(4, &[&format!("sending it again: '{url}'")]);
    assert_eq!(server.targets(), ["/pay", "/receipt"]);
    assert!(!ended.err.contains("go on with"), "{}", ended.err);
}

#[test]
fn a_redirect_that_says_no_place_cannot_be_followed() {
    let server = Server::new(|_, _| answer("302 Found", &[], b""));
    for flags in [&["-L"][..], &[]] {
        let ended = run(fetch(&[server.url("/")]).args(flags));
        ended.check(1, &["302 Found", "without saying where to"]);
        assert!(!ended.err.contains("-L"), "{}", ended.err);
    }
}

#[test]
fn a_body_that_never_ends_meets_the_deadline_or_the_cap() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let server = Server::new(move |_, _| Reply::Endless(head.clone(), b"[0, ".repeat(1000)));
    let null = ["-o", "/dev/null"];
    run(fetch(&["--deadline", "300ms", &server.url("/")]).args(null)).check(3, &["deadline"]);
    run(fetch(&["--max-body", "1MiB", &server.url("/")]).args(null))
        .check(1, &["larger than 1 MiB", "--max-body"]);
    run(fetch(&["--items", "", "--max-body", "1MiB", &server.url("/")]).args(null))
        .check(1, &["larger than 1 MiB"]);
}

#[test]
fn a_body_that_breaks_off() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    let server = Server::new(|_, _| Reply::Close(cut.to_vec()));
    run(&mut fetch(&[server.url("/")])).check(4, &["broke off before its end"]);
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    let server = Server::new(|_, _| Reply::Close(chunked.to_vec()));
    run(&mut fetch(&[server.url("/")])).check(4, &["broke off before its end"]);
}

#[test]
fn a_body_that_cannot_be_unpacked() {
    let server = Server::new(|_, _| answer("200 OK", &["content-encoding: gzip"], b"this is no gzip at all"));
    run(&mut fetch(&[server.url("/")])).check(4, &["can't be decoded", "Accept-Encoding: identity"]);
}

#[test]
fn a_connection_that_closes_without_a_word_is_tried_again_if_that_is_harmless() {
    let server = Server::new(|number, _| if number == 0 { Reply::Close(vec![]) } else { ok("second try") });
    let ended = run(&mut fetch(&[server.url("/")]));
    assert_eq!((ended.code, &*ended.out), (Some(0), "second try"), "{}", ended.err);

    let server = Server::new(|_, _| Reply::Close(vec![]));
    run(&mut fetch(&["-d", "pay=1", &server.url("/")])).check(4, &["may have been done", "Idempotency-Key"]);
    assert_eq!(server.received().len(), 1);
}

#[test]
fn answers_that_are_no_success() {
    let message = br#"{"message": "The requested resource could not be found.", "trackingId": "ROUTER_1"}"#;
    let server = Server::new(|_, request| match &*request.target {
        "/404" => answer("404 Not Found", &["trackingid: ROUTER_1"], message),
        "/401" => answer("401 Unauthorized", &[], b""),
        _ => answer("500 Internal Server Error", &["trackingid: evil id"], b"stack trace"),
    });
    let ended = run(&mut fetch(&[server.url("/404")]));
    ended.check(1, &["GET ", "404 Not Found", "ROUTER_1", "The requested resource could not be found."]);
    assert_eq!(ended.out, "");
    run(&mut fetch(&[server.url("/401")])).check(1, &["401 Unauthorized", "TIDEGATE_TOKEN"]);
    let ended = run(&mut fetch(&[server.url("/500")]));
    ended.check(1, &["500 Internal Server Error: stack trace"]);
    assert!(!ended.err.contains("evil"), "an ID that is none isn't shown");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let server = Server::new(|_, _| ok("something"));
    let ended = run(fetch(&[server.url("/")]).args(["-o", "/dev/full"]));
    ended.check(1, &["/dev/full", "No space left"]);
    let ended = run(Command::new("sh")
        .arg("-c")
        .arg("\"$0\" fetch \"$1\" > /dev/full")
        .args([env!("CARGO_BIN_EXE_tidegate"), &server.url("/")]));
    ended.check(1, &["standard output", "No space left"]);
}
