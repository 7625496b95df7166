//! TLS on both sides, and certificates that change. Never here: a certificate that is kept.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::raw::{self, message};
use super::{Running, bounds, terms, upstream};
use crate::policy::{Tls, UpstreamAddress, UpstreamTerms};
use crate::relay::listen::{Refreshed, ServerTls};

/// Writes a new certificate for `localhost` and its key, and says which it is.
fn renew(files: &Tls) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&files.certificate, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn files(folder: &Path) -> Tls {
    Tls { certificate: folder.join("tls.crt"), key: folder.join("tls.key") }
}

/// A caller who believes one certificate and speaks one HTTP.
async fn call(
    at: std::net::SocketAddr,
    believed: &CertificateDer<'static>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(believed.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(at).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn behind_tls(server: std::net::SocketAddr, tls: &Arc<ServerTls>) -> Running {
    let address = UpstreamAddress::Http(server.to_string().parse().unwrap());
    Running::in_front_of(&address, bounds(), terms(), Some(Arc::clone(tls)))
}

#[tokio::test]
async fn both_http_are_spoken_in_tls() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let certificate = renew(&files);
    let server = upstream(|_, stream| raw::echo_heads(stream)).await;
    let gateway = behind_tls(server, &Arc::new(ServerTls::load(&files).unwrap()));
    let mut caller = call(gateway.at, &certificate, "http/1.1").await.unwrap();
    caller.write_all(b"GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let answer = message(&mut caller).await;
    assert!(answer.body.starts_with("GET /1 ") && answer.body.contains("x-forwarded-proto: https\r\n"));
    let caller = call(gateway.at, &certificate, "h2").await.unwrap();
    let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(caller)).await;
    let (mut sender, connection) = made.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://localhost/2").body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert!(answer.into_body().collect().await.unwrap().to_bytes().starts_with(b"GET /2 "));
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_who_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let old = renew(&files);
    let tls = Arc::new(ServerTls::load(&files).unwrap());
    let gateway = behind_tls(upstream(|_, stream| raw::echo_heads(stream)).await, &tls);
    let mut before = call(gateway.at, &old, "http/1.1").await.unwrap();
    assert_eq!(tls.refresh().unwrap(), Refreshed::Unchanged);
    let new = renew(&files);
    assert_eq!(tls.refresh().unwrap(), Refreshed::Changed);
    assert_eq!(tls.refresh().unwrap(), Refreshed::Unchanged);
    assert!(call(gateway.at, &old, "http/1.1").await.is_err(), "the old one is no longer shown");
    call(gateway.at, &new, "http/1.1").await.unwrap();
    before.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(message(&mut before).await.status(), "200", "who was there stays");
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let good = renew(&files);
    let tls = Arc::new(ServerTls::load(&files).unwrap());
    let gateway = behind_tls(upstream(|_, stream| raw::echo_heads(stream)).await, &tls);
    let another = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (bad, said) in [
        ("".to_owned(), "no certificate"),
        ("-----BEGIN CERTIFICATE-----\n".to_owned(), "tls.crt"),
        (another.cert.pem(), "the key"),
    ] {
        fs::write(&files.certificate, bad).unwrap();
        let failure = tls.refresh().unwrap_err().to_string();
        assert!(failure.contains("tls.crt") && failure.contains(said), "{failure}");
        assert_eq!(tls.refresh().unwrap(), Refreshed::Unchanged);
        call(gateway.at, &good, "http/1.1").await.unwrap();
    }
    fs::remove_file(&files.certificate).unwrap();
    assert!(tls.reload().is_err());
    call(gateway.at, &good, "http/1.1").await.unwrap();
}

#[tokio::test]
async fn who_stops_in_the_middle_of_a_handshake_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    renew(&files);
    let tls = Some(Arc::new(ServerTls::load(&files).unwrap()));
    let address = UpstreamAddress::Http("127.0.0.1:1".parse().unwrap());
    let bounds = crate::policy::Bounds { head_time: std::time::Duration::from_millis(20), ..bounds() };
    let gateway = Running::in_front_of(&address, bounds, terms(), tls);
    let mut caller = gateway.call().await;
    caller.write_all(b"\x16\x03\x01").await.unwrap();
    assert_eq!(raw::rest(&mut caller).await, "");
}

/// A server in TLS that answers one call, and its certificate's file.
async fn in_tls(folder: &Path) -> (std::net::SocketAddr, Tls) {
    let files = files(folder);
    renew(&files);
    let config = {
        let tls = ServerTls::load(&files).unwrap();
        tls.shown()
    };
    let server = upstream(move |_, stream| {
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            raw::head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
        }
    })
    .await;
    (server, files)
}

#[tokio::test]
async fn a_server_in_tls_is_spoken_to_if_its_certificate_is_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    let (server, files) = in_tls(folder.path()).await;
    let other = tempfile::tempdir().unwrap();
    let others = self::files(other.path());
    renew(&others);
    for (authorities, status) in [(files.certificate, "200"), (others.certificate, "502")] {
        let terms = UpstreamTerms { authorities: Some(authorities), ..terms() };
        let address = UpstreamAddress::Https(format!("localhost:{}", server.port()).parse().unwrap());
        let gateway = Running::in_front_of(&address, bounds(), terms, None);
        let mut caller = gateway.call().await;
        caller.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert_eq!(message(&mut caller).await.status(), status);
    }
}
