//! One worker's connections, by server. Never here: which server, a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidegate::fleet::ServerId;

use super::terms::{self, Terms};
use crate::policy::{UpstreamAddress, UpstreamTerms};
use crate::relay::fault::Fault;
use crate::relay::reach::Unreached;
use crate::relay::upstream::{HostSeen, Server};

/// The servers as one worker knows them.
#[derive(Debug, Default)]
pub(crate) struct Pools(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Whose terms these are.
    generation: u64,
    servers: HashMap<ServerId, Pool>,
}

#[derive(Debug)]
struct Pool {
    address: UpstreamAddress,
    terms: UpstreamTerms,
    server: Arc<Server>,
}

impl Pools {
    /// The connections to a server by these terms. Those of servers that left, or are spoken to in another way now,
    /// end with the calls on them.
    ///
    /// # Errors
    /// When the server can't be spoken to as the terms have it.
    pub(crate) fn server(&self, terms: &Terms, id: ServerId) -> Result<Arc<Server>, Fault> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A call that began by older terms changes nothing.
        if known.generation < terms.generation {
            known.generation = terms.generation;
            known.servers.retain(|id, pool| {
                let stays = |known: &terms::Known| known.upstream.address == pool.address;
                pool.terms == terms.gateway.upstream && terms.servers.get(id).is_some_and(stays)
            });
        }
        if let Some(pool) = known.servers.get(&id) {
            return Ok(Arc::clone(&pool.server));
        }
        let address = &terms.servers.get(&id).ok_or(Fault::NoServer)?.upstream.address;
        let host = if terms.gateway.forwarding.keep_host { HostSeen::Callers } else { HostSeen::Own };
        let upstream_terms = terms.gateway.upstream.clone();
        let server = Server::new(address, &upstream_terms, &terms.authorities, host)
            .map_err(|_| Fault::Unreachable(Unreached::NoTls))?;
        let pool = Pool { address: address.clone(), terms: upstream_terms, server: Arc::clone(&server) };
        known.servers.insert(id, pool);
        Ok(server)
    }
}
