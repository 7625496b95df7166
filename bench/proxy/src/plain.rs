//! A proxy of hyper and hyper-util as anybody would write it: bodies stream through, nothing is decided, nothing waits.
//! Never here: anything of Tidegate's.

use std::io;

use http::Request;
use http::uri::{Authority, Scheme};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// Serves at a port of loopback, in one thread, until it is killed.
pub fn serve(port: u16, upstream: &str) -> io::Result<()> {
    let authority: Authority = upstream.parse().map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<HttpConnector, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (client, authority) = (client.clone(), authority.clone());
            let pass = move |request| client.request(aimed(request, &authority));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(pass));
            // Whoever hangs up has nobody here to complain to.
            tokio::spawn(async { _ = connection.await });
        }
    })
}

/// The request as it goes to the upstream.
fn aimed(mut request: Request<Incoming>, authority: &Authority) -> Request<Incoming> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    (parts.scheme, parts.authority) = (Some(Scheme::HTTP), Some(authority.clone()));
    // A target that makes no URL goes nowhere, and the client says so.
    *request.uri_mut() = parts.try_into().unwrap_or_default();
    request
}
