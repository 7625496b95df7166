//! Certificate and key from files, read again when they change. Never here: a connection.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::exit::{Exit, Failure};
use crate::policy::Tls;

/// What callers are shown in TLS.
pub(crate) struct ServerTls {
    files: Tls,
    current: RwLock<Arc<ServerConfig>>,
    read: Mutex<Stamps>,
}

/// What tells one state of a file from another, for each of the two.
type Stamps = [Option<(u64, u64, i64, i64)>; 2];

/// What came of looking at the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refreshed {
    /// They are the same.
    Unchanged,
    /// New ones are in use, for connections from now on.
    Changed,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ServerTls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// When one can't be read, or they don't belong together.
    pub(crate) fn load(files: &Tls) -> Result<ServerTls, Failure> {
        let read = stamps(files);
        let current = RwLock::new(config(files)?);
        Ok(ServerTls { files: files.clone(), current, read: Mutex::new(read) })
    }

    /// Reads both again if one has changed.
    ///
    /// # Errors
    /// As for [`load`](ServerTls::load); then what was in use stays in use, and the same files aren't complained of
    /// again until they change.
    pub(crate) fn refresh(&self) -> Result<Refreshed, Failure> {
        let found = stamps(&self.files);
        let known = std::mem::replace(&mut *self.read.lock().unwrap_or_else(PoisonError::into_inner), found);
        if known == found { Ok(Refreshed::Unchanged) } else { self.reload() }
    }

    /// Reads both again, come what may.
    ///
    /// # Errors
    /// As for [`load`](ServerTls::load); then what was in use stays in use.
    pub(crate) fn reload(&self) -> Result<Refreshed, Failure> {
        let config = config(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(Refreshed::Changed)
    }

    /// What is shown now.
    pub(crate) fn shown(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn stamps(files: &Tls) -> Stamps {
    [&files.certificate, &files.key].map(|file| {
        let found = fs::metadata(file).ok()?;
        Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
    })
}

fn config(files: &Tls) -> Result<Arc<ServerConfig>, Failure> {
    let unread = |file: &Path, why: String| {
        Failure::new(Exit::Usage, format!("can't read {} for TLS: {why}", file.display()))
            .hint("it must be a PEM file that this user may read")
    };
    let certificates = CertificateDer::pem_file_iter(&files.certificate);
    let certificates = certificates.and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| unread(&files.certificate, error.to_string()))?;
    if certificates.is_empty() {
        return Err(unread(&files.certificate, "it holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let key = key.map_err(|error| unread(&files.key, error.to_string()))?;
    server_config(certificates, key).map_err(|error| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        Failure::new(Exit::Usage, format!("can't use {certificate} with the key {key}: {error}"))
            .hint("the key must be the one that the first certificate of the file was made for")
    })
}

/// What is shown with these certificates, the first of which the key belongs to: in TLS 1.2 and 1.3, for both versions of
/// HTTP.
///
/// # Errors
/// When they don't belong together.
pub(crate) fn server_config(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
