//! Connections to servers: used again, found stale, refused, timed out, shared. Never here: a caller's side.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixListener;
use tokio::sync::Notify;

use super::raw::{self, echo_heads, message};
use super::{Running, bounds, terms, upstream};
use crate::policy::{UpstreamAddress, UpstreamTerms, UpstreamVersion};
use crate::relay::fault::Fault;
use crate::relay::forward::Outgoing;
use crate::relay::reach::Unreached;
use crate::relay::upstream::{Authorities, HostSeen, Reached, Server};

const SHORT: Duration = Duration::from_millis(20);

fn server(address: &UpstreamAddress, terms: &UpstreamTerms) -> Arc<Server> {
    let authorities = Authorities::load(terms, std::slice::from_ref(address)).unwrap();
    Server::new(address, terms, &authorities, HostSeen::Own).unwrap()
}

fn at(address: std::net::SocketAddr) -> UpstreamAddress {
    UpstreamAddress::Http(address.to_string().parse().unwrap())
}

fn request(method: &str) -> Request<Outgoing> {
    Request::builder().method(method).uri("/health").body(Outgoing::empty()).unwrap()
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let address = upstream(move |_, stream| {
        count.fetch_add(1, Ordering::Relaxed);
        echo_heads(stream)
    })
    .await;
    let server = server(&at(address), &terms());
    for _ in 0..5 {
        let answer = server.send(request("GET")).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(body.starts_with(format!("GET /health HTTP/1.1\r\nhost: {address}\r\n").as_bytes()));
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_stale_connection_costs_no_call_of_any_method() {
    // Each connection is closed after its first answer, without a word that it will be.
    let closed = Arc::new(Notify::new());
    let tell = Arc::clone(&closed);
    let address = upstream(move |_, mut stream| {
        let tell = Arc::clone(&tell);
        async move {
            message(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
            drop(stream);
            tell.notify_one();
        }
    })
    .await;
    let server = server(&at(address), &terms());
    for _ in 0..50 {
        let answer = server.send(request("POST")).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hi");
        closed.notified().await;
        // The runtime hears of it when it next asks the system.
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_never_reached_a_server_is_given_back() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for version in [UpstreamVersion::Http1, UpstreamVersion::Http2] {
        let server = server(&at(address), &UpstreamTerms { version, ..terms() });
        let error = server.send(request("POST")).await.unwrap_err();
        assert_eq!((error.reached, error.fault), (Reached::Never, Fault::Unreachable(Unreached::Refused)));
        assert_eq!(error.request.unwrap().method(), "POST");
    }
}

#[tokio::test]
async fn what_a_server_may_have_seen_is_not_given_back() {
    let address = upstream(|_, mut stream| async move {
        raw::head(&mut stream).await;
    })
    .await;
    let error = server(&at(address), &terms()).send(request("POST")).await.unwrap_err();
    assert_eq!((error.reached, error.fault), (Reached::Perhaps, Fault::UpstreamBroke));
    assert!(error.request.is_none());
}

#[tokio::test]
async fn an_answer_that_does_not_begin_is_given_up() {
    let address = upstream(|_, mut stream| async move {
        raw::rest(&mut stream).await;
    })
    .await;
    let server = server(&at(address), &UpstreamTerms { answer: SHORT, ..terms() });
    let error = server.send(request("GET")).await.unwrap_err();
    assert_eq!((error.reached, error.fault), (Reached::Perhaps, Fault::UpstreamSlow));
    let gateway = Running::to(address, bounds(), UpstreamTerms { answer: SHORT, ..terms() });
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut caller).await.status(), "504");
}

#[tokio::test]
async fn a_server_that_never_comes_to_its_answer_is_given_up() {
    let address = upstream(|_, mut stream| async move {
        raw::head(&mut stream).await;
        while stream.write_all(&b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000)).await.is_ok() {}
    })
    .await;
    let error = server(&at(address), &UpstreamTerms { answer: SHORT, ..terms() });
    let error = error.send(request("GET")).await.unwrap_err();
    assert_eq!((error.reached, error.fault), (Reached::Perhaps, Fault::UpstreamSlow));
}

#[tokio::test]
async fn a_server_behind_a_socket_file_is_served_too() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("upstream.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        raw::head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
    });
    let server = server(&UpstreamAddress::Unix(path), &terms());
    let answer = server.send(request("GET")).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hi");
}

/// A server in HTTP/2, by prior knowledge, that says which authority and path it was asked for.
async fn http2(opened: Arc<AtomicUsize>) -> std::net::SocketAddr {
    upstream(move |_, stream| {
        opened.fetch_add(1, Ordering::Relaxed);
        let service = service_fn(|request: Request<Incoming>| async move {
            let said = format!("{} {}", request.method(), request.uri());
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(said))))
        });
        async move {
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await
}

#[tokio::test]
async fn many_calls_share_a_connection_in_http2() {
    let opened = Arc::new(AtomicUsize::new(0));
    let address = http2(Arc::clone(&opened)).await;
    let terms = UpstreamTerms { version: UpstreamVersion::Http2, ..terms() };
    let one = server(&at(address), &terms);
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let one = Arc::clone(&one);
            tokio::spawn(async move { one.send(request("POST")).await.unwrap().into_body().collect().await })
        })
        .collect();
    for call in calls {
        let body = call.await.unwrap().unwrap().to_bytes();
        assert_eq!(body, format!("POST http://{address}/health"));
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    let gateway = Running::to(address, bounds(), terms);
    let mut caller = gateway.call().await;
    caller.write_all(b"GET //a HTTP/1.1\r\nHost: api.example\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut caller).await.body, "GET http://api.example/a");
}

#[tokio::test]
async fn a_refused_stream_never_reached_its_server() {
    let address = upstream(|_, stream| async move {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut answer))) = connection.accept().await {
            answer.send_reset(h2::Reason::REFUSED_STREAM);
        }
    })
    .await;
    let server = server(&at(address), &UpstreamTerms { version: UpstreamVersion::Http2, ..terms() });
    let error = server.send(request("POST")).await.unwrap_err();
    assert_eq!(error.reached, Reached::Never);
}

#[tokio::test]
async fn another_reset_leaves_open_what_was_done() {
    let address = upstream(|_, stream| async move {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut answer))) = connection.accept().await {
            answer.send_reset(h2::Reason::INTERNAL_ERROR);
        }
    })
    .await;
    let server = server(&at(address), &UpstreamTerms { version: UpstreamVersion::Http2, ..terms() });
    let error = server.send(request("POST")).await.unwrap_err();
    assert_eq!((error.reached, error.fault), (Reached::Perhaps, Fault::UpstreamBroke));
}

#[tokio::test]
async fn what_lies_idle_for_too_long_is_closed() {
    let (told, closed) = tokio::sync::oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let address = upstream(move |_, mut stream| {
        let told = told.lock().unwrap().take().unwrap();
        async move {
            message(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
            told.send(raw::rest(&mut stream).await).unwrap();
        }
    })
    .await;
    let server = server(&at(address), &UpstreamTerms { idle: SHORT, ..terms() });
    let answer = server.send(request("GET")).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hi");
    assert_eq!(closed.await.unwrap(), "");
}

#[tokio::test]
async fn a_call_that_a_dying_server_took_along_is_made_again_if_it_may() {
    let address = upstream(|number, mut stream| async move {
        message(&mut stream).await;
        if number > 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
        }
    })
    .await;
    let gateway = Running::to(address, bounds(), terms());
    let mut caller = gateway.call().await;
    caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut caller).await.body, "hi");
}
