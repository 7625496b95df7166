//! An authority of our own for hosts whose TLS is opened: made on first use, then the same for good. Never here: which
//! hosts these are, a connection.

mod issued;
mod kept;
mod leaves;
pub(crate) mod trust;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tidegate_core::Time;

use crate::exit::Failure;
use issued::Signer;
use leaves::Leaves;

pub(crate) use kept::usual_folder;

/// A certificate authority whose key never leaves this machine.
pub(crate) struct LocalAuthority {
    path: PathBuf,
    certificate: CertificateDer<'static>,
    signer: Signer,
    leaves: Mutex<Leaves>,
}

impl fmt::Debug for LocalAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAuthority").field("path", &self.path).finish_non_exhaustive()
    }
}

impl LocalAuthority {
    /// Takes the authority that is kept in a folder, or makes one there; of several who do so at once, one makes it.
    /// `now` is the wall clock's.
    ///
    /// # Errors
    /// When the folder can't be used, others can read the key, or key and certificate don't belong together.
    pub(crate) fn open(folder: &Path, now: Time) -> Result<LocalAuthority, Failure> {
        let kept = kept::open(folder, now)?;
        let signer = Signer::new(kept.key).map_err(|error| kept::broken(folder, &error))?;
        signer.check(&kept.certificate, now).map_err(|error| kept::broken(folder, &error))?;
        let leaves = Mutex::new(Leaves::default());
        Ok(LocalAuthority { path: kept.path, certificate: kept.certificate, signer, leaves })
    }

    /// Where its certificate is, in PEM.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What callers are shown in TLS who call a host, which is a name in lower case or an address, without brackets.
    /// `now` is the wall clock's.
    ///
    /// # Errors
    /// When no certificate can have the host's name.
    pub(crate) fn shown(&self, host: &str, now: Time) -> Result<Arc<ServerConfig>, NoCertificate> {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        leaves.take(host, now, || self.signer.shown(host, now).map_err(|_| NoCertificate))
    }
}

/// No certificate can be made out to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoCertificate;

#[cfg(test)]
mod tests;
