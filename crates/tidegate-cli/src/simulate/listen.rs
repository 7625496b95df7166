//! The server's loop: connections in, each served until it ends. Never here: what is answered.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tidegate::world;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

use super::api::Api;
use crate::exit::{Exit, Failure};

/// How many connections are served at once; further ones wait in the system's queue.
const MOST_CONNECTIONS: usize = 4096;

/// How large a request's head may be, in bytes.
const MOST_HEAD: usize = 64 * 1024;

/// How long a client may take to send a request's head, and how long one may be silent who speaks HTTP/2: then it
/// is asked whether it is still there, and has as long to answer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait when the system can't give another socket.
const BREATHER: Duration = Duration::from_millis(100);

/// Takes the address, or says why it can't be had.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let said = match error.kind() {
            io::ErrorKind::AddrInUse => format!("can't listen on {address}: another program does already"),
            io::ErrorKind::AddrNotAvailable => {
                format!("can't listen on {address}: not an address of this machine")
            }
            io::ErrorKind::PermissionDenied => {
                format!("can't listen on {address}: the system forbids this port")
            }
            _ => format!("can't listen on {address}: {error}"),
        };
        Failure::new(Exit::Usage, said).hint("--listen 127.0.0.1:0 takes any free port")
    })
}

/// Serves the API on every connection, until it is dropped.
pub(crate) async fn serve(listener: TcpListener, api: Arc<Api>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let api = Arc::clone(&api);
                connections.spawn(async move {
                    serve_one(stream, api, HEAD_TIMEOUT).await;
                    drop(place);
                });
            }
            Err(_) => world::sleep_until(world::now().later(BREATHER)).await,
        }
    }
}

async fn serve_one(stream: TcpStream, api: Arc<Api>, head_timeout: Duration) {
    let _ = stream.set_nodelay(true);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_timeout).max_buf_size(MOST_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(head_timeout)
        .keep_alive_timeout(head_timeout)
        .max_header_list_size(MOST_HEAD as u32);
    let asked = Arc::new(Notify::new());
    let first = Arc::clone(&asked);
    let service = service_fn(move |request| {
        asked.notify_one();
        let api = Arc::clone(&api);
        async move { api.answer(request).await }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // While it isn't known which HTTP is spoken, no time-out of either runs.
    let begun = tokio::time::timeout(head_timeout, async {
        tokio::select! {
            _ = &mut connection => Begun::Ended,
            () = first.notified() => Begun::Asked,
        }
    });
    // A connection that breaks is its client's affair, or the scenario's: either way there is nobody to tell.
    if let Ok(Begun::Asked) = begun.await {
        let _ = connection.await;
    }
}

/// How a connection began.
enum Begun {
    Asked,
    Ended,
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tidegate_sim::Scenario;

    use super::*;
    use crate::simulate::Played;

    /// Says this much and no more, and stays: comes back when the server has ended the connection by itself.
    async fn check_ended(said: &str) {
        let listener = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.write_all(said.as_bytes()).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let api = Arc::new(Api::new(Played::new(Scenario::default(), 1)));
        serve_one(stream, api, Duration::from_millis(20)).await;
    }

    #[tokio::test]
    async fn who_says_nothing_or_too_little_is_let_go() {
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        for said in ["", "P", "PRI * HTTP", preface, "GET /v1/rooms HTTP/1.1\r\n"] {
            check_ended(said).await;
        }
    }

    #[tokio::test]
    async fn who_asked_once_and_is_silent_then_is_let_go() {
        check_ended("GET /_tidegate/stats HTTP/1.1\r\nHost: a\r\n\r\n").await;
    }
}
