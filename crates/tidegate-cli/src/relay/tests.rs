//! The data plane as a whole, over loopback: what the tests of it share. Never here: a limit.

mod bodies;
mod bounded;
mod doors;
mod heads;
mod measured;
pub(crate) mod raw;
mod smuggled;
mod stopped;
mod tls;
mod tunnels;
mod upstreams;

use std::future::Future;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use hyper::body::Incoming;
use tidegate::path::{Rules, Target};
use tokio::net::{TcpListener, TcpStream};

use crate::policy::{Bounds, Forwarding, Listen, UpstreamAddress, UpstreamTerms, UpstreamVersion};
use crate::relay::body::Body;
use crate::relay::drain::Drain;
use crate::relay::fault::Fault;
use crate::relay::forward::{self, Believed};
use crate::relay::listen::{Answer, Door, Peer, ServerTls};
use crate::relay::upstream::{Authorities, HostSeen, Reached, Server};
use crate::relay::worker::Workers;

/// Bounds that no test meets by accident.
pub(crate) fn bounds() -> Bounds {
    Bounds {
        head_bytes: NonZeroUsize::new(16 * 1024).unwrap(),
        fields: NonZeroUsize::new(100).unwrap(),
        body_bytes: 64 * 1024 * 1024,
        head_time: Duration::from_secs(30),
        body_pause: Duration::from_secs(30),
        idle: Duration::from_secs(60),
        connections: NonZeroU32::new(1000).unwrap(),
    }
}

/// Terms that no test meets by accident.
pub(crate) fn terms() -> UpstreamTerms {
    UpstreamTerms {
        version: UpstreamVersion::Http1,
        connect: Duration::from_secs(30),
        answer: Duration::from_secs(30),
        idle: Duration::from_secs(60),
        retries: 1,
        authorities: None,
    }
}

/// A gateway without limits: all that comes goes to one server.
#[derive(Debug)]
struct Passage {
    server: Arc<Server>,
    terms: forward::Terms,
}

impl Passage {
    fn new(server: Arc<Server>, bounds: Bounds) -> Passage {
        let forwarding =
            Forwarding { x_forwarded: true, forwarded: false, keep_host: true, underscores: false };
        Passage { server, terms: forward::Terms { forwarding, bounds } }
    }

    async fn pass(&self, mut request: Request<Incoming>, peer: &Peer) -> Result<Response<Body>, Fault> {
        forward::unlist(request.headers_mut());
        forward::check(&request, &self.terms.bounds)?;
        let rules = Rules::default();
        let target = Target::of_uri(request.uri(), &rules).map_err(|_| Fault::BadRequest("no target"))?;
        let normal = forward::normal_form(&target);
        let (request, upgrade) = forward::request(request, normal, peer, Believed::Nobody, &self.terms);
        let again = forward::replay(&request, upgrade.as_ref());
        let answer = match (self.server.send(request).await, again) {
            (Err(error), Some(again)) if error.reached == Reached::Perhaps => self.server.send(again).await,
            (answer, _) => answer,
        };
        let answer = answer.map_err(|error| error.fault)?;
        forward::answer(answer.map(Body::streamed), upgrade, ())
    }
}

impl Answer for Passage {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        self.pass(request, peer).await.unwrap_or_else(refusal)
    }
}

/// A plain answer that says what went wrong.
fn refusal(fault: Fault) -> Response<Body> {
    let mut answer = Response::new(Body::whole(Bytes::from(format!("{fault}\n"))));
    *answer.status_mut() = fault.status();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if fault.ends_connection() {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// A gateway that runs.
struct Running {
    at: SocketAddr,
    drain: Drain,
    workers: Workers,
}

impl Running {
    /// In front of a server at this address.
    fn to(upstream: SocketAddr, bounds: Bounds, terms: UpstreamTerms) -> Running {
        let authority = upstream.to_string().parse().unwrap();
        Running::in_front_of(&UpstreamAddress::Http(authority), bounds, terms, None)
    }

    fn in_front_of(
        address: &UpstreamAddress,
        bounds: Bounds,
        terms: UpstreamTerms,
        tls: Option<Arc<ServerTls>>,
    ) -> Running {
        let door = Door::open(&Listen::Tcp(([127, 0, 0, 1], 0).into()), tls).unwrap();
        let Listen::Tcp(at) = *door.address() else { panic!("a TCP door has a TCP address") };
        let drain = Drain::new();
        let authorities = Authorities::load(&terms, std::slice::from_ref(address)).unwrap();
        let server = Server::new(address, &terms, &authorities, HostSeen::Callers).unwrap();
        let make = move |_| Passage::new(Arc::clone(&server), bounds);
        let workers = Workers::start(&[door], &bounds, NonZeroUsize::MIN, &drain, make).unwrap();
        Running { at, drain, workers }
    }

    async fn call(&self) -> TcpStream {
        TcpStream::connect(self.at).await.unwrap()
    }

    async fn stop(self, within: Duration) -> usize {
        self.workers.drain(&self.drain, within).await
    }
}

/// A server that treats each connection, numbered from 0, as it is told.
pub(crate) async fn upstream<F>(treat: impl Fn(usize, TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(treat(number, stream));
        }
    });
    address
}
