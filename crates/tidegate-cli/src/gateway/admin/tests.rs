//! The admin address over loopback, as operators and attackers use it: what its tests share. Never here: one part by
//! itself.

mod pages;
mod questions;
mod secrets;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tidegate::world;
use tokio::net::{TcpListener, TcpStream};

use super::Desk;
use crate::gateway::Walker;
use crate::gateway::gate::Gate;
use crate::gateway::pools::Pools;
use crate::gateway::reload::Reloads;
use crate::gateway::source::{Legacy, Source};
use crate::office::Office;
use crate::policy::{self, Listen};
use crate::relay::drain::Drain;
use crate::relay::listen::Door;
use crate::relay::worker::Workers;

/// One limit that two calls of a token use up, and another that only looks on.
const LIMITS: &str = "
[[limit]]
name = \"rooms\"
match = { path = \"/v1/rooms/{*rest}\" }
key = \"bearer\"
quota = \"2 per hour\"

[[limit]]
name = \"all\"
key = \"ip\"
quota = \"1 per hour\"
mode = \"shadow\"
";

/// A gateway with its operators' door.
struct Stage {
    folder: tempfile::TempDir,
    gate: Arc<Gate>,
    front: SocketAddr,
    admin: SocketAddr,
    callers: Drain,
    /// Kept, since who tells nobody any more ends everything.
    operators: Drain,
    _workers: Workers,
}

impl Stage {
    /// In front of a server that says yes to everything; `gateway` is what is said beside that.
    async fn new(gateway: &str) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tidegate.toml");
        std::fs::write(&file, policy_text(upstream().await, gateway)).unwrap();
        let config = policy::open(&file).unwrap().config().unwrap();
        let bounds = config.gateway.bounds;
        let gate = Gate::new(config, world::now()).unwrap();
        let (callers, operators) = (Drain::new(), Drain::new());
        let any = Listen::Tcp(([127, 0, 0, 1], 0).into());
        let door = Door::open(&any, None).unwrap();
        let front = address(door.address());
        let walks = Arc::clone(&gate);
        let make = move |_| Walker { gate: Arc::clone(&walks), pools: Pools::default() };
        let workers = Workers::start(&[door], &bounds, NonZeroUsize::MIN, &callers, make).unwrap();
        let desk = Desk::new(
            Arc::clone(&gate),
            Arc::new(Reloads::new(Source::file(file, Legacy::AsInFile))),
            callers.told(),
        );
        let office = Office::open(&any).unwrap();
        let admin = address(office.address());
        tokio::spawn(office.serve(desk, operators.told()));
        Stage { folder, gate, front, admin, callers, operators, _workers: workers }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("tidegate.toml")
    }

    /// A call through the gateway.
    async fn call(&self, target: &str, token: &str) -> StatusCode {
        let request = Request::get(target)
            .header(HOST, "api.example")
            .header("authorization", format!("Bearer {token}"))
            .header("cookie", format!("session={token}"))
            .body(Full::default())
            .unwrap();
        send(self.front, request).await.0
    }

    async fn get(&self, target: &str) -> (StatusCode, String) {
        let request = Request::get(target).header(HOST, "localhost").body(Full::default()).unwrap();
        let (status, _, body) = send(self.admin, request).await;
        (status, body)
    }

    async fn post(&self, target: &str, body: impl ToString) -> (StatusCode, Value) {
        let (status, text) = self.post_text(target, body).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    async fn post_text(&self, target: &str, body: impl ToString) -> (StatusCode, String) {
        let request = Request::post(target)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))
            .unwrap();
        let (status, _, body) = send(self.admin, request).await;
        (status, body)
    }

    async fn state(&self) -> Value {
        let (status, text) = self.get("/state").await;
        assert_eq!(status, StatusCode::OK);
        serde_json::from_str(&text).unwrap()
    }
}

fn policy_text(upstream: SocketAddr, gateway: &str) -> String {
    format!(
        "[gateway]\nmemory = \"1 MiB\"\nupstreams = [{{ name = \"one\", url = \"http://{upstream}\" }}]\n{gateway}\n{LIMITS}"
    )
}

fn address(listen: &Listen) -> SocketAddr {
    match listen {
        Listen::Tcp(address) => *address,
        Listen::Unix(_) => panic!("a TCP door has a TCP address"),
    }
}

/// A server that says yes.
async fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service =
                service_fn(|_| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("yes"))) });
            let serve =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(serve);
        }
    });
    at
}

/// Sends one request on a connection of its own.
async fn send(to: SocketAddr, request: Request<Full<Bytes>>) -> (StatusCode, HeaderMap, String) {
    let stream = TcpStream::connect(to).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.into()).unwrap())
}
