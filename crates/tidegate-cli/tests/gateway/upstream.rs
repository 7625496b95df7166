//! Servers behind a gateway, byte for byte as a test wants them; gone when they are dropped. Never here: a check.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::caller::{Caller, Message};

/// A server.
pub(crate) struct Upstream {
    address: SocketAddr,
    seen: Arc<Seen>,
    serving: JoinHandle<()>,
}

/// What it got so far.
#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    requests: Mutex<Vec<Message>>,
}

impl Upstream {
    /// A server that serves each connection so.
    pub(crate) async fn raw<F>(serve: impl Fn(Caller) -> F + Send + 'static) -> Upstream
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Upstream::at("127.0.0.1:0".parse().unwrap(), Arc::default(), serve).await
    }

    /// A server that answers each request so, once it has all of it.
    pub(crate) async fn new<F>(answer: impl Fn(Message) -> F + Send + Sync + 'static) -> Upstream
    where
        F: Future<Output = String> + Send + 'static,
    {
        Upstream::answering_at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    /// A server that answers `200 OK` with the request's head.
    pub(crate) async fn echo() -> Upstream {
        Upstream::new(|request| async move { ok(&request.head) }).await
    }

    /// The same where another one was.
    pub(crate) async fn echo_at(address: SocketAddr) -> Upstream {
        Upstream::answering_at(address, |request| async move { ok(&request.head) }).await
    }

    async fn answering_at<F>(
        address: SocketAddr,
        answer: impl Fn(Message) -> F + Send + Sync + 'static,
    ) -> Upstream
    where
        F: Future<Output = String> + Send + 'static,
    {
        let (seen, answer) = (Arc::<Seen>::default(), Arc::new(answer));
        let shown = Arc::clone(&seen);
        Upstream::at(address, seen, move |mut caller| {
            let (seen, answer) = (Arc::clone(&shown), Arc::clone(&answer));
            async move {
                while let Some(request) = caller.read("").await {
                    seen.saw(&request);
                    caller.send(answer(request).await).await;
                }
            }
        })
        .await
    }

    async fn at<F>(
        address: SocketAddr,
        seen: Arc<Seen>,
        serve: impl Fn(Caller) -> F + Send + 'static,
    ) -> Upstream
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            // Its connections end with it.
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                open.spawn(serve(Caller::of(stream)));
                while open.try_join_next().is_some() {}
            }
        });
        Upstream { address, seen, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it has got.
    pub(crate) fn count(&self) -> usize {
        self.seen.count.load(Ordering::SeqCst)
    }

    /// The first ones of them, in their order.
    pub(crate) fn requests(&self) -> Vec<Message> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Ends it, and comes back when it has ended: nobody listens any more.
    pub(crate) async fn end(mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// How many requests are kept: a long run counts the others only.
const KEPT: usize = 10_000;

impl Seen {
    fn saw(&self, request: &Message) {
        self.count.fetch_add(1, Ordering::SeqCst);
        let mut requests = self.requests.lock().unwrap();
        if requests.len() < KEPT {
            requests.push(request.clone());
        }
    }
}

/// An answer with this status line, these lines of fields, and this body.
pub(crate) fn answer(status: &str, fields: &[&str], body: &str) -> String {
    let fields: String = fields.iter().map(|line| format!("{line}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn ok(body: &str) -> String {
    answer("200 OK", &[], body)
}
