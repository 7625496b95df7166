//! Whole walks over loopback: real callers, real answers, real hang-ups. Never here: a rule that needs no socket.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use hyper::body::Incoming;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::*;
use crate::policy::{Forwarding, Listen, UpstreamAddress};
use crate::relay::drain::Drain;
use crate::relay::fault::Fault;
use crate::relay::forward::{self, Believed};
use crate::relay::listen::{self, Door, Peer};
use crate::relay::tests::raw::{self, message};
use crate::relay::tests::{bounds, terms, upstream};
use crate::relay::upstream::{Authorities, HostSeen, Server};
use crate::relay::worker::Workers;

impl From<Late> for Fault {
    fn from(Late: Late) -> Fault {
        Fault::UpstreamSlow
    }
}

/// Passes all that comes to one server, but for what is saved.
struct Passage {
    saved: Arc<Saved>,
    server: Arc<Server>,
    manner: Manner,
    terms: forward::Terms,
}

impl listen::Answer for Passage {
    async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let (request, mut upgrade) = forward::request(request, None, peer, Believed::Nobody, &self.terms);
        let send = |request| {
            let upgrade = upgrade.take();
            async move {
                let answer = self.server.send(request).await.map_err(|error| error.fault)?;
                forward::answer(answer.map(Body::streamed), upgrade, ())
            }
        };
        self.saved.call(&self.manner, None, request, send).await.unwrap_or_else(|fault: Fault| {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = fault.status();
            answer
        })
    }
}

/// A proxy of two workers in front of one server; it ends when this is dropped.
struct Running {
    at: SocketAddr,
    saved: Arc<Saved>,
    _drain: Drain,
    _workers: Workers,
}

impl Running {
    fn to(upstream: SocketAddr, revalidate: Revalidate) -> Running {
        let address = UpstreamAddress::Http(upstream.to_string().parse().unwrap());
        let authorities = Authorities::load(&terms(), std::slice::from_ref(&address)).unwrap();
        let door = Door::open(&Listen::Tcp(([127, 0, 0, 1], 0).into()), None).unwrap();
        let Listen::Tcp(at) = *door.address() else { panic!("a TCP door has a TCP address") };
        let (drain, saved) = (Drain::new(), Arc::new(Saved::new()));
        let to = Arc::clone(&saved);
        let make = move |_| Passage {
            saved: Arc::clone(&to),
            server: Server::new(&address, &terms(), &authorities, HostSeen::Callers).unwrap(),
            manner: Manner { revalidate, ..Manner::default() },
            terms: forward::Terms {
                forwarding: Forwarding {
                    x_forwarded: false,
                    forwarded: false,
                    keep_host: true,
                    underscores: true,
                },
                bounds: bounds(),
            },
        };
        let workers =
            Workers::start(&[door], &bounds(), NonZeroUsize::new(2).unwrap(), &drain, make).unwrap();
        Running { at, saved, _drain: drain, _workers: workers }
    }

    async fn ask(&self) -> TcpStream {
        let mut caller = TcpStream::connect(self.at).await.unwrap();
        caller.write_all(b"GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\n\r\n").await.unwrap();
        caller
    }

    /// One that asks, once the server has its question, and others behind it.
    async fn crowd(&self, came: &Semaphore, others: usize) -> (TcpStream, Vec<TcpStream>) {
        let first = self.ask().await;
        came.acquire().await.unwrap().forget();
        let mut behind = Vec::new();
        for _ in 0..others {
            behind.push(self.ask().await);
        }
        self.until_following(others).await;
        (first, behind)
    }

