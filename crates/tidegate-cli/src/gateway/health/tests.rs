//! Checks against servers on loopback that live, fail, hang and go. Never here: how a fleet judges.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use http::{Response, StatusCode};
use http_body_util::Empty;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tidegate::fleet::{Check, State};
use tidegate::world;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::probe::{Plan, Probe};
use super::*;
use crate::policy;
use crate::policy::settings::{Health, UpstreamAddress, UpstreamTerms, UpstreamVersion};
use crate::relay::upstream::Authorities;

/// A server whose health others decide, and which tells when it is asked.
struct Patient {
    at: SocketAddr,
    status: Arc<AtomicU16>,
    asked: mpsc::UnboundedReceiver<String>,
}

impl Patient {
    async fn new() -> Patient {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(200));
        let (tell, asked) = mpsc::unbounded_channel();
        let now = Arc::clone(&status);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (now, tell) = (Arc::clone(&now), tell.clone());
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let _ = tell.send(format!("{} {}", request.method(), request.uri()));
                    let status = StatusCode::from_u16(now.load(Ordering::SeqCst)).unwrap();
                    let mut answer = Response::new(Empty::<bytes::Bytes>::new());
                    *answer.status_mut() = status;
                    async move { Ok::<_, std::convert::Infallible>(answer) }
                });
                let serve = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serve);
            }
        });
        Patient { at, status, asked }
    }

    /// Comes back when it has been asked so often from now on. The checks before the last one have been told of by
    /// then, since one follows the other.
    async fn asked(&mut self, times: usize) {
        while self.asked.try_recv().is_ok() {}
        for _ in 0..times {
            assert_eq!(self.asked.recv().await.unwrap(), "GET /healthz?deep=1");
        }
    }
}

fn gate(upstreams: &[SocketAddr], rest: &str) -> Arc<Gate> {
    Gate::new(config(upstreams, rest), world::now()).unwrap()
}

fn config(upstreams: &[SocketAddr], rest: &str) -> policy::Config {
    let upstreams: Vec<String> = upstreams.iter().map(|at| format!("\"http://{at}\"")).collect();
    let text = format!("[gateway]\nmemory = \"1 MiB\"\nupstreams = [{}]\n{rest}", upstreams.join(", "));
    policy::read(&text, Path::new("")).unwrap().config
}

fn state(gate: &Gate, server: usize) -> State {
    gate.fleet.view(world::now())[server].state
}

const CHECKS: &str =
    "health = { path = \"/healthz?deep=1\", every = \"5ms\", timeout = \"10s\", rise = 2, fall = 2 }";

#[tokio::test]
async fn a_server_leaves_the_routing_when_its_checks_fail_and_returns_when_they_pass() {
    let mut server = Patient::new().await;
    let gate = gate(&[server.at], CHECKS);
    let watching = tokio::spawn(watch(Arc::clone(&gate)));
    server.asked(2).await;
    assert_eq!(state(&gate, 0), State::InRouting);
    server.status.store(503, Ordering::SeqCst);
    server.asked(4).await;
    assert_eq!(state(&gate, 0), State::Out);
    server.status.store(204, Ordering::SeqCst);
    server.asked(4).await;
    assert_eq!(state(&gate, 0), State::InRouting);
    watching.abort();
}

#[tokio::test]
async fn servers_that_come_with_a_reload_are_checked_and_those_that_left_are_not() {
    let (mut first, mut second) = (Patient::new().await, Patient::new().await);
    let gate = gate(&[first.at], CHECKS);
    let mut rounds = Rounds::default();
    rounds.follow(&gate);
    first.asked(1).await;
    gate.reload(config(&[second.at], CHECKS), world::now()).unwrap();
    rounds.follow(&gate);
    second.asked(2).await;
    assert_eq!(rounds.running.len(), 1);
    let left = rounds.tasks.join_next().await.unwrap();
    assert!(left.unwrap_err().is_cancelled(), "the first one's checks have ended");
    gate.reload(config(&[second.at], ""), world::now()).unwrap();
    rounds.follow(&gate);
    assert!(rounds.running.is_empty(), "nobody is checked any more");
}

#[tokio::test]
async fn a_reload_that_changes_nothing_of_a_check_leaves_it_alone() {
    let server = Patient::new().await;
    let gate = gate(&[server.at], CHECKS);
    let mut rounds = Rounds::default();
    rounds.follow(&gate);
    let before: Vec<_> = rounds.running.values().map(|round| round.task.id()).collect();
    gate.reload(config(&[server.at], &format!("{CHECKS}\ndrain = \"7s\"")), world::now()).unwrap();
    rounds.follow(&gate);
    let after: Vec<_> = rounds.running.values().map(|round| round.task.id()).collect();
    assert_eq!(before, after);
}

fn probe(at: SocketAddr, version: UpstreamVersion, timeout: Duration) -> Probe {
    let address = UpstreamAddress::Http(at.to_string().parse().unwrap());
    let every = Duration::from_secs(1);
    let health = Health { path: "/healthz?deep=1".to_owned(), every, timeout, rise: 1, fall: 1 };
    let long = Duration::from_secs(60);
    let terms =
        UpstreamTerms { version, connect: long, answer: long, idle: long, retries: 0, authorities: None };
    let authorities = Authorities::load(&terms, std::slice::from_ref(&address)).unwrap();
    Probe::new(Plan { address, health, terms }, &authorities)
}

#[tokio::test]
async fn a_server_that_speaks_http2_is_asked_in_http2() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(async |request: http::Request<hyper::body::Incoming>| {
            assert_eq!(request.uri().path(), "/healthz");
            Ok::<_, std::convert::Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        server.serve_connection(TokioIo::new(stream), service).await
    });
    let probe = probe(at, UpstreamVersion::Http2, Duration::from_secs(60));
    assert_eq!(probe.check().await, Check::Passed);
    // Nothing is kept: the connection ends with the check.
    let _ = serving.await.unwrap();
}

#[tokio::test]
async fn a_check_tells_who_is_well_who_isn_t_and_who_isn_t_there() {
    let long = Duration::from_secs(60);
    let server = Patient::new().await;
    let well = probe(server.at, UpstreamVersion::Http1, long);
    for (status, check) in
        [(200, Check::Passed), (204, Check::Passed), (301, Check::Failed), (503, Check::Failed)]
    {
        server.status.store(status, Ordering::SeqCst);
        assert_eq!(well.check().await, check, "{status}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    // The system takes connections for it, and nobody ever looks at them.
    let hanging = probe(at, UpstreamVersion::Http1, Duration::from_millis(50));
    assert_eq!(hanging.check().await, Check::Failed);
    drop(listener);
    assert_eq!(hanging.check().await, Check::Refused);
    assert_eq!(probe(at, UpstreamVersion::Http2, long).check().await, Check::Refused);
}
