//! Which calls wait together, as answers tell. Never here: what a single gate does.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use tidegate::client::{Replay, WaitLayer};
use tidegate::world;
use tidegate_core::{Ask, Decision, Quota, Shape, State, Time, step};
use tokio::task::{JoinSet, yield_now};
use tower::{Layer, Service, ServiceExt};

use crate::support::{Chunks, SECOND};

/// A request as it was sent.
#[derive(Clone, Debug)]
struct Sent {
    number: usize,
    at: Time,
    method: Method,
    path: String,
}

/// What it is answered: a wait if it is refused, and the name of its bucket.
type Told = (Option<u64>, Option<&'static str>);

#[derive(Clone)]
struct World {
    log: Arc<Mutex<Vec<Sent>>>,
    rule: Arc<dyn Fn(&Sent) -> Told + Send + Sync>,
    layer: WaitLayer,
}

impl World {
    fn new(rule: impl Fn(&Sent) -> Told + Send + Sync + 'static) -> World {
        World { log: Arc::default(), rule: Arc::new(rule), layer: WaitLayer::new() }
    }

    async fn call(&self, method: Method, path: &str) {
        let client = self.layer.layer(self.clone());
        let request = Request::builder().method(method).uri(format!("http://upstream.test{path}"));
        let answer = client.oneshot(request.body(Chunks::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "what is refused goes again");
    }

    async fn get(&self, path: &str) {
        self.call(Method::GET, path).await;
    }

    /// Starts calls in this order.
    async fn start(&self, paths: impl IntoIterator<Item = String>) -> JoinSet<()> {
        let mut set = JoinSet::new();
        for path in paths {
            let world = self.clone();
            set.spawn(async move { world.get(&path).await });
            yield_now().await;
        }
        set
    }

    fn log(&self) -> Vec<Sent> {
        self.log.lock().unwrap().clone()
    }

    fn buckets(&self) -> Vec<String> {
        self.layer.beliefs().into_iter().map(|(name, _)| name.to_string()).collect()
    }
}

impl Service<Request<Replay<Chunks>>> for World {
    type Response = Response<Full<Bytes>>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Replay<Chunks>>) -> Self::Future {
        let mut log = self.log.lock().unwrap();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let sent = Sent { number: log.len(), at: world::now(), method, path };
        log.push(sent.clone());
        let told = (self.rule)(&sent);
        Box::pin(async move {
            world::sleep_until(sent.at.later(SECOND / 10)).await;
            Ok(answer(told))
        })
    }
}

fn answer((wait, name): Told) -> Response<Full<Bytes>> {
    let mut answer = Response::builder().status(if wait.is_some() { 429 } else { 200 });
    if let Some(wait) = wait {
        answer = answer.header("retry-after", wait);
    }
    if let Some(name) = name {
        answer = answer.header("x-ratelimit-resource", name);
    }
    answer.body(Full::default()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn templates_of_one_name_wait_together() {
    let world = World::new(|sent| ((sent.number == 2).then_some(60), Some("core")));
    world.get("/a").await;
    world.get("/b").await;
    let refused = world.start(["/a".to_owned()]).await;
    world::sleep_until(world::now().later(SECOND)).await;
    let start = world::now();
    world.get("/b").await;
    assert!(world::now().since(start) >= 59 * SECOND, "{:?}", world::now().since(start));
    refused.join_all().await;
    let paths: Vec<String> = world.log().into_iter().map(|sent| sent.path).collect();
    assert_eq!(paths, ["/a", "/b", "/a", "/a", "/b"], "in the order of arrival");
    assert!(world.buckets().contains(&"http://upstream.test core".into()), "{:?}", world.buckets());
}

#[tokio::test(start_paused = true)]
async fn methods_of_one_template_wait_apart_if_their_names_differ() {
    let world = World::new(|sent| match sent.method {
        Method::POST => ((sent.number == 2).then_some(60), Some("writes")),
        _ => (None, Some("reads")),
    });
    world.get("/x").await;
    world.call(Method::POST, "/x").await;
    let other = world.clone();
    let refused = tokio::spawn(async move { other.call(Method::POST, "/x").await });
    world::sleep_until(world::now().later(SECOND)).await;
    let start = world::now();
    world.get("/x").await;
    assert!(world::now().since(start) < SECOND, "{:?}", world::now().since(start));
    refused.await.unwrap();
    assert!(world::now().since(start) > 58 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_queue_moves_to_the_named_bucket_in_order_and_as_a_whole() {
    let world = World::new(|sent| match sent.number {
        0 => (Some(10), Some("core")),
        _ => (None, Some("core")),
    });
    // The ids are ids, so that all are of one template.
    let first = world.start((100..130).map(|number| format!("/items/{number}"))).await;
    world::sleep_until(world::now().later(SECOND)).await;
    let second = world.start((130..150).map(|number| format!("/items/{number}"))).await;
    first.join_all().await;
    second.join_all().await;
    let log = world.log();
    // Two went at once, since nothing was known yet. One of them was refused, and goes again.
    assert_eq!(log.len(), 51, "none is lost, and none doubled");
    let since: Vec<Duration> = log[2..].iter().map(|sent| sent.at.since(log[0].at)).collect();
    assert!(since.iter().all(|since| *since >= 10 * SECOND), "none before the told wait: {since:?}");
    let mut paths: Vec<String> = log[2..].iter().map(|sent| sent.path.clone()).collect();
    assert_eq!(paths.remove(0), "/items/100", "the refused one comes back to its place");
    let expected: Vec<String> = (102..150).map(|number| format!("/items/{number}")).collect();
    assert_eq!(paths, expected);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_a_bucket_closes_the_one_it_was_sent_from_as_well() {
    let world = World::new(|sent| match sent.path.as_str() {
        "/a" => ((sent.number == 0).then_some(60), Some("core")),
        _ => (None, None),
    });
    let refused = world.start(["/a".to_owned()]).await;
    world::sleep_until(world::now().later(SECOND)).await;
    let start = world::now();
    world.get("/unknown").await;
    assert!(world::now().since(start) < SECOND, "unknown routes pass");
    world.call(Method::POST, "/a").await;
    assert!(world::now().since(start) >= 58 * SECOND, "{:?}", world::now().since(start));
    refused.join_all().await;
}

/// Refuses what is beyond this quota until its window ends, counted over all paths or each path on its own.
fn counted(quota: &str, counter_of: fn(&str) -> String) -> World {
    let quota = quota.parse::<Quota>().unwrap().with_shape(Shape::Opened).unwrap();
    let states: Mutex<std::collections::BTreeMap<String, State>> = Mutex::default();
    World::new(move |sent| {
        let mut states = states.lock().unwrap();
        let state = states.entry(counter_of(&sent.path)).or_default();
        let wait = match step(&quota, state, sent.at, Ask::NOW) {
            Decision::Deny { retry_at } => Some(retry_at.since(sent.at).as_secs() + 1),
            _ => None,
        };
        (wait, None)
    })
}

/// Calls both paths over and over, each a little after the other, for so long.
async fn call_both(world: &World, span: Duration) {
    let mut set = JoinSet::new();
    for (path, offset) in [("/a", 0), ("/b", 3)] {
        let world = world.clone();
        set.spawn(async move {
            let end = world::now().later(span);
            world::sleep_until(world::now().later(offset * SECOND)).await;
            while world::now() < end {
                world.get(path).await;
                world::sleep_until(world::now().later(SECOND)).await;
            }
        });
    }
    set.join_all().await;
}

#[tokio::test(start_paused = true)]
async fn templates_that_are_refused_together_come_to_wait_together() {
    let world = counted("6 per 60 seconds", |_| "all".into());
    call_both(&world, 300 * SECOND).await;
    let start = world::now();
    call_both(&world, 600 * SECOND).await;
    let refused = |path: &str| {
        let later = world.log().into_iter().filter(|sent| sent.at >= start && sent.path == path);
        later.map(|sent| sent.at).collect::<Vec<_>>()
    };
    let closed = world.layer.beliefs();
    let used: Vec<_> = closed.iter().filter(|(_, belief)| belief.closed_until >= start).collect();
    assert_eq!(used.len(), 1, "only one bucket is told to wait: {closed:?}");
    assert!(!refused("/a").is_empty() && !refused("/b").is_empty(), "both are still called");
}

#[tokio::test(start_paused = true)]
async fn templates_that_count_apart_never_wait_for_each_other() {
    let world = counted("6 per 60 seconds", |path| path.to_owned());
    call_both(&world, 900 * SECOND).await;
    let closed = world.layer.beliefs();
    let recently = world::now().earlier(100 * SECOND);
    assert!(closed.iter().all(|(_, belief)| belief.closed_until >= recently), "both go on: {closed:?}");
    assert_eq!(closed.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_with_a_known_quota_keeps_its_calls() {
    let quota: Quota = "100 per second".parse().unwrap();
    let mut world = World::new(|_| (None, Some("core")));
    world.layer = world.layer.quotas(move |_, resource| (resource == "/mine").then_some(quota));
    for path in ["/mine", "/mine", "/other", "/other"] {
        world.get(path).await;
    }
    let expected = ["http://upstream.test core", "http://upstream.test/mine", "http://upstream.test/other"];
    let mut buckets = world.buckets();
    buckets.sort();
    assert_eq!(buckets, expected);
}
