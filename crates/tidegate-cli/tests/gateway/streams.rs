//! Bodies and tunnels through the real program: as they come, both ways, and within bounds. Never here: the end.

use std::time::Duration;

use tidegate::world;
use tokio::io::AsyncReadExt as _;

use crate::caller::request;
use crate::running::{Gateway, policy};
use crate::upstream::Upstream;

const CHUNKED: &[&str] = &["Transfer-Encoding: chunked"];

#[tokio::test]
async fn the_first_byte_goes_on_before_the_last_has_come_both_ways() {
    let upstream = Upstream::raw(|mut server| async move {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(char::from(server.0.read_u8().await.unwrap()));
        }
        assert_eq!(server.chunk().await.flatten().unwrap(), b"first");
        server.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n").await;
        assert_eq!(server.chunk().await.flatten().unwrap(), b"last");
        server.send("3\r\ntwo\r\n0\r\n\r\n").await;
        server.rest().await;
    })
    .await;
    let gateway = Gateway::start(&policy(&[upstream.url()], "", "")).await;
    let mut caller = gateway.caller().await;
    caller.send(request("POST", "/", CHUNKED)).await;
    caller.send("5\r\nfirst\r\n").await;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(caller.0.read_u8().await.unwrap());
    }
    // Each side waits for the other's part before it sends its own last one.
    assert_eq!(caller.chunk().await.flatten().unwrap(), b"one");
    caller.send("4\r\nlast\r\n0\r\n\r\n").await;
    assert_eq!(caller.chunk().await.flatten().unwrap(), b"two");
    assert_eq!(caller.chunk().await.flatten().unwrap(), b"");
}

#[tokio::test]
async fn a_tunnel_goes_both_ways_and_its_opening_counts() {
    let upstream = Upstream::raw(|mut server| async move {
        let asked = server.read("GET").await.unwrap();
        assert_eq!(asked.field("upgrade"), Some("websocket"));
        server.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nwelcome").await;
        while let Ok(byte) = server.0.read_u8().await {
            server.send([byte.to_ascii_uppercase()]).await;
        }
    })
    .await;
    let tables = "[[limit]]\nname = \"tunnels\"\nkey = []\nquota = \"1 per day\"\n";
    let gateway = Gateway::start(&policy(&[upstream.url()], "", tables)).await;
    let mut caller = gateway.caller().await;
    let ask = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"];
    assert_eq!(caller.ask("GET", "/ws", &ask).await.status(), 101);
    caller.send("no\0http").await;
    let mut said = [0; 14];
    caller.0.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"welcomeNO\0HTTP");
    assert_eq!(gateway.ask("GET", "/ws", &ask).await.status(), 429, "its opening was counted");
}

#[tokio::test]
async fn a_body_over_the_bound_is_refused_told_or_not() {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::start(&policy(&[upstream.url()], "bounds = { body = \"1 KiB\" }", "")).await;
    let told = gateway.ask("POST", "/", &["Content-Length: 1025"]).await;
    assert_eq!((told.status(), told.field("connection")), (413, Some("close")));
    assert_eq!(upstream.count(), 0);
    let mut caller = gateway.caller().await;
    caller.send(request("POST", "/", CHUNKED)).await;
    caller.send(format!("400\r\n{}\r\n1\r\nx\r\n0\r\n\r\n", "x".repeat(1024))).await;
    assert_eq!(caller.answer("POST").await.status(), 413);
    let mut caller = gateway.caller().await;
    caller.send(request("POST", "/", CHUNKED)).await;
    caller.send(format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(1024))).await;
    assert_eq!(caller.answer("POST").await.status(), 200, "a KiB is within it");
}

#[tokio::test]
async fn who_sends_too_slowly_is_closed_and_holds_up_nobody() {
    let upstream = Upstream::echo().await;
    let bounds = "bounds = { head-time = \"300ms\", body-pause = \"300ms\" }";
    let gateway = Gateway::start(&policy(&[upstream.url()], bounds, "")).await;
    let mut slow = gateway.caller().await;
    slow.send("GET / HTTP/1.1\r\nHost: a\r\n").await;
    let mut body = gateway.caller().await;
    body.send(request("POST", "/", &["Content-Length: 10"])).await;
    body.send("half").await;
    assert_eq!(gateway.ask("GET", "/", &[]).await.status(), 200, "meanwhile others are served");
    // A byte now and then doesn't help: it is the whole head that must come in time.
    let dripping = async {
        loop {
            world::sleep_until(world::now().later(Duration::from_millis(50))).await;
            slow.send("X").await;
        }
    };
    let answered = body.answer("POST");
    let answer = tokio::select! {
        () = dripping => unreachable!("it drips on"),
        answer = answered => answer,
    };
    assert_eq!(answer.status(), 408, "{answer:?}");
    let said = slow.rest().await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
}
