//! Callers come in here: sockets, TLS, HTTP, and how long each may take. Never here: what is answered.

mod connection;
mod door;
mod guarded;
mod opening;
mod peer;
mod places;
mod pulse;
mod strict;
mod tls;
mod within;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use rustls::ServerConfig;
use tidegate::world;
use tokio::task::JoinSet;

pub(crate) use door::Door;
pub(crate) use peer::{Peer, Security};
pub(crate) use places::Places;
pub(crate) use pulse::Call;
pub(crate) use tls::{Refreshed, ServerTls, server_config};
pub(crate) use within::Within;

use super::body::Body;
use super::drain::{Told, news};
use super::stream::Plain;
use crate::policy::Bounds;
use connection::{Protocols, Served};
use opening::Opened;

/// How long to wait when the system can't give another socket.
const BREATHER: Duration = Duration::from_millis(100);

/// Answers requests, one at a time.
pub(crate) trait Answer: Send + Sync + 'static {
    /// The answer to a request. It is dropped where the caller goes before it is there.
    fn answer(&self, request: Request<Incoming>, peer: &Peer) -> impl Future<Output = Response<Body>> + Send;
}

/// Where one worker's callers are served.
pub(crate) struct Hall<A> {
    answers: Arc<A>,
    bounds: Bounds,
    protocols: Protocols,
    told: Told,
    places: Places,
}

impl<A: Answer> Hall<A> {
    pub(crate) fn new(answers: A, bounds: Bounds, told: Told, places: Places) -> Hall<A> {
        Hall { answers: Arc::new(answers), bounds, protocols: Protocols::within(&bounds), told, places }
    }

    /// Lets callers in by a door until it is time to end, and waits for all of them to leave. Says how many calls were
    /// cut.
    pub(crate) async fn keep(self: Arc<Self>, door: Door) -> usize {
        let mut inside = JoinSet::new();
        let Ok(mut entrance) = door.entrance() else { return 0 };
        let mut draining = std::pin::pin!(self.told.clone().draining());
        loop {
            while inside.try_join_next().is_some() {}
            let next = async {
                let place = self.places.free().await;
                (place, entrance.next().await)
            };
            let (place, entered) = tokio::select! {
                entered = next => entered,
                () = &mut draining => break,
            };
            match entered {
                Ok((stream, address)) => {
                    let (hall, tls) = (Arc::clone(&self), door.tls());
                    let place = self.places.take(place);
                    inside.spawn(async move {
                        let cut = hall.receive(stream, address, tls).await;
                        drop(place);
                        cut
                    });
                }
                Err(_) => world::sleep_until(world::now().later(BREATHER)).await,
            }
        }
        // Who already stood at the door has perhaps sent a request.
        while let Some((stream, address)) = door.waiting() {
            let (hall, tls, place) = (Arc::clone(&self), door.tls(), self.places.beyond());
            inside.spawn(async move {
                let cut = hall.receive(stream, address, tls).await;
                drop(place);
                cut
            });
        }
        drop(entrance);
        drop(door);
        let mut cut = 0;
        while let Some(ended) = inside.join_next().await {
            cut += ended.unwrap_or_default();
        }
        cut
    }

    /// Serves one connection until it ends, and what it goes on as. Says how many calls on it were cut.
    async fn receive(self: Arc<Self>, stream: Plain, address: IpAddr, tls: Option<Arc<ServerTls>>) -> usize {
        let security = if tls.is_some() { Security::Tls } else { Security::Clear };
        let mut next = (stream, tls.map(|tls| tls.shown()), Peer::new(address, security));
        loop {
            let (stream, shown, peer) = next;
            let came = world::now();
            let Some(opened) = self.open(stream, shown).await else { return 0 };
            let Served { cut, goes_on } = connection::serve(&self, opened, peer.clone(), came).await;
            let Some(within) = goes_on else { return cut };
            let Some((stream, shown, peer)) = within.begin(&peer).await else { return cut };
            next = (stream, Some(shown), peer);
        }
    }

    /// A connection up to its first words in HTTP; `None` if it doesn't come to them.
    async fn open(&self, stream: Plain, shown: Option<Arc<ServerConfig>>) -> Option<Opened> {
        let told = self.told.clone();
        let speaks_tls = shown.is_some();
        let leave = async {
            if speaks_tls {
                // Who is in the middle of a handshake came before the end.
                told.cut().await;
            } else {
                told.draining().await;
                news().await;
            }
        };
        let begun = opening::open(stream, shown);
        let opened = tokio::select! {
            biased;
            opened = tokio::time::timeout(self.bounds.head_time, begun) => opened,
            () = leave => return None,
        };
        // Who is too slow, or speaks neither TLS nor HTTP, has nobody here to complain to.
        opened.ok().and_then(Result::ok)
    }
}
