//! Tunnels: passed through, opened, refused, ended. Never here: a certificate by itself.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tidegate::world;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{Running, usual};
use crate::policy::UpstreamTerms;
use crate::proxy::authority::LocalAuthority;
use crate::proxy::settings::{Config, Forward, HostPattern, Intercept};
use crate::relay::tests::raw::{self, head, message};
use crate::relay::tests::upstream;

const LONG: Duration = Duration::from_secs(60);

fn forwarding(forward: Forward) -> Config {
    Config { forward: Some(forward), ..usual::config() }
}

fn passing() -> Running {
    Running::by(forwarding(Forward { hosts: None, intercept: None }))
}

impl Running {
    /// The answer to a CONNECT, and the connection.
    async fn connect(&self, place: &str) -> (String, TcpStream) {
        let mut caller = TcpStream::connect(self.at).await.unwrap();
        caller
            .write_all(format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        (head(&mut caller).await, caller)
    }

    async fn tunnel(&self, place: &str) -> TcpStream {
        let (answer, caller) = self.connect(place).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(!answer.to_lowercase().contains("content-length"), "{answer}");
        caller
    }

    async fn stop(self, within: Duration) -> usize {
        self.workers.drain(&self.drain, within).await
    }
}

/// A server that says everything back, in whatever protocol.
async fn echoing() -> SocketAddr {
    upstream(|_, mut stream| async move {
        let mut said = [0; 1024];
        while let Ok(length @ 1..) = stream.read(&mut said).await {
            if stream.write_all(&said[..length]).await.is_err() {
                return;
            }
        }
    })
    .await
}

/// An authority in a folder of its own.
pub(super) fn authority() -> (LocalAuthority, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (LocalAuthority::open(folder.path(), world::wall_clock()).unwrap(), folder)
}

/// A server in TLS, vouched for by this authority, that treats each connection as it is told.
pub(super) async fn in_tls<F>(
    authority: &LocalAuthority,
    treat: impl Fn(tokio_rustls::server::TlsStream<TcpStream>) -> F + Send + Sync + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let shown = authority.shown("localhost", world::wall_clock()).unwrap();
    let treat = Arc::new(treat);
    upstream(move |_, stream| {
        let (shown, treat) = (Arc::clone(&shown), Arc::clone(&treat));
        async move {
            if let Ok(stream) = TlsAcceptor::from(shown).accept(stream).await {
                treat(stream).await;
            }
        }
    })
    .await
}

/// A caller's TLS to `localhost` within a tunnel, who trusts the certificate in a file.
async fn secured(
    tunnel: TcpStream,
    trusted: PathBuf,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), tunnel).await
}

#[tokio::test]
async fn a_handshake_through_a_tunnel_is_with_the_host_itself() {
    let (others, _folder) = authority();
    let server = in_tls(&others, raw::echo_heads).await;
    let proxy = passing();
    let tunnel = proxy.tunnel(&format!("localhost:{}", server.port())).await;
    let mut caller = secured(tunnel, others.path().to_owned(), "http/1.1").await.unwrap();
    for _ in 0..2 {
        caller.write_all(b"GET /1 HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n").await.unwrap();
        assert_eq!(message(&mut caller).await.body, "GET /1 HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n");
    }
    assert_eq!(proxy.house.in_hand(), 1);
}

