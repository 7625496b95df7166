//! The connections to one server: opened, kept, used again, closed. Never here: which server, a retry elsewhere, a
//! field's meaning.
//!
//! Nobody watches a connection on its own: whoever sends on it drives it, in its own task, so a call costs no change
//! of task. An idle one is looked at when it is taken, and by a sweep.

mod aim;
mod attentive;
mod connect;
mod http1;
mod http2;
mod sent;
mod streamed;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::{Request, Response};
use tidegate::world;

pub(crate) use aim::HostSeen;
pub(crate) use connect::Authorities;
pub(crate) use sent::{Reached, SendError};
pub(crate) use streamed::Streamed;

use super::fault::Fault;
use super::forward::Outgoing;
use crate::exit::Failure;
use crate::policy::{UpstreamAddress, UpstreamTerms, UpstreamVersion};
use aim::Aim;
use connect::Connector;
use http1::Live;
use http2::Shared;

/// The most idle connections that are kept per server and worker.
const MOST_IDLE: usize = 1024;

/// One server, with the connections that one worker has to it.
pub(crate) struct Server {
    aim: Aim,
    connector: Connector,
    terms: UpstreamTerms,
    kept: Mutex<Kept>,
    shared: tokio::sync::Mutex<Vec<Shared>>,
}

/// Connections that nobody uses.
#[derive(Default)]
struct Kept {
    idle: VecDeque<Box<Live>>,
    sweep: Sweep,
}

/// Whether a task looks after idle connections.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Sweep {
    #[default]
    None,
    Running,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.connector.address()).finish_non_exhaustive()
    }
}

impl Server {
    /// A server to which there is no connection yet.
    ///
    /// # Errors
    /// When its address has no name that TLS could check.
    pub(crate) fn new(
        address: &UpstreamAddress,
        terms: &UpstreamTerms,
        authorities: &Authorities,
        host: HostSeen,
    ) -> Result<Arc<Server>, Failure> {
        Ok(Arc::new(Server {
            aim: Aim::at(address, terms.version, host),
            connector: Connector::new(address, terms, authorities)?,
            terms: terms.clone(),
            kept: Mutex::default(),
            shared: tokio::sync::Mutex::default(),
        }))
    }

    /// Sends a request, and comes back with the head of the answer.
    ///
    /// The answer's body drives the connection; when it has ended the connection is kept, and if it is dropped
    /// before, the call is broken off.
    ///
    /// # Errors
    /// Says whether the request can have reached the server, and gives it back where it can't.
    pub(crate) async fn send(
        self: &Arc<Self>,
        mut request: Request<Outgoing>,
    ) -> Result<Response<Streamed>, Box<SendError>> {
        self.aim.take(&mut request);
        match self.terms.version {
            UpstreamVersion::Http1 => self.send_http1(request).await,
            UpstreamVersion::Http2 => self.send_http2(request).await,
        }
    }

    async fn send_http1(
        self: &Arc<Self>,
        mut request: Request<Outgoing>,
    ) -> Result<Response<Streamed>, Box<SendError>> {
        loop {
            let kept = self.take();
            let is_kept = kept.is_some();
            let mut live = match kept {
                Some(live) => live,
                None => match self.connector.http1().await {
                    Ok(live) => live,
                    Err(fault) => return Err(SendError::never(fault, Some(request))),
                },
            };
            match live.exchange(request, self.terms.answer).await {
                Ok(answer) => return Ok(answer.map(|body| Streamed::alone(body, live, self))),
                Err(error) => match *error {
                    // It was closed while it lay idle: that is no failure of the server.
                    SendError { request: Some(back), .. } if is_kept => request = back,
                    error => return Err(Box::new(error)),
                },
            }
        }
    }

    async fn send_http2(
        self: &Arc<Self>,
        request: Request<Outgoing>,
    ) -> Result<Response<Streamed>, Box<SendError>> {
        match self.share().await {
            Ok(shared) => {
                let answer = shared.exchange(request, self.terms.answer).await?;
                Ok(answer.map(|body| Streamed::shared(body, shared)))
            }
            Err(fault) => Err(SendError::never(fault, Some(request))),
        }
    }

    /// A connection with room for one more call, opened if there is none.
    async fn share(self: &Arc<Self>) -> Result<Shared, Fault> {
        let mut all = self.shared.lock().await;
        all.retain(Shared::is_open);
        if let Some(free) = all.iter_mut().find(|shared| shared.has_room()) {
            return Ok(free.another());
        }
        let mut opened = self.connector.http2(self.terms.idle).await?;
        let another = opened.another();
        all.push(opened);
        drop(all);
        self.start_sweep(&mut self.kept());
        Ok(another)
    }

    /// The connection that was used last and is still alive.
    fn take(&self) -> Option<Box<Live>> {
        loop {
            let mut live = self.kept().idle.pop_back()?;
            if live.is_alive() {
                return Some(live);
            }
        }
    }

    /// Keeps a connection whose answer has ended.
    fn keep(self: &Arc<Self>, mut live: Box<Live>) {
        live.idle_since = world::now();
        let mut kept = self.kept();
        if kept.idle.len() < MOST_IDLE {
            kept.idle.push_back(live);
            self.start_sweep(&mut kept);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing under this lock can leave the list half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_sweep(self: &Arc<Self>, kept: &mut Kept) {
        if kept.sweep == Sweep::None {
            kept.sweep = Sweep::Running;
            tokio::spawn(sweep(Arc::downgrade(self), self.terms.idle));
        }
    }

    /// Closes what has been idle for too long, or was closed by the server. Says whether anything is left.
    async fn swept(&self) -> bool {
        let past = world::now().earlier(self.terms.idle);
        let mut shared = self.shared.lock().await;
        shared.retain(|shared| shared.is_open() && !shared.is_idle_since(past));
        let mut kept = self.kept();
        kept.idle.retain_mut(|live| live.idle_since > past && live.is_alive());
        if kept.idle.is_empty() && shared.is_empty() {
            kept.sweep = Sweep::None;
        }
        kept.sweep == Sweep::Running
    }
}

/// Looks after a server's idle connections for as long as there are any.
async fn sweep(server: Weak<Server>, idle: Duration) {
    loop {
        world::sleep_until(world::now().later(idle / 2)).await;
        let Some(server) = server.upgrade() else { return };
        if !server.swept().await {
            return;
        }
    }
}
