//! Whole walks, with limits: what callers try so that a call isn't counted. Never here: what a limit decides.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::policy::{self, Listen};
use crate::relay::listen::Door;
use crate::relay::tests::raw::{echo_heads, head, message};
use crate::relay::tests::upstream;

/// A gateway with limits in front of one server; it ends when this is dropped.
struct Limited {
    at: SocketAddr,
    _drain: Drain,
    _workers: Workers,
}

impl Limited {
    fn to(upstream: SocketAddr, limit: &str) -> Limited {
        let text = format!(
            "[gateway]\nmemory = \"1 MiB\"\nupstreams = \"http://{upstream}\"\n[[limit]]\nname = \"it\"\n{limit}"
        );
        let config = policy::read(&text, Path::new("")).unwrap().config;
        let bounds = config.gateway.bounds;
        let gate = Gate::new(config, tidegate::world::now()).unwrap();
        let door = Door::open(&Listen::Tcp(([127, 0, 0, 1], 0).into()), None).unwrap();
        let Listen::Tcp(at) = *door.address() else { panic!("a TCP door has a TCP address") };
        let drain = Drain::new();
        let make = move |_| Walker { gate: Arc::clone(&gate), pools: Pools::default() };
        let workers = Workers::start(&[door], &bounds, NonZeroUsize::MIN, &drain, make).unwrap();
        Limited { at, _drain: drain, _workers: workers }
    }

    /// The status that a request is answered with.
    async fn status(&self, request: &str) -> String {
        let mut caller = TcpStream::connect(self.at).await.unwrap();
        caller.write_all(request.as_bytes()).await.unwrap();
        message(&mut caller).await.status().to_owned()
    }
}

/// A server that reads a head and so much of what follows, and goes without an answer.
async fn breaking(after: usize) -> SocketAddr {
    upstream(move |_, mut stream| async move {
        head(&mut stream).await;
        let mut body = vec![0; after];
        stream.read_exact(&mut body).await.unwrap();
    })
    .await
}

#[tokio::test]
async fn who_hides_a_field_from_servers_hides_it_from_limits_too() {
    let server = upstream(|_, stream| echo_heads(stream)).await;
    let limit = "key = \"header:x-key\"\nmissing = \"by-address\"\nquota = \"1 per hour\"\n";
    let gateway = Limited::to(server, limit);
    let made_up =
        |key: &str| format!("GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\nConnection: x-key\r\n\r\n");
    assert_eq!(gateway.status(&made_up("one")).await, "200");
    assert_eq!(gateway.status(&made_up("two")).await, "429");
}

#[tokio::test]
async fn a_call_without_an_answer_costs_what_it_took() {
    let limit =
        "key = \"ip\"\nquota = \"100 per hour\"\ncost = { otherwise = { body-per-unit = \"1 KiB\" } }\n";
    let gateway = Limited::to(breaking(200 * 1024).await, limit);
    let body = format!("{:x}\r\n{}\r\n0\r\n\r\n", 200 * 1024, "x".repeat(200 * 1024));
    let request = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    assert_eq!(gateway.status(&request).await, "502");
    let small = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(gateway.status(small).await, "429", "200 units were used of 100");
}

#[tokio::test]
async fn that_there_is_no_other_server_does_not_hide_what_became_of_the_call() {
    let gateway = Limited::to(breaking(0).await, "key = \"ip\"\nquota = \"100 per hour\"\n");
    assert_eq!(gateway.status("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await, "502");
}
