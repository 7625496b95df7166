//! Callers who are too slow, too long or too many: each is let go, and nobody else suffers. Never here: a limit.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::raw::{self, echo_heads, message};
use super::{Running, bounds, terms, upstream};
use crate::policy::Bounds;

const SHORT: Duration = Duration::from_millis(20);

async fn gateway(bounds: Bounds) -> Running {
    Running::to(upstream(|_, stream| echo_heads(stream)).await, bounds, terms())
}

#[tokio::test]
async fn who_says_nothing_or_too_little_is_let_go() {
    let gateway = gateway(Bounds { head_time: SHORT, ..bounds() }).await;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let pipelined = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTT";
    for said in ["", "P", "PRI * HTTP", preface, "GET / HTTP/1.1\r\nHost: a\r\n", pipelined] {
        let mut caller = gateway.call().await;
        caller.write_all(said.as_bytes()).await.unwrap();
        let answers = raw::rest(&mut caller).await.matches("HTTP/1.1 200").count();
        assert_eq!(answers, usize::from(said == pipelined), "{said:?}");
    }
}

#[tokio::test]
async fn who_was_answered_and_asks_no_more_is_let_go() {
    let gateway = gateway(Bounds { idle: SHORT, ..bounds() }).await;
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut caller).await.status(), "200");
    assert_eq!(raw::rest(&mut caller).await, "");
}

#[tokio::test]
async fn a_body_that_pauses_for_too_long_is_refused() {
    let server = upstream(|_, mut stream| async move {
        raw::rest(&mut stream).await;
    })
    .await;
    let gateway = Running::to(server, Bounds { body_pause: SHORT, ..bounds() }, terms());
    for said in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ] {
        let mut caller = gateway.call().await;
        caller.write_all(said.as_bytes()).await.unwrap();
        let answer = raw::rest(&mut caller).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}

#[tokio::test]
async fn a_caller_who_does_not_take_the_answer_is_let_go() {
    let server = upstream(|_, mut stream| async move {
        raw::head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let part = vec![b'x'; 64 * 1024];
        while stream.write_all(&part).await.is_ok() {}
    })
    .await;
    let gateway = Running::to(server, Bounds { body_pause: SHORT, ..bounds() }, terms());
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // No call is left, and so nothing is to be waited for; the answer has no end that would come by itself.
    assert_eq!(gateway.stop(Duration::from_secs(60)).await, 0);
}

#[tokio::test]
async fn heads_have_a_size_and_a_number_of_fields() {
    let bounds = Bounds {
        head_bytes: NonZeroUsize::new(1000).unwrap(),
        fields: NonZeroUsize::new(10).unwrap(),
        ..bounds()
    };
    let gateway = gateway(bounds).await;
    let (long, many) = ("a".repeat(1000), "X: y\r\n".repeat(10));
    for (said, status) in [
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), "431"),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long.repeat(9)), "431"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "200"),
    ] {
        let mut caller = gateway.call().await;
        caller.write_all(said.as_bytes()).await.unwrap();
        assert_eq!(message(&mut caller).await.status(), status, "{said:.40}");
    }
}

#[tokio::test]
async fn further_connections_wait_until_there_is_room() {
    let gateway = gateway(Bounds { connections: NonZeroU32::MIN, ..bounds() }).await;
    let mut first = gateway.call().await;
    first.write_all(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut first).await.status(), "200");
    let mut second = gateway.call().await;
    second.write_all(b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    first.write_all(b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(message(&mut first).await.body.starts_with("GET /3 "));
    let waits = tokio::time::timeout(SHORT, message(&mut second)).await;
    assert!(waits.is_err(), "a second connection was served: {waits:?}");
    drop(first);
    assert!(message(&mut second).await.body.starts_with("GET /2 "));
}