#[tokio::test]
async fn bytes_pass_unchanged_whenever_they_are_sent() {
    let server = echoing().await;
    let proxy = passing();
    let mut caller = TcpStream::connect(proxy.at).await.unwrap();
    // Before the answer, in one breath with the head, and nothing that HTTP would take.
    let said = "\n\0\r\r\n\nGET / HTTP/1.1\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
    caller
        .write_all(format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n\r\n{said}").as_bytes())
        .await
        .unwrap();
    assert!(head(&mut caller).await.starts_with("HTTP/1.1 200 "));
    raw::expect(&mut caller, said).await;
    caller.write_all(said.as_bytes()).await.unwrap();
    raw::expect(&mut caller, said).await;
}

#[tokio::test]
async fn a_side_that_has_ended_still_hears_the_other() {
    let server = upstream(|_, mut stream| async move {
        let said = raw::rest(&mut stream).await;
        stream.write_all(format!("{} bytes", said.len()).as_bytes()).await.unwrap();
    })
    .await;
    let proxy = passing();
    let mut caller = proxy.tunnel(&server.to_string()).await;
    caller.write_all(&[7; 100_000]).await.unwrap();
    caller.shutdown().await.unwrap();
    assert_eq!(raw::rest(&mut caller).await, "100000 bytes");
}

#[tokio::test]
async fn a_tunnel_that_does_not_come_about_is_refused_with_the_reason() {
    let hosts = [HostPattern::Below("example.com".into()), HostPattern::Exactly("127.0.0.1".into())];
    let proxy = Running::by(forwarding(Forward { hosts: Some(hosts.to_vec()), intercept: None }));
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (place, status, word) in [
        ("other.example:443", "403", "host"),
        (&closed.to_string(), "502", "unreachable"),
        (&proxy.at.to_string(), "508", "loop"),
        ("127.0.0.1", "400", "request"),
    ] {
        let mut caller = TcpStream::connect(proxy.at).await.unwrap();
        let asked =
            format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n\x16\x03\x01GET / HTTP/1.1\r\n\r\n");
        caller.write_all(asked.as_bytes()).await.unwrap();
        let answer = message(&mut caller).await;
        assert_eq!((answer.status(), answer.field("tidegate-refused")), (status, Some(word)), "{place}");
        assert_eq!(raw::rest(&mut caller).await, "", "{place}: the connection ends");
    }
}

#[tokio::test]
async fn forward_mode_that_is_off_has_no_tunnels() {
    let proxy = Running::to(echoing().await);
    assert!(proxy.connect("127.0.0.1:443").await.0.starts_with("HTTP/1.1 403 "));
}

#[tokio::test]
async fn the_end_does_not_wait_for_a_tunnel_in_which_nothing_is_owed() {
    let server = echoing().await;
    let proxy = passing();
    let mut caller = proxy.tunnel(&server.to_string()).await;
    caller.write_all(b"hello").await.unwrap();
    raw::expect(&mut caller, "hello").await;
    assert_eq!(proxy.stop(LONG).await, 0);
    assert_eq!(raw::rest(&mut caller).await, "");
}

#[tokio::test]
async fn the_end_cuts_and_counts_a_tunnel_in_which_an_answer_is_owed() {
    let heard = Arc::new(tokio::sync::Notify::new());
    let notify = Arc::clone(&heard);
    let server = upstream(move |_, mut stream| {
        let notify = Arc::clone(&notify);
        async move {
            stream.read_u8().await.unwrap();
            notify.notify_one();
            raw::rest(&mut stream).await;
        }
    })
    .await;
    let proxy = passing();
    let mut caller = proxy.tunnel(&server.to_string()).await;
    caller.write_all(b"?").await.unwrap();
    heard.notified().await;
    assert_eq!(proxy.stop(Duration::from_millis(50)).await, 1);
    assert_eq!(raw::rest(&mut caller).await, "");
}

/// A proxy that opens tunnels to `localhost`, its authority's certificate, and where they lead: to a server of this kind.
struct Opening {
    proxy: Running,
    certificate: PathBuf,
    place: String,
    _folders: [TempDir; 2],
}

impl Opening {
    async fn before<F>(
        treat: impl Fn(tokio_rustls::server::TlsStream<TcpStream>) -> F + Send + Sync + 'static,
    ) -> Opening
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (others, others_folder) = authority();
        let server = in_tls(&others, treat).await;
        let folder = tempfile::tempdir().unwrap();
        let hosts = vec![HostPattern::Exactly("localhost".into())];
        let intercept = Intercept { hosts: hosts.clone(), folder: folder.path().to_owned() };
        let config = forwarding(Forward { hosts: None, intercept: Some(intercept) });
        let terms = UpstreamTerms { authorities: Some(others.path().to_owned()), ..config.terms.clone() };
        let proxy = Running::by(Config { terms, ..config });
        let certificate = folder.path().join("tidegate-authority.crt");
        let place = format!("localhost:{}", server.port());
        Opening { proxy, certificate, place, _folders: [others_folder, folder] }
    }

    async fn caller(&self, protocol: &str) -> TlsStream<TcpStream> {
        let tunnel = self.proxy.tunnel(&self.place).await;
        secured(tunnel, self.certificate.clone(), protocol).await.unwrap()
    }
}

