//! What a server gets of a request's head, and a caller of an answer's. Never here: a body that streams.

use tokio::io::AsyncWriteExt as _;

use super::raw::{self, echo_heads, message};
use super::{Running, bounds, terms, upstream};

/// Sends a request, and checks what the server got of it.
async fn check(request: &str, got: &str) {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    caller.write_all(request.as_bytes()).await.unwrap();
    let answer = message(&mut caller).await;
    assert_eq!(answer.status(), "200", "{answer:?}");
    let mut lines: Vec<&str> = answer.body.lines().filter(|line| !line.is_empty()).collect();
    lines[1..].sort_unstable();
    assert_eq!(lines.join("\n"), got, "{request}");
}

const ADDED: &str = "x-forwarded-for: 127.0.0.1\nx-forwarded-host: a\nx-forwarded-proto: http";

#[tokio::test]
async fn a_server_gets_what_was_matched_and_nothing_of_the_connection() {
    check(
        "GET /v1/./x/..//%72ooms/?max=5 HTTP/1.1\r\nHost: a\r\nConnection: x-private\r\nX-Private: 1\r\nAccept: b\r\n\r\n",
        &format!("GET /v1/rooms/?max=5 HTTP/1.1\naccept: b\nhost: a\n{ADDED}"),
    )
    .await;
    check(
        "GET http://a/v1/rooms HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n",
        &format!("GET /v1/rooms HTTP/1.1\nhost: a\n{ADDED}"),
    )
    .await;
    check(
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        &format!("GET / HTTP/1.1\nhost: a\n{ADDED}"),
    )
    .await;
    check(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTE: gzip, trailers\r\nConnection: te\r\n\r\nGET ",
        &format!("POST / HTTP/1.1\nGET \ncontent-length: 4\nhost: a\nte: trailers\n{ADDED}"),
    )
    .await;
    check("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", &format!("OPTIONS * HTTP/1.1\nhost: a\n{ADDED}")).await;
}

/// Lets a server answer a request so, and checks what the caller gets before the connection ends.
async fn check_answer(method: &str, said: &'static str, got: &str) {
    let server = upstream(move |_, mut stream| async move {
        raw::head(&mut stream).await;
        stream.write_all(said.as_bytes()).await.unwrap();
    })
    .await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    let request = format!("{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    caller.write_all(request.as_bytes()).await.unwrap();
    let answer = raw::rest(&mut caller).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().filter(|line| !line.starts_with("date: ")).collect();
    lines[1..].sort_unstable();
    assert_eq!(format!("{}|{body}", lines.join("|")), got, "{said}");
}

#[tokio::test]
async fn a_caller_gets_the_answer_and_nothing_of_the_other_connection() {
    let close = "connection: close";
    check_answer(
        "GET",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x-b\r\nX-B: 1\r\nKeep-Alive: 5\r\nX-C: 2\r\n\r\nhi",
        &format!("HTTP/1.1 200 OK|{close}|content-length: 2|x-c: 2|hi"),
    )
    .await;
    check_answer(
        "HEAD",
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        &format!("HTTP/1.1 200 OK|{close}|content-length: 500|"),
    )
    .await;
    check_answer("GET", "HTTP/1.1 204 No Content\r\n\r\n", &format!("HTTP/1.1 204 No Content|{close}|"))
        .await;
    check_answer(
        "GET",
        "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 7\r\n\r\n",
        &format!("HTTP/1.1 304 Not Modified|{close}|etag: \"x\"|"),
    )
    .await;
    check_answer(
        "GET",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        &format!("HTTP/1.1 200 OK|{close}|content-length: 0|"),
    )
    .await;
    check_answer(
        "GET",
        "HTTP/1.0 200 OK\r\n\r\nuntil the end",
        &format!("HTTP/1.1 200 OK|{close}|transfer-encoding: chunked|D\r\nuntil the end\r\n0\r\n\r\n"),
    )
    .await;
}

#[tokio::test]
async fn what_is_not_http_is_a_bad_gateway() {
    for said in [
        "",
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    ] {
        let server = upstream(move |_, mut stream| async move {
            raw::head(&mut stream).await;
            stream.write_all(said.as_bytes()).await.unwrap();
        })
        .await;
        let gateway = Running::to(server, bounds(), terms());
        let mut caller = gateway.call().await;
        caller.write_all(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert_eq!(message(&mut caller).await.status(), "502", "{said:?}");
    }
}

#[tokio::test]
async fn methods_about_the_way_are_not_served() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    for request in ["CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut caller = gateway.call().await;
        caller.write_all(request.as_bytes()).await.unwrap();
        let answer = raw::rest(&mut caller).await;
        assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    }
}
