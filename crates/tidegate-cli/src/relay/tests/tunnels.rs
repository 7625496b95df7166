//! Changes of protocol: bytes both ways once both sides agree. Never here: what is said in it.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::raw::{self, message};
use super::{Running, bounds, terms, upstream};

const ASK: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

/// A gateway in front of a server that agrees, speaks first, and says everything back.
async fn echoing() -> Running {
    let server = upstream(|_, mut stream| async move {
        let head = raw::head(&mut stream).await;
        assert!(
            head.contains("upgrade: websocket\r\n") && head.contains("connection: upgrade\r\n"),
            "{head}"
        );
        stream.write_all(format!("{AGREE}welcome").as_bytes()).await.unwrap();
        let mut said = [0; 1024];
        while let Ok(length @ 1..) = stream.read(&mut said).await {
            if stream.write_all(&said[..length]).await.is_err() {
                return;
            }
        }
    })
    .await;
    Running::to(server, bounds(), terms())
}

#[tokio::test]
async fn bytes_go_both_ways_once_both_agree() {
    let gateway = echoing().await;
    let mut caller = gateway.call().await;
    caller.write_all(ASK.as_bytes()).await.unwrap();
    let head = raw::head(&mut caller).await;
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("upgrade: websocket\r\n"), "{head}");
    assert!(
        head.contains("connection: upgrade\r\n") && head.contains("sec-websocket-accept: y\r\n"),
        "{head}"
    );
    raw::expect(&mut caller, "welcome").await;
    // None of this is HTTP, and none is touched.
    for said in ["\n\0\r", "GET / HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: x\r\n\r\n"] {
        caller.write_all(said.as_bytes()).await.unwrap();
        raw::expect(&mut caller, said).await;
    }
    caller.shutdown().await.unwrap();
    assert_eq!(raw::rest(&mut caller).await, "");
    assert_eq!(gateway.stop(Duration::from_secs(60)).await, 0);
}

#[tokio::test]
async fn a_tunnel_is_in_flight_until_it_ends() {
    let gateway = echoing().await;
    let mut caller = gateway.call().await;
    caller.write_all(ASK.as_bytes()).await.unwrap();
    raw::head(&mut caller).await;
    raw::expect(&mut caller, "welcome").await;
    assert_eq!(gateway.stop(Duration::from_millis(20)).await, 1);
    assert_eq!(raw::rest(&mut caller).await, "");
}

#[tokio::test]
async fn a_server_may_decline() {
    let server = upstream(|_, stream| raw::echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    for _ in 0..2 {
        caller.write_all(ASK.as_bytes()).await.unwrap();
        assert_eq!(message(&mut caller).await.status(), "200");
    }
}

#[tokio::test]
async fn nobody_gets_round_this_gateway_by_another_http() {
    let server = upstream(|_, stream| raw::echo_heads(stream)).await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    let ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    caller.write_all(ask.as_bytes()).await.unwrap();
    let answer = message(&mut caller).await;
    assert_eq!(answer.status(), "200");
    assert!(!answer.body.contains("upgrade") && !answer.body.contains("http2-settings"), "{answer:?}");
}

#[tokio::test]
async fn a_change_that_nobody_asked_for_is_a_bad_gateway() {
    let server = upstream(|_, mut stream| async move {
        raw::head(&mut stream).await;
        stream.write_all(AGREE.as_bytes()).await.unwrap();
        raw::rest(&mut stream).await;
    })
    .await;
    let gateway = Running::to(server, bounds(), terms());
    let mut caller = gateway.call().await;
    caller.write_all(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut caller).await.status(), "502");
}
