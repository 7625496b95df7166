//! The end under load: what was read is answered, who comes later is turned away. Never here: a limit.

use std::sync::Arc;
use std::time::Duration;

use tidegate::world;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};

use crate::caller::request;
use crate::load::Load;
use crate::running::{Gateway, policy};
use crate::upstream::{Upstream, ok};

/// A server that answers when it is let, and says when it has got a request.
async fn held() -> (Upstream, Arc<Notify>, Arc<Semaphore>) {
    let (got, may) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let shown = (Arc::clone(&got), Arc::clone(&may));
    let upstream = Upstream::new(move |_| {
        let (got, may) = (Arc::clone(&shown.0), Arc::clone(&shown.1));
        async move {
            got.notify_one();
            may.acquire().await.unwrap().forget();
            ok("late")
        }
    })
    .await;
    (upstream, got, may)
}

async fn refuses_connections(address: &str) {
    while TcpStream::connect(address).await.is_ok() {
        world::sleep_until(world::now().later(Duration::from_millis(5))).await;
    }
}

#[tokio::test]
async fn what_was_read_is_answered_and_nobody_else_comes_in() {
    let (upstream, got, may) = held().await;
    let mut gateway = Gateway::start(&policy(&[upstream.url()], "", "")).await;
    let mut callers = Vec::new();
    for _ in 0..5 {
        let mut caller = gateway.caller().await;
        caller.send(request("POST", "/", &["Content-Length: 0"])).await;
        got.notified().await;
        callers.push(caller);
    }
    let mut idle = gateway.caller().await;
    gateway.signal("-TERM");
    gateway.says("stopping: 5 calls under way").await;
    refuses_connections(&gateway.address).await;
    assert_eq!(idle.rest().await, "", "a connection without a call is closed");
    may.add_permits(5);
    for caller in &mut callers {
        let answer = caller.answer("POST").await;
        assert_eq!((answer.status(), &*answer.text()), (200, "late"));
        assert_eq!(answer.field("connection"), Some("close"), "{answer:?}");
    }
    let ended = gateway.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.said.contains("stopped; no call was cut"), "{ended:?}");
}

#[tokio::test]
async fn who_stops_it_twice_cuts_what_is_under_way() {
    let (upstream, got, _may) = held().await;
    let mut gateway = Gateway::start(&policy(&[upstream.url()], "", "")).await;
    let mut caller = gateway.caller().await;
    caller.send(request("GET", "/", &[])).await;
    got.notified().await;
    gateway.signal("-INT");
    gateway.says("Ctrl-C again cuts them").await;
    gateway.signal("-INT");
    let ended = gateway.ended().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.said.contains("stopped; 1 call was cut"), "{ended:?}");
    assert_eq!(caller.rest().await, "");
}

#[tokio::test]
async fn a_deadline_cuts_what_doesn_t_end() {
    let (upstream, got, _may) = held().await;
    let gateway = Gateway::start(&policy(&[upstream.url()], "drain = \"300ms\"", "")).await;
    let mut caller = gateway.caller().await;
    caller.send(request("GET", "/", &[])).await;
    got.notified().await;
    gateway.signal("-TERM");
    let ended = gateway.ended().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.said.contains("within 300ms") && ended.said.contains("1 call was cut"), "{ended:?}");
}

/// Callers who ask as fast as they are answered, until the gateway is gone: every request that reached a server was
/// answered in full.
#[tokio::test]
async fn an_end_under_load_drops_no_request() {
    const CALLERS: usize = 16;
    let upstream = Upstream::echo().await;
    let gateway = Gateway::start(&policy(&[upstream.url()], "", "")).await;
    let load = Load::until_refused(&gateway.address, CALLERS, |_, _| request("GET", "/", &[]));
    load.hears(500).await;
    gateway.signal("-TERM");
    let ended = gateway.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.said.contains("stopped; no call was cut"), "{ended:?}");
    let tally = load.stop().await;
    assert_eq!(tally.other_than(&[200, 0]), Default::default());
    assert_eq!(tally.count(200), upstream.count(), "each call that a server had was answered");
    println!("{} answered, {} closed before their request was read", tally.count(200), tally.count(0));
    assert!(tally.count(0) <= CALLERS);
}
