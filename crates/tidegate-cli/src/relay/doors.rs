//! All the doors of one who serves: opened together, and said where they are. Never here: who comes in.

use std::net::SocketAddr;
use std::sync::Arc;

use super::listen::{Door, ServerTls};
use crate::exit::Failure;
use crate::output;
use crate::policy::{Listen, Tls};

/// All the doors of one who serves.
#[derive(Debug)]
pub(crate) struct Doors {
    all: Vec<Door>,
    tls: Option<Arc<ServerTls>>,
}

impl Doors {
    /// Takes the addresses. Must be called in a runtime.
    ///
    /// # Errors
    /// When one can't be had, or the files for TLS can't be read.
    pub(crate) fn open(listen: &[Listen], tls: Option<&Tls>) -> Result<Doors, Failure> {
        let tls = tls.map(ServerTls::load).transpose()?.map(Arc::new);
        let all = listen.iter().map(|listen| Door::open(listen, tls.clone()));
        Ok(Doors { all: all.collect::<Result<_, _>>()?, tls })
    }

    pub(crate) fn all(&self) -> &[Door] {
        &self.all
    }

    /// Their addresses, but for socket files: with the ports that the system chose, if it was to choose.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let address = |door: &Door| match door.address() {
            Listen::Tcp(address) => Some(*address),
            Listen::Unix(_) => None,
        };
        self.all.iter().filter_map(address).collect()
    }

    /// What callers are shown in TLS, if they speak it.
    pub(crate) fn tls(&self) -> Option<Arc<ServerTls>> {
        self.tls.clone()
    }

    /// Tells where callers come in.
    pub(crate) fn say_where(&self) {
        for door in &self.all {
            let scheme = if door.has_tls() { "https" } else { "http" };
            output::error(format!("tidegate listens on {}", shown(scheme, door.address())));
        }
    }
}

/// An address as people type it.
pub(crate) fn shown(scheme: &str, listen: &Listen) -> String {
    match listen {
        Listen::Tcp(address) => format!("{scheme}://{address}"),
        Listen::Unix(path) => format!("unix:{}", path.display()),
    }
}
