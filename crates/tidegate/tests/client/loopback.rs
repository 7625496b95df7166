//! The layer around hyper's own client, over a real connection to ourselves. Never here: a network.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tidegate::client::{Broken, WaitError, WaitLayer};
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};

/// What a request was: the connection it came on, its length if told, and its body.
type Log = Arc<Mutex<Vec<(SocketAddr, Option<String>, Bytes)>>>;

/// A server that refuses the first requests and lets the others pass.
async fn server(refuses: usize, log: Log) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let log = log.clone();
            let service =
                service_fn(move |request: Request<Incoming>| answer(refuses, peer, log.clone(), request));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    address
}

async fn answer(
    refuses: usize,
    peer: SocketAddr,
    log: Log,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let length = request.headers().get("content-length").map(|length| length.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let number = {
        let mut log = log.lock().unwrap();
        log.push((peer, length, body));
        log.len()
    };
    // A wait in the past: what is tested here is the connection, not the clock.
    let refused = Response::builder().status(429).header("retry-after", "0").body(Full::from("slow down"));
    Ok(if number <= refuses { refused.unwrap() } else { Response::new(Full::from("done")) })
}

fn layer() -> WaitLayer {
    WaitLayer::new().repeat_if(|error: &legacy::Error| match error.is_connect() {
        true => Broken::NeverSent,
        false => Broken::MayBeDone,
    })
}

#[tokio::test]
async fn an_upload_is_refused_and_sent_again_on_the_same_connection() {
    let log = Log::default();
    let address = server(2, log.clone()).await;
    let client = layer().layer(Client::builder(TokioExecutor::new()).build_http());
    let body = Bytes::from(vec![b'x'; 200_000]);
    let request = Request::post(format!("http://{address}/files")).body(Full::new(body.clone())).unwrap();
    let answer = client.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "done");
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 3);
    for (peer, length, seen) in &*log {
        assert_eq!(*peer, log[0].0, "the refusal was read to its end, so the connection is used again");
        assert_eq!(length.as_deref(), Some("200000"));
        assert!(*seen == body);
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_the_inner_error_of_a_request_that_never_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = layer().tries(2).layer(Client::builder(TokioExecutor::new()).build_http());
    let request = Request::post(format!("http://{address}/")).body(Full::<Bytes>::default()).unwrap();
    let error = client.oneshot(request).await.unwrap_err();
    assert!(matches!(error, WaitError::Inner(_)), "{error}");
}

#[tokio::test]
async fn reqwest_is_a_client_like_any_other() {
    let log = Log::default();
    let address = server(1, log.clone()).await;
    // reqwest wants a TLS provider even where no TLS is spoken.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let reqwest = reqwest::Client::builder().no_proxy().build().unwrap();
    let reqwest = tower::service_fn(move |request: Request<tidegate::client::Replay<Full<Bytes>>>| {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
        let reqwest = reqwest.clone();
        async move { reqwest.execute(request?).await.map(Response::<reqwest::Body>::from) }
    });
    let request = Request::post(format!("http://{address}/")).body(Full::from("text")).unwrap();
    let answer = WaitLayer::new().layer(reqwest).oneshot(request).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "done");
    let log = log.lock().unwrap();
    let seen: Vec<_> = log.iter().map(|(_, length, body)| (length.as_deref(), &body[..])).collect();
    assert_eq!(seen, [(Some("4"), b"text".as_slice()); 2]);
}