    async fn until_following(&self, count: usize) {
        while self.saved.figures().following != count as u64 {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until all who lost the one in front have seen it, and all but the next one wait again. The second alone
    /// would be true at once: who hasn't seen it counts among those who wait.
    async fn until_lost(&self, count: usize) {
        while self.saved.figures().lost < count as u64 {
            tokio::task::yield_now().await;
        }
        self.until_following(count - 1).await;
    }
}

/// A server that tells when a question came, and answers each connection's first when it is let. To a second one on a
/// connection it says nothing: an answer that others come after must close it.
async fn server(came: &Arc<Semaphore>, go: &Arc<Semaphore>, answers: &[&'static str]) -> SocketAddr {
    let (came, go, answers) = (Arc::clone(came), Arc::clone(go), answers.to_vec());
    upstream(move |number, mut stream| {
        let (came, go) = (Arc::clone(&came), Arc::clone(&go));
        let answer = answers.get(number).copied();
        async move {
            raw::head(&mut stream).await;
            came.add_permits(1);
            go.acquire().await.unwrap().forget();
            let answer =
                answer.unwrap_or("HTTP/1.1 500 Too often\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
            if answer.contains("Connection: close") {
                return;
            }
            raw::rest(&mut stream).await;
        }
    })
    .await
}

fn semaphores() -> (Arc<Semaphore>, Arc<Semaphore>) {
    (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)))
}

const WHOLE: &str = "HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n3\r\n of\r\n3\r\n it\r\n0\r\n\r\n";

#[tokio::test]
async fn a_hundred_callers_on_two_workers_are_one_call() {
    let (came, go) = semaphores();
    let proxy = Running::to(server(&came, &go, &[WHOLE]).await, Revalidate::Off);
    let (mut first, behind) = proxy.crowd(&came, 99).await;
    go.add_permits(1);
    let head = raw::head(&mut first).await;
    assert!(head.contains("transfer-encoding: chunked") && !head.contains("tidegate-"), "{head}");
    for mut caller in behind {
        let got = message(&mut caller).await;
        assert_eq!(
            (got.status(), got.field("tidegate-shared"), got.field("x")),
            ("200", Some("followed"), Some("1"))
        );
        assert_eq!(got.body, "all of it");
    }
    assert_eq!((proxy.saved.figures().followed, came.available_permits()), (99, 0));
}

#[tokio::test]
async fn who_hangs_up_in_front_leaves_its_place_to_another() {
    let (came, go) = semaphores();
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall";
    let whole = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nall of it";
    // The first leaves before its answer, the second in the middle of it.
    let proxy = Running::to(server(&came, &go, &["", cut, whole]).await, Revalidate::Off);
    let (first, mut behind) = proxy.crowd(&came, 10).await;
    drop(first);
    came.acquire().await.unwrap().forget();
    proxy.until_lost(10).await;
    go.add_permits(2);
    // Which of them goes next isn't told: it is the one that gets the beginning of the answer.
    let second = loop {
        let ready = behind.iter().position(is_readable);
        match ready {
            Some(at) => break behind.remove(at),
            None => tokio::task::yield_now().await,
        }
    };
    drop(second);
    go.add_permits(9);
    let mut bodies = Vec::new();
    for mut caller in behind {
        bodies.push(message(&mut caller).await);
    }
    // Those who lost two go by themselves, to a server that answers but one more.
    assert!(bodies.iter().any(|got| got.status() == "200" && got.body == "all of it"), "{bodies:?}");
    assert!(bodies.iter().all(|got| got.status() == "500" || got.body == "all of it"), "{bodies:?}");
    assert_eq!(proxy.saved.figures().shared_bytes, 0);
}

/// Whether something came for this caller; nothing is read.
fn is_readable(caller: &TcpStream) -> bool {
    let mut waker = Context::from_waker(std::task::Waker::noop());
    let mut buffer = [0; 1];
    let mut buffer = tokio::io::ReadBuf::new(&mut buffer);
    matches!(caller.poll_peek(&mut waker, &mut buffer), Poll::Ready(Ok(1)))
}

/// Who goes first is cut off; the others ask again, and one answer is for all of them.
async fn check_lost(first_answer: &'static str) {
    let (came, go) = semaphores();
    let proxy = Running::to(server(&came, &go, &[first_answer, WHOLE]).await, Revalidate::Off);
    let (mut first, behind) = proxy.crowd(&came, 10).await;
    go.add_permits(1);
    // Whether it sees the beginning depends on how soon the end was known.
    let got = raw::rest(&mut first).await;
    assert!(!got.contains("all of it") && !got.ends_with("0\r\n\r\n"), "{got}");
    came.acquire().await.unwrap().forget();
    proxy.until_lost(10).await;
    go.add_permits(1);
    let mut shared = 0;
    for mut caller in behind {
        let head = raw::head(&mut caller).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        shared += usize::from(head.contains("tidegate-shared: followed"));
    }
    assert_eq!((shared, came.available_permits()), (9, 0));
}

#[tokio::test]
async fn an_answer_that_broke_off_is_given_to_nobody_else() {
    check_lost("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nall").await;
    check_lost("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nall\r\n")
        .await;
}

#[tokio::test]
async fn an_answer_whose_end_is_not_told_is_given_to_nobody_else() {
    let (came, go) = semaphores();
    let endless = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall";
    let proxy = Running::to(server(&came, &go, &[endless; 3]).await, Revalidate::Off);
    let (_first, behind) = proxy.crowd(&came, 2).await;
    go.add_permits(3);
    for mut caller in behind {
        let head = raw::head(&mut caller).await;
        assert!(head.starts_with("HTTP/1.1 200") && !head.contains("tidegate-shared"), "{head}");
    }
    assert_eq!(proxy.saved.figures().of_one, 2);
}

#[tokio::test]
async fn what_still_holds_is_served_from_what_was_kept() {
    let server = upstream(|_, mut stream| async move {
        loop {
            let head = raw::head(&mut stream).await;
            let answer = match head.contains("if-none-match: \"one\"\r\n") {
                _ if head.is_empty() => return,
                true => "HTTP/1.1 304 Not Modified\r\nETag: \"one\"\r\nX: 2\r\n\r\n",
                false => "HTTP/1.1 200 OK\r\nETag: \"one\"\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n",
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let proxy = Running::to(server, Revalidate::Private);
    let mut caller = proxy.ask().await;
    raw::head(&mut caller).await;
    raw::expect(&mut caller, "3\r\nall\r\n0\r\n\r\n").await;
    for _ in 0..3 {
        let got = message(&mut proxy.ask().await).await;
        assert_eq!(
            (got.status(), got.field("x"), got.field("tidegate-kept")),
            ("200", Some("2"), Some("revalidated"))
        );
        assert_eq!(got.body, "all");
    }
    assert_eq!(proxy.saved.figures().revalidated, 3);
}
