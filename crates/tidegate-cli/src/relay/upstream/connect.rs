//! A new connection to a server: name, socket, TLS, first words. Never here: how long it is kept.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

use super::attentive::Attentive;
use super::http1::Live;
use super::http2::Shared;
use crate::exit::{Exit, Failure};
use crate::policy::{UpstreamAddress, UpstreamTerms, UpstreamVersion};
use crate::relay::fault::Fault;
use crate::relay::reach::{self, Unreached};
use crate::relay::stream::{Plain, Stream};

/// Who may vouch for servers that are spoken to in TLS.
#[derive(Clone, Debug)]
pub(crate) struct Authorities(Option<Arc<ClientConfig>>);

impl Authorities {
    /// Reads them where they are needed: the system's, or those of the policy's file.
    ///
    /// # Errors
    /// When the file can't be read or holds no certificate, or the system has none.
    pub(crate) fn load(terms: &UpstreamTerms, servers: &[UpstreamAddress]) -> Result<Authorities, Failure> {
        if !servers.iter().any(|address| matches!(address, UpstreamAddress::Https(_))) {
            return Ok(Authorities(None));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| failed(&error))?;
        let builder = match &terms.authorities {
            Some(file) => builder.with_root_certificates(roots(file)?),
            None => builder.with_platform_verifier().map_err(|error| failed(&error))?,
        };
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = match terms.version {
            UpstreamVersion::Http1 => vec![b"http/1.1".to_vec()],
            UpstreamVersion::Http2 => vec![b"h2".to_vec()],
        };
        Ok(Authorities(Some(Arc::new(config))))
    }
}

fn failed(error: &rustls::Error) -> Failure {
    Failure::new(Exit::Failed, format!("can't prepare TLS towards upstreams: {error}"))
        .hint("name a PEM file of authorities that the gateway shall believe")
}

/// The authorities of a PEM file.
fn roots(file: &Path) -> Result<RootCertStore, Failure> {
    let unread = |why: String| {
        Failure::new(Exit::Usage, format!("can't read authorities from {}: {why}", file.display()))
            .hint("it must be a PEM file with at least one certificate")
    };
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(file).map_err(|error| unread(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| unread(error.to_string()))?;
        roots.add(certificate).map_err(|error| unread(error.to_string()))?;
    }
    if roots.is_empty() { Err(unread("it holds no certificate".to_owned())) } else { Ok(roots) }
}

/// Opens connections to one server.
pub(super) struct Connector {
    address: UpstreamAddress,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    within: Duration,
}

impl Connector {
    pub(super) fn new(
        address: &UpstreamAddress,
        terms: &UpstreamTerms,
        authorities: &Authorities,
    ) -> Result<Connector, Failure> {
        let tls = match (address, &authorities.0) {
            (UpstreamAddress::Https(authority), Some(config)) => {
                let name = ServerName::try_from(bare(authority.host()).to_owned()).map_err(|_| {
                    Failure::new(
                        Exit::Usage,
                        format!("https://{authority} has no name that a certificate could have"),
                    )
                })?;
                Some((TlsConnector::from(Arc::clone(config)), name))
            }
            (UpstreamAddress::Https(authority), None) => {
                let said = format!("no authorities were read that could vouch for https://{authority}");
                return Err(Failure::new(Exit::Failed, said));
            }
            _clear => None,
        };
        Ok(Connector { address: address.clone(), tls, within: terms.connect })
    }

    pub(super) fn address(&self) -> &UpstreamAddress {
        &self.address
    }

    /// A connection in HTTP/1.1.
    pub(super) async fn http1(&self) -> Result<Box<Live>, Fault> {
        let stream = self.open().await?;
        let made = hyper::client::conn::http1::handshake(TokioIo::new(Attentive::new(stream))).await;
        let (sender, connection) = made.map_err(|_| Fault::Unreachable(Unreached::Closed))?;
        Ok(Box::new(Live::new(sender, connection)))
    }

    /// A connection in HTTP/2, driven by a task of its own, since many calls share it.
    pub(super) async fn http2(&self, idle: Duration) -> Result<Shared, Fault> {
        let stream = self.open().await?;
        let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).keep_alive_interval(idle).keep_alive_timeout(self.within);
        let made = builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = made.map_err(|_| Fault::Unreachable(Unreached::Closed))?;
        tokio::spawn(async move {
            // Each call on it is told what broke it.
            let _ = connection.await;
        });
        Ok(Shared::new(sender))
    }

    async fn open(&self) -> Result<Stream, Fault> {
        let opened = tokio::time::timeout(self.within, async {
            let plain = self.open_plain().await?;
            Ok(match &self.tls {
                None => Stream::Plain(plain),
                Some((tls, name)) => {
                    let stream = tls.connect(name.clone(), plain).await;
                    let stream = stream.map_err(|error| match Unreached::of(&error) {
                        Unreached::Closed => Unreached::NoTls,
                        why => why,
                    })?;
                    Stream::Tls(Box::new(stream.into()))
                }
            })
        });
        opened.await.unwrap_or(Err(Unreached::TimedOut)).map_err(Fault::Unreachable)
    }

    async fn open_plain(&self) -> Result<Plain, Unreached> {
        let (authority, usual) = match &self.address {
            UpstreamAddress::Unix(path) => {
                let connected = UnixStream::connect(path).await;
                return connected.map(Plain::Unix).map_err(|error| Unreached::of(&error));
            }
            UpstreamAddress::Http(authority) => (authority, 80),
            UpstreamAddress::Https(authority) => (authority, 443),
        };
        let port = authority.port_u16().unwrap_or(usual);
        reach::tcp(bare(authority.host()), port).await.map(Plain::tcp)
    }
}

/// A host as resolvers and certificates have it: an IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