#[tokio::test]
async fn calls_within_an_opened_tunnel_walk_like_all_others() {
    let refused = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let opening = Opening::before(move |mut stream| {
        let refused = Arc::clone(&refused);
        async move {
            loop {
                let asked = message(&mut stream).await;
                if asked.head.is_empty() {
                    return;
                }
                let answer = if refused.swap(true, std::sync::atomic::Ordering::SeqCst) {
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", asked.head.len(), asked.head)
                } else {
                    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".into()
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let place = &opening.place;
    let mut caller = opening.caller("http/1.1").await;
    caller.write_all(format!("GET /v1?x HTTP/1.1\r\nHost: {place}\r\n\r\n").as_bytes()).await.unwrap();
    let answer = message(&mut caller).await;
    assert_eq!(
        (answer.status(), answer.field("tidegate-attempts")),
        ("200", Some("2")),
        "the wait is inside"
    );
    assert!(answer.body.starts_with("GET /v1?x HTTP/1.1\r\n"), "{answer:?}");
    assert!(answer.body.contains(&format!("host: {place}\r\n")), "{answer:?}");
    let stream = opening.caller("h2").await;
    let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = made.unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("https://{place}/v2")).body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"GET /v2 HTTP/1.1\r\n"), "{body:?}");
}

#[tokio::test]
async fn an_opened_tunnel_leads_to_the_host_that_it_was_asked_for_and_no_other() {
    let opening = Opening::before(raw::echo_heads).await;
    let place = &opening.place;
    for (asked, status, word) in [
        (format!("GET / HTTP/1.1\r\nHost: {place}\r\n\r\n"), "200", None),
        (format!("GET https://{place}/x HTTP/1.1\r\nHost: {place}\r\n\r\n"), "200", None),
        ("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n".into(), "421", Some("misdirected")),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".into(), "421", Some("misdirected")),
        (format!("GET https://other.example/ HTTP/1.1\r\nHost: {place}\r\n\r\n"), "421", Some("misdirected")),
        (format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n"), "501", Some("request")),
    ] {
        let mut caller = opening.caller("http/1.1").await;
        caller.write_all(asked.as_bytes()).await.unwrap();
        let answer = message(&mut caller).await;
        assert_eq!((answer.status(), answer.field("tidegate-refused")), (status, word), "{asked}");
    }
}

#[tokio::test]
async fn the_end_waits_for_calls_within_opened_tunnels_and_for_nothing_else_there() {
    let opening = Opening::before(raw::echo_heads).await;
    let mut idle = opening.caller("http/1.1").await;
    idle.write_all(format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", opening.place).as_bytes()).await.unwrap();
    assert_eq!(message(&mut idle).await.status(), "200");
    assert_eq!(opening.proxy.stop(LONG).await, 0);
    assert_eq!(raw::rest(&mut idle).await, "");
}

#[tokio::test]
async fn calls_within_opened_tunnels_that_take_too_long_are_cut_and_counted() {
    let heard = Arc::new(tokio::sync::Notify::new());
    let notify = Arc::clone(&heard);
    let opening = Opening::before(move |mut stream| {
        let notify = Arc::clone(&notify);
        async move {
            head(&mut stream).await;
            notify.notify_one();
            raw::rest(&mut stream).await;
        }
    })
    .await;
    let mut callers = Vec::new();
    // Different ones: identical calls would be one.
    for number in 0..2 {
        let mut caller = opening.caller("http/1.1").await;
        let asked = format!("GET /{number} HTTP/1.1\r\nHost: {}\r\n\r\n", opening.place);
        caller.write_all(asked.as_bytes()).await.unwrap();
        heard.notified().await;
        callers.push(caller);
    }
    assert_eq!(opening.proxy.stop(Duration::from_millis(50)).await, 2);
}
