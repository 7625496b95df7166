//! The end: nothing new, everything begun is answered, and what isn't in time is cut and counted. Never here: a signal.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::raw::{self, echo_heads, message};
use super::{Running, bounds, terms, upstream};

const LONG: Duration = Duration::from_secs(60);

/// A server that says when it was asked, and answers when it is told to.
async fn hesitating() -> (std::net::SocketAddr, Arc<Notify>, Arc<Notify>) {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let both = (Arc::clone(&asked), Arc::clone(&answer));
    let server = upstream(move |_, mut stream| {
        let (asked, answer) = (Arc::clone(&both.0), Arc::clone(&both.1));
        async move {
            raw::head(&mut stream).await;
            asked.notify_one();
            answer.notified().await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
        }
    })
    .await;
    (server, asked, answer)
}

/// Comes back when nobody listens there any more.
async fn closed(at: std::net::SocketAddr) {
    while TcpStream::connect(at).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_under_way_is_answered_and_nothing_new_is_taken() {
    let (server, asked, answer) = hesitating().await;
    let gateway = Running::to(server, bounds(), terms());
    let at = gateway.at;
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    asked.notified().await;
    let stopped = tokio::spawn(gateway.stop(LONG));
    closed(at).await;
    answer.notify_one();
    let answer = message(&mut caller).await;
    assert_eq!((answer.status(), answer.field("connection")), ("200", Some("close")));
    assert_eq!(raw::rest(&mut caller).await, "", "the connection ends");
    assert_eq!(stopped.await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_that_was_sent_before_the_end_is_answered() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    for _ in 0..20 {
        let gateway = Running::to(server, bounds(), terms());
        let mut callers = Vec::new();
        for _ in 0..10 {
            let mut caller = gateway.call().await;
            caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            callers.push(caller);
        }
        let stopped = tokio::spawn(gateway.stop(LONG));
        for caller in &mut callers {
            assert_eq!(message(caller).await.status(), "200");
        }
        assert_eq!(stopped.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn who_asks_nothing_holds_nothing_up() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    let mut idle = gateway.call().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut idle).await.status(), "200");
    let stopped = tokio::spawn(gateway.stop(LONG));
    assert_eq!(raw::rest(&mut idle).await, "");
    assert_eq!(stopped.await.unwrap(), 0);
}

#[tokio::test]
async fn what_takes_too_long_is_cut_and_counted() {
    let (server, asked, _answer) = hesitating().await;
    let gateway = Running::to(server, bounds(), terms());
    let mut callers = Vec::new();
    for _ in 0..3 {
        let mut caller = gateway.call().await;
        caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        asked.notified().await;
        callers.push(caller);
    }
    assert_eq!(gateway.stop(Duration::from_millis(20)).await, 3);
    assert_eq!(raw::rest(&mut callers[0]).await, "");
}

#[tokio::test]
async fn over_http2_too_a_call_under_way_is_answered() {
    let (server, asked, answer) = hesitating().await;
    let gateway = Running::to(server, bounds(), terms());
    let at = gateway.at;
    let stream = TokioIo::new(gateway.call().await);
    let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await;
    let (mut sender, connection) = made.unwrap();
    let connection = tokio::spawn(connection);
    let call = sender.send_request(Request::get("http://a/").body(Empty::<Bytes>::new()).unwrap());
    let call = tokio::spawn(call);
    asked.notified().await;
    let stopped = tokio::spawn(gateway.stop(LONG));
    closed(at).await;
    answer.notify_one();
    let answer = call.await.unwrap().unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hi");
    connection.await.unwrap().unwrap();
    assert_eq!(stopped.await.unwrap(), 0);
}
