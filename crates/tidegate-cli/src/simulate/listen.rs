//! The server's loop: connections in, each served until it ends. Never here: what is answered.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tidegate::world;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::api::Api;
use crate::exit::{Exit, Failure};

/// How many connections are served at once; further ones wait in the system's queue.
const MOST_CONNECTIONS: usize = 4096;

/// How large a request's head may be, in bytes.
const MOST_HEAD: usize = 64 * 1024;

/// How long a client may take to send a request's head.
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
                    serve_one(stream, api).await;
                    drop(place);
                });
            }
            Err(_) => world::sleep_until(world::now().later(BREATHER)).await,
        }
    }
}

async fn serve_one(stream: TcpStream, api: Arc<Api>) {
    let _ = stream.set_nodelay(true);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MOST_HEAD);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(MOST_HEAD as u32);
    let service = service_fn(move |request| {
        let api = Arc::clone(&api);
        async move { api.answer(request).await }
    });
    // A connection that breaks is its client's affair, or the scenario's: either way there is nobody to tell.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
