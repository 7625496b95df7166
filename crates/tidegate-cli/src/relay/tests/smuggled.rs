//! Requests that two readers could end at different places: none reaches a server. Never here: what is plainly wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt as _;

use super::raw;
use super::{Running, bounds, terms, upstream};

/// Each must be answered by one 400 and the end of the connection, without a whole request reaching a server.
const AMBIGUOUS: &[&str] = &[
    // Two ways to say the length.
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
    // Numbers that aren't.
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
    // Codings that not everybody sees.
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\r\n: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    // Lines that end in another way.
    "GET / HTTP/1.1\nHost: a\n\n",
    "GET / HTTP/1.1\r\nHost: a\nContent-Length: 5\r\n\r\nabcde",
    "GET / HTTP/1.1\r\nHost: a\r\n\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 5\r\n\r\nabcde",
    "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
    "GET / HTTP/1.1\rHost: a\r\r",
    // Names and values that aren't.
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
    "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    "GET / x HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
    "GET /\r\n\r\n",
    // Chunks.
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n",
];

/// A server that counts requests that came whole, with an empty body at the end of a chunked one.
async fn counting(whole: Arc<AtomicUsize>) -> std::net::SocketAddr {
    upstream(move |_, mut stream| {
        let whole = Arc::clone(&whole);
        async move {
            let head = raw::head(&mut stream).await;
            let said = if head.contains("chunked") { raw::rest(&mut stream).await } else { String::new() };
            if head.ends_with("\r\n\r\n") && (!head.contains("chunked") || said.ends_with("0\r\n\r\n")) {
                whole.fetch_add(1, Ordering::Relaxed);
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    })
    .await
}

#[tokio::test]
async fn none_reaches_a_server() {
    let whole = Arc::new(AtomicUsize::new(0));
    let gateway = Running::to(counting(Arc::clone(&whole)).await, bounds(), terms());
    for request in AMBIGUOUS {
        let mut caller = gateway.call().await;
        let another = format!("{request}GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n");
        caller.write_all(another.as_bytes()).await.unwrap();
        let answer = raw::rest(&mut caller).await;
        let answers = answer.matches("HTTP/1.").count();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answers == 1, "{request:?} got {answer:?}");
        assert_eq!(whole.load(Ordering::Relaxed), 0, "{request:?} came through");
    }
}

#[tokio::test]
async fn nor_byte_by_byte() {
    let whole = Arc::new(AtomicUsize::new(0));
    let gateway = Running::to(counting(Arc::clone(&whole)).await, bounds(), terms());
    for request in AMBIGUOUS.iter().step_by(5) {
        let mut caller = gateway.call().await;
        for byte in request.bytes().chain(*b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n") {
            if caller.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let answer = raw::rest(&mut caller).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{request:?} got {answer:?}");
        assert_eq!(whole.load(Ordering::Relaxed), 0, "{request:?} came through");
    }
}

#[tokio::test]
async fn requests_in_a_row_are_told_apart() {
    let server = upstream(|_, stream| raw::echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    let first = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET ";
    let second = "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
    let third = "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    caller.write_all([first, second, third].concat().as_bytes()).await.unwrap();
    for path in ["POST /1 ", "GET /2 ", "GET /3 "] {
        let answer = raw::message(&mut caller).await;
        assert!(answer.body.starts_with(path), "{answer:?}");
    }
    assert_eq!(raw::rest(&mut caller).await, "");
}
