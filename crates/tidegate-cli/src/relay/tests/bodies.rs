//! Bodies both ways: as they come, with what follows them, and no more of them than fits. Never here: a time-out.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};

use super::raw::{self, message};
use super::{Running, bounds, terms, upstream};
use crate::policy::Bounds;

#[tokio::test]
async fn an_answer_s_first_part_arrives_before_its_last_is_sent() {
    let seen = Arc::new(Notify::new());
    let go_on = Arc::clone(&seen);
    let server = upstream(move |_, mut stream| {
        let go_on = Arc::clone(&go_on);
        async move {
            raw::head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                .await
                .unwrap();
            go_on.notified().await;
            stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(raw::head(&mut caller).await.starts_with("HTTP/1.1 200 "));
    raw::expect(&mut caller, "5\r\nfirst\r\n").await;
    seen.notify_one();
    raw::expect(&mut caller, "4\r\nlast\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn a_request_s_first_part_arrives_before_its_last_is_sent() {
    let (told, first) = oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let server = upstream(move |_, mut stream| {
        let told = told.lock().unwrap().take().unwrap();
        async move {
            let head = raw::head(&mut stream).await;
            assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
            raw::expect(&mut stream, "5\r\nfirst\r\n").await;
            told.send(()).unwrap();
            raw::expect(&mut stream, "4\r\nlast\r\n0\r\nx-sum: 9\r\n\r\n").await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    let head =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nfirst\r\n";
    caller.write_all(head.as_bytes()).await.unwrap();
    first.await.unwrap();
    caller.write_all(b"4\r\nlast\r\n0\r\nX-Sum: 9\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut caller).await.status(), "200");
}

#[tokio::test]
async fn trailers_reach_a_caller_who_takes_them() {
    let server = upstream(|_, mut stream| async move {
        raw::head(&mut stream).await;
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 9\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\n\r\n").await.unwrap();
    let head = raw::head(&mut caller).await;
    assert!(head.contains("trailer: X-Sum\r\n"), "{head}");
    raw::expect(&mut caller, "2\r\nhi\r\n0\r\nx-sum: 9\r\n\r\n").await;
}

#[tokio::test]
async fn a_body_is_asked_for_when_a_server_wants_it() {
    let server = upstream(|_, stream| raw::echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    let head = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    caller.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(raw::head(&mut caller).await, "HTTP/1.1 100 Continue\r\n\r\n");
    caller.write_all(b"hi").await.unwrap();
    let answer = message(&mut caller).await;
    assert!(answer.body.ends_with("\r\n\r\nhi") && !answer.body.contains("expect"), "{answer:?}");
}

/// Sends a body that is too long, and checks that it is refused and the connection ended.
async fn check_too_large(request: &str) {
    let server = upstream(|_, mut stream| async move {
        raw::rest(&mut stream).await;
    })
    .await;
    let gateway = Running::to(server, Bounds { body_bytes: 10, ..bounds() }, terms());
    let mut caller = gateway.call().await;
    caller.write_all(request.as_bytes()).await.unwrap();
    let answer = raw::rest(&mut caller).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_whether_it_says_so_or_not() {
    check_too_large("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").await;
    check_too_large(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nghijk\r\n",
    )
    .await;
}

#[tokio::test]
async fn a_server_waits_for_a_caller_who_does_not_read() {
    const ALL: usize = 512 * 1024 * 1024;
    let (told, taken) = oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let server = upstream(move |_, mut stream| {
        let told = told.lock().unwrap().take().unwrap();
        async move {
            raw::head(&mut stream).await;
            stream
                .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n").as_bytes())
                .await
                .unwrap();
            let (part, mut taken) = (vec![b'x'; 64 * 1024], 0);
            let patience = std::time::Duration::from_millis(300);
            while let Ok(Ok(written)) = tokio::time::timeout(patience, stream.write(&part)).await {
                taken += written;
            }
            told.send(taken).unwrap();
            raw::rest(&mut stream).await;
        }
    })
    .await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // What the system's buffers of two connections hold, and a little more.
    let taken = taken.await.unwrap();
    assert!(taken < 64 * 1024 * 1024, "{taken} bytes were taken for a caller who read none");
    let mut some = vec![0; 1024];
    caller.read_exact(&mut some).await.unwrap();
}

#[tokio::test]
async fn a_call_ends_when_its_caller_goes() {
    let (told, gone) = oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let asked = Arc::new(Notify::new());
    let tell_asked = Arc::clone(&asked);
    let server = upstream(move |_, mut stream| {
        let (told, asked) = (told.lock().unwrap().take().unwrap(), Arc::clone(&tell_asked));
        async move {
            raw::head(&mut stream).await;
            asked.notify_one();
            told.send(raw::rest(&mut stream).await).unwrap();
        }
    })
    .await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    asked.notified().await;
    drop(caller);
    assert_eq!(gone.await.unwrap(), "");
}

#[tokio::test]
async fn callers_in_http2_are_served_by_servers_in_http1() {
    let server = upstream(|_, stream| raw::echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    let stream = TokioIo::new(TcpStream::connect(gateway.at).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://api.example/v1/rooms?x")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Full::new(Bytes::new()))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.starts_with("GET /v1/rooms?x HTTP/1.1\r\n"), "{body}");
    for field in ["host: api.example\r\n", "cookie: a=1; b=2\r\n"] {
        assert!(body.contains(field), "{body}");
    }
}
