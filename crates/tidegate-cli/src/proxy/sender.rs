//! Sends a call once, by the connections of one worker. Never here: a wait, a second sending.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::uri::{Authority, PathAndQuery, Uri};
use http::{Extensions, Request, Response};
use tidegate::client::{Broken, Replay};
use tidegate::world;
use tidegate_core::Time;
use tower_service::Service;

use super::settings::Scheme;
use crate::policy::{UpstreamAddress, UpstreamTerms};
use crate::relay::fault::Fault;
use crate::relay::forward::Outgoing;
use crate::relay::reach::Unreached;
use crate::relay::upstream::{Authorities, HostSeen, Reached, SendError, Server, Streamed};

/// How many origins one worker keeps connections to. In forward mode they are the callers' choice.
const MOST_ORIGINS: usize = 256;

/// Sends calls by one worker's connections; all clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Sender(Arc<Pools>);

#[derive(Debug)]
struct Pools {
    terms: UpstreamTerms,
    authorities: Authorities,
    known: Mutex<HashMap<(Scheme, Authority), Pool>>,
}

#[derive(Debug)]
struct Pool {
    server: Arc<Server>,
    used: Time,
}

/// How often a call was sent, and when last, and how often it was answered: an extension of its request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sendings(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    count: AtomicU32,
    last_nanos: AtomicU64,
    answers: AtomicU32,
}

impl Sendings {
    /// How often it was sent.
    pub(crate) fn count(&self) -> u32 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// When it was sent last.
    pub(crate) fn last(&self) -> Time {
        Time::from_nanos(self.0.last_nanos.load(Ordering::Relaxed))
    }

    /// How often an answer came, a refusal or not.
    pub(crate) fn answers(&self) -> u32 {
        self.0.answers.load(Ordering::Relaxed)
    }

    pub(crate) fn answered(&self) {
        self.0.answers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, at: Time) {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        self.0.last_nanos.store(at.as_nanos(), Ordering::Relaxed);
    }
}

/// A call that came to no answer.
#[derive(Clone, Debug)]
pub(crate) struct Unsent {
    pub(crate) reached: Reached,
    pub(crate) fault: Fault,
    /// Where it was to go: a host, and a port if one was named.
    pub(crate) upstream: String,
}

impl Unsent {
    /// What the waiting layer makes of it.
    pub(crate) fn broken(&self) -> Broken {
        match (self.reached, self.fault) {
            (Reached::Never, Fault::Unreachable(Unreached::Untrusted(_) | Unreached::NoTls)) => {
                Broken::Nowhere
            }
            (Reached::Never, _) => Broken::NeverSent,
            // To give it as much time once more isn't what was asked for; and a body that its caller broke stays so.
            (_, Fault::UpstreamSlow | Fault::BadRequest(_) | Fault::TooLarge | Fault::TooSlow) => {
                Broken::ForGood
            }
            (Reached::Perhaps, _) => Broken::MayBeDone,
        }
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.upstream, self.fault)
    }
}

impl Error for Unsent {}

impl Sender {
    /// Without a connection yet.
    pub(crate) fn new(terms: &UpstreamTerms, authorities: &Authorities) -> Sender {
        let (terms, authorities) = (terms.clone(), authorities.clone());
        Sender(Arc::new(Pools { terms, authorities, known: Mutex::default() }))
    }
}

impl Pools {
    /// The connections to an origin.
    fn server(&self, scheme: Scheme, authority: &Authority) -> Result<Arc<Server>, Fault> {
        let now = world::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (scheme, authority.clone());
        if let Some(pool) = known.get_mut(&key) {
            pool.used = now;
            return Ok(Arc::clone(&pool.server));
        }
        if known.len() >= MOST_ORIGINS {
            // Its connections end with the calls on them.
            let longest_unused = known.iter().min_by_key(|(_, pool)| pool.used).map(|(key, _)| key.clone());
            longest_unused.map(|key| known.remove(&key));
        }
        let address = match scheme {
            Scheme::Http => UpstreamAddress::Http(authority.clone()),
            Scheme::Https => UpstreamAddress::Https(authority.clone()),
        };
        let server = Server::new(&address, &self.terms, &self.authorities, HostSeen::Own);
        let server = server.map_err(|_| Fault::Unreachable(Unreached::NoTls))?;
        known.insert(key, Pool { server: Arc::clone(&server), used: now });
        Ok(server)
    }

    async fn send(&self, mut request: Request<Outgoing>) -> Result<Response<Streamed>, Unsent> {
        let (scheme, authority) = origin(request.uri());
        let lost = |error: Box<SendError>| (error.reached, error.fault);
        let sent = match self.server(scheme, &authority) {
            Ok(server) => {
                let target = request.uri().path_and_query().cloned();
                *request.uri_mut() = target.unwrap_or(PathAndQuery::from_static("/")).into();
                server.send(request).await.map_err(lost)
            }
            Err(fault) => Err((Reached::Never, fault)),
        };
        sent.map_err(|(reached, fault)| Unsent { reached, fault, upstream: authority.to_string() })
    }
}

/// Where a URL leads.
fn origin(url: &Uri) -> (Scheme, Authority) {
    let scheme = if url.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
    (scheme, url.authority().cloned().unwrap_or(Authority::from_static("localhost")))
}

impl Service<Request<Replay<Outgoing>>> for Sender {
    type Response = Response<Streamed>;
    type Error = Unsent;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Streamed>, Unsent>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unsent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Replay<Outgoing>>) -> Self::Future {
        let pools = Arc::clone(&self.0);
        let mut request = request.map(Outgoing::replayed);
        let sendings = request.extensions().get::<Sendings>().cloned().unwrap_or_default();
        sendings.sent(world::now());
        *request.extensions_mut() = Extensions::new();
        Box::pin(async move { pools.send(request).await.inspect(|_| sendings.answered()) })
    }
}
