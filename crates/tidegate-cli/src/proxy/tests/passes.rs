//! What goes through as it is: streams, methods, statuses without bodies, changes of protocol. Never here: a wait.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;
use crate::relay::tests::raw::{expect, rest};

#[tokio::test]
async fn an_event_arrives_before_the_next_one_is_sent() {
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let may_go_on = std::sync::Mutex::new(Some(may_go_on));
    let server = upstream(move |_, mut stream| {
        let may_go_on = may_go_on.lock().unwrap().take();
        async move {
            head(&mut stream).await;
            let begin =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(format!("{begin}9\r\ndata: 1\n\n\r\n").as_bytes()).await.unwrap();
            if let Some(may_go_on) = may_go_on {
                may_go_on.await.unwrap();
            }
            stream.write_all(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let proxy = Running::to(server);
    let mut caller = TcpStream::connect(proxy.at).await.unwrap();
    caller.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    assert!(head(&mut caller).await.contains("text/event-stream"));
    expect(&mut caller, "9\r\ndata: 1\n\n\r\n").await;
    go_on.send(()).unwrap();
    expect(&mut caller, "9\r\ndata: 2\n\n\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn calls_on_one_connection_are_answered_in_turn() {
    let proxy = Running::to(upstream(|_, stream| echo_heads(stream)).await);
    let mut caller = TcpStream::connect(proxy.at).await.unwrap();
    for target in ["/v1/rooms?max=5&&x=%20", "/a%2Fb/../c;d//", "/"] {
        caller.write_all(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        let answer = message(&mut caller).await;
        assert!(answer.body.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{}", answer.body);
    }
}

#[tokio::test]
async fn answers_without_a_body_end_where_they_should() {
    let proxy = Running::to(
        answering(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        ])
        .await,
    );
    let mut caller = TcpStream::connect(proxy.at).await.unwrap();
    for (method, status, length) in
        [("HEAD", "200", Some("5")), ("DELETE", "204", None), ("GET", "304", None)]
    {
        caller.write_all(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        let answer = Message { head: head(&mut caller).await, body: String::new() };
        assert_eq!((answer.status(), answer.field("content-length")), (status, length), "{method}");
    }
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = message(&mut caller).await;
    assert_eq!((answer.status(), answer.body.as_str()), ("200", "hi"));
}

#[tokio::test]
async fn a_change_of_protocol_goes_through() {
    let server = upstream(|_, mut stream| async move {
        assert!(head(&mut stream).await.to_ascii_lowercase().contains("upgrade: websocket\r\n"));
        let agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        stream.write_all(agreed.as_bytes()).await.unwrap();
        expect(&mut stream, "ping").await;
        stream.write_all(b"pong").await.unwrap();
    })
    .await;
    let proxy = Running::to(server);
    let mut caller = TcpStream::connect(proxy.at).await.unwrap();
    let ask = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    caller.write_all(ask.as_bytes()).await.unwrap();
    assert!(head(&mut caller).await.starts_with("HTTP/1.1 101 "));
    caller.write_all(b"ping").await.unwrap();
    assert_eq!(rest(&mut caller).await, "pong");
}

#[tokio::test]
async fn what_becomes_of_a_call_that_breaks_is_said() {
    let breaking = || upstream(|_, mut stream| async move { _ = head(&mut stream).await });
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (server, request, status, word, said) in [
        (breaking().await, post, "502", "unknown", "may have been done"),
        (breaking().await, get, "502", "broken", "does no harm"),
        (nobody, post, "502", "unreachable", "nobody listens there; look whether the server runs"),
    ] {
        let answer = Running::to(server).ask(request).await;
        assert_eq!((answer.status(), answer.field("tidegate-refused")), (status, Some(word)), "{request}");
        assert!(answer.body.contains(said), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_next_page_leads_back_through_the_proxy() {
    let links = upstream(|_, mut stream| async move {
        let own = stream.local_addr().unwrap();
        head(&mut stream).await;
        let link = format!("Link: <http://{own}/v1/rooms?page=2>; rel=\"next\"");
        let answer = format!("HTTP/1.1 200 OK\r\n{link}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let mut config = Config { upstreams: vec![all(links)], ..usual::config() };
    config.upstreams[0].at = At::Prefix("/webex".into());
    let proxy = Running::by(config);
    let host = proxy.at;
    let answer = proxy.ask(&format!("GET /webex/v1/rooms HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    let next = format!("<http://{host}/webex/v1/rooms?page=2>; rel=\"next\"");
    assert_eq!(answer.field("link"), Some(next.as_str()));
}
