//! Whole walks through the proxy, over loopback: what the tests of it share. Never here: what one part of it decides.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use http::uri::Authority;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::house::House;
use super::itself::Itself;
use super::settings::{At, Base, Config, Manner, Scheme, Upstream};
use super::usual;
use super::walk::Walker;
use crate::policy::Listen;
use crate::relay::doors::Doors;
use crate::relay::drain::Drain;
use crate::relay::tests::raw::{Message, head, message};
use crate::relay::tests::upstream;
use crate::relay::worker::Workers;

/// A proxy that runs; it ends when this is dropped.
struct Running {
    at: SocketAddr,
    house: Arc<House>,
    _drain: Drain,
    _workers: Workers,
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
        let make = move |_| Walker::new(&made);
        let workers = Workers::start(doors.all(), &bounds, NonZeroUsize::MIN, &drain, make).unwrap();
        Running { at, house, _drain: drain, _workers: workers }
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
    let given = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    upstream(move |_, mut stream| {
        let given = Arc::clone(&given);
        async move {
            loop {
                if head(&mut stream).await.is_empty() {
                    return;
                }
                let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let answer = answers[number.min(answers.len() - 1)];
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_refusal_is_waited_for_and_the_caller_sees_the_answer() {
    let server = answering(&[
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ])
    .await;
    let proxy = Running::to(server);
    let answer = proxy.ask("GET /v1/rooms HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(answer.status(), "200");
    assert_eq!(proxy.house.in_hand(), 0);
}
