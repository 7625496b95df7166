//! Whole walks through the proxy, over loopback: what the tests of it share. Never here: what one part of it decides.

mod desk;
mod passes;
mod places;
mod secrets;
mod shared;
mod tunnels;
mod unreached;
mod waits;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::Authority;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::house::House;
use super::itself::Itself;
use super::settings::{At, Base, Config, Manner, Scheme, Upstream};
use super::usual;
use super::walk::Walker;
use crate::policy::Listen;
use crate::relay::doors::Doors;
use crate::relay::drain::Drain;
use crate::relay::tests::raw::{Message, echo_heads, head, message};
use crate::relay::tests::upstream;
use crate::relay::worker::Workers;

/// How long something is waited for that has to come: no test passes by it.
const AT_MOST: Duration = Duration::from_secs(30);

/// A proxy that runs; it ends when this is dropped.
struct Running {
    at: SocketAddr,
    house: Arc<House>,
    drain: Drain,
    workers: Workers,
}

impl Running {
    /// In front of a server at this address, which is everything.
    fn to(upstream: SocketAddr) -> Running {
        Running::by(Config { upstreams: vec![all(upstream)], ..usual::config() })
    }

    fn by(config: Config) -> Running {
        let listen = [Listen::Tcp(([127, 0, 0, 1], 0).into())];
        let doors = Doors::open(&listen, None).unwrap();
        let (at, bounds) = (doors.addresses()[0], config.bounds);
        let house = House::new(config, Itself::at(doors.addresses())).unwrap();
        let (drain, made) = (Drain::new(), Arc::clone(&house));
        let told = drain.told();
        let make = move |_| Walker::new(&made, told.clone());
        let workers = Workers::start(doors.all(), &bounds, NonZeroUsize::MIN, &drain, make).unwrap();
        Running { at, house, drain, workers }
    }

    /// Waits until so many calls aren't at their end.
    async fn holds(&self, count: usize) {
        let reached = async {
            while self.house.in_hand() != count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(AT_MOST, reached).await.expect("it comes to that");
    }

    async fn ask(&self, request: &str) -> Message {
        let mut caller = TcpStream::connect(self.at).await.unwrap();
        caller.write_all(request.as_bytes()).await.unwrap();
        message(&mut caller).await
    }
}

/// A server that is everything there is.
fn all(upstream: SocketAddr) -> Upstream {
    let authority = Authority::try_from(upstream.to_string()).unwrap();
    let base = Base { scheme: Scheme::Http, authority, path: String::new() };
    let at = At::Prefix(String::new());
    Upstream { name: "it".into(), base, at, token: None, manner: Manner::default() }
}

/// A server that gives these answers, one after the other, and the last one from then on.
async fn answering(answers: &'static [&'static str]) -> SocketAddr {
    let given = Arc::new(AtomicUsize::new(0));
    upstream(move |_, mut stream| {
        let given = Arc::clone(&given);
        async move {
            loop {
                if head(&mut stream).await.is_empty() {
                    return;
                }
                let number = given.fetch_add(1, Ordering::SeqCst);
                let answer = answers[number.min(answers.len() - 1)];
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await
}
