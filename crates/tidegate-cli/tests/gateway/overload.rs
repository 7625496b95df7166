//! More than a server can do, from callers who don't listen: who listens is served, and it ends.
//! Never here: how capacity is learned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tidegate::world;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::caller::{Caller, request};
use crate::running::{Gateway, policy};
use crate::upstream::{Upstream, ok};

/// What the server can do: so many calls at once, each for so long.
const WORKERS: usize = 8;
const WORK: Duration = Duration::from_millis(100);

/// Callers who wait as told, and callers who don't.
const HONEST: usize = 6;
const DEAF: usize = 54;

const TABLES: &str = r#"
[[limit]]
name = "each"
key = "bearer"
quota = "2 per second, burst 4"

[[priority]]
name = "pay"
match = { path = "/pay" }
class = "critical"
"#;

const GUARDS: &str = "overload = { first = 8 }\npenalty = { forgiven = \"5 per minute\", longest = \"1m\" }";

/// What came of one kind of callers.
#[derive(Debug, Default)]
struct Came {
    asked: AtomicUsize,
    served: AtomicUsize,
    /// Told to wait.
    refused: AtomicUsize,
    /// Told to wait by who had waited as told.
    refused_again: AtomicUsize,
    /// Neither: an error.
    failed: AtomicUsize,
}

impl Came {
    fn heard(&self, status: u16) {
        let of = match status {
            200 => &self.served,
            429 | 503 => &self.refused,
            _ => &self.failed,
        };
        of.fetch_add(1, Ordering::Relaxed);
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    fn counts(&self) -> [usize; 5] {
        [&self.asked, &self.served, &self.refused, &self.refused_again, &self.failed]
            .map(|count| count.load(Ordering::Relaxed))
    }

    /// The share of calls of who listens that weren't served at once or, where they were told to wait, after that.
    fn lost(&self) -> f64 {
        let [asked, _, refused, again, failed] = self.counts();
        (again + failed) as f64 / (asked - refused) as f64
    }
}

/// A server that does so much and no more: who comes on top waits in line.
async fn bounded() -> Upstream {
    let places = Arc::new(Semaphore::new(WORKERS));
    Upstream::new(move |_| {
        let places = Arc::clone(&places);
        async move {
            let _place = places.acquire().await.unwrap();
            world::sleep_until(world::now().later(WORK)).await;
            ok("done")
        }
    })
    .await
}

/// One caller: asks every so often, and waits first if it was told to and listens.
async fn call(
    address: String,
    target: &'static str,
    token: String,
    every: Duration,
    ear: Ear,
    came: Arc<Came>,
    stop: Arc<AtomicBool>,
) {
    let mut connection = Caller::to(&address).await;
    let mut next = world::now();
    let mut has_waited = false;
    while !stop.load(Ordering::Relaxed) {
        world::sleep_until(next).await;
        let authorization = format!("Authorization: Bearer {token}");
        connection.send(request("GET", target, &[&authorization])).await;
        let answer = connection.read("GET").await;
        let status = answer.as_ref().map_or(0, |answer| answer.status());
        came.heard(status);
        next = next.later(every).max(world::now());
        let is_told = ear == Ear::Listens && matches!(status, 429 | 503);
        if has_waited && is_told {
            came.refused_again.fetch_add(1, Ordering::Relaxed);
        }
        has_waited = is_told;
        match answer {
            None => connection = Caller::to(&address).await,
            Some(refused) if is_told => {
                next = world::now().later(Duration::from_secs(refused.wait_seconds()));
            }
            Some(_heard) => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ear {
    Listens,
    Deaf,
}

async fn overload(storm: Duration) {
    let upstream = bounded().await;
    let gateway = Gateway::start(&policy(&[upstream.url()], GUARDS, TABLES)).await;
    let [honest, deaf, critical, after] = [(); 4].map(|()| Arc::<Came>::default());
    let (stop, over) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (mut steady, mut storming) = (JoinSet::new(), JoinSet::new());
    let address = || gateway.address.clone();
    let pace = Duration::from_secs(1);
    for number in 0..HONEST {
        let (came, stop) = (Arc::clone(&honest), Arc::clone(&stop));
        steady.spawn(call(address(), "/", format!("honest-{number}"), pace, Ear::Listens, came, stop));
    }
    for number in 0..2 {
        let (came, stop) = (Arc::clone(&critical), Arc::clone(&stop));
        steady.spawn(call(address(), "/pay", format!("payer-{number}"), pace, Ear::Listens, came, stop));
    }
    world::sleep_until(world::now().later(Duration::from_secs(4))).await;
    // Ten times the capacity together: 800 a second.
    let every = WORK.mul_f64(DEAF as f64 / (10 * WORKERS) as f64);
    for number in 0..DEAF {
        let (came, over) = (Arc::clone(&deaf), Arc::clone(&over));
        storming.spawn(call(address(), "/", format!("deaf-{number}"), every, Ear::Deaf, came, over));
    }
    world::sleep_until(world::now().later(storm)).await;
    over.store(true, Ordering::Relaxed);
    storming.join_all().await;
    let (came, stopped) = (Arc::clone(&after), Arc::clone(&stop));
    steady.spawn(call(address(), "/", "new".to_owned(), pace, Ear::Listens, came, stopped));
    world::sleep_until(world::now().later(Duration::from_secs(3))).await;
    stop.store(true, Ordering::Relaxed);
    steady.join_all().await;
    for (who, came) in [("honest", &honest), ("critical", &critical), ("new afterwards", &after)] {
        let [asked, served, refused, again, failed] = came.counts();
        print!("{who}: asked {asked} times, served {served}, told to wait {refused}, failed {failed}");
        println!("; {again} times told to wait again after waiting: {:.2} % lost", 100.0 * came.lost());
    }
    let [asked, served, refused, ..] = deaf.counts();
    println!("deaf: asked {asked} times, served {served}, told to wait {refused}");
    println!("the server got {} calls in {} s; it can do 80 a second", upstream.count(), storm.as_secs() + 7);
    assert!(honest.lost() < 0.01 && critical.lost() < 0.01 && after.lost() < 0.01);
    let [asked, served, ..] = critical.counts();
    assert_eq!(asked, served, "what matters isn't even told to wait");
    assert_eq!(deaf.counts()[4], 0, "nobody is left without an answer");
}

#[tokio::test]
#[ignore = "takes half a minute: bench/gateway/overload.sh runs it"]
async fn who_listens_is_served_in_ten_times_overload() {
    overload(Duration::from_secs(25)).await;
}

#[tokio::test]
async fn who_doesn_t_wait_for_the_servers_sake_is_shut_out_as_for_a_limit() {
    let upstream = Upstream::new(|_| std::future::pending()).await;
    let guards = "penalty = { forgiven = \"3 per minute\", grace = \"1ms\" }";
    let full = format!("[{{ url = \"{}\", at-once = 1 }}]", upstream.url());
    let policy = policy(&[], guards, "").replace("upstreams = []", &format!("upstreams = {full}"));
    let gateway = Gateway::start(&policy).await;
    let mut held = gateway.caller().await;
    held.send(request("GET", "/", &[])).await;
    while upstream.count() == 0 {
        world::sleep_until(world::now().later(Duration::from_millis(2))).await;
    }
    let mut statuses = Vec::new();
    let shut = loop {
        let answer = gateway.get("/", "deaf").await;
        assert!(answer.wait_seconds() >= 1, "{answer:?}");
        statuses.push(answer.status());
        if answer.status() != 503 || statuses.len() == 100 {
            break answer;
        }
    };
    assert!(shut.status() == 429 && shut.text().contains("abnormal-usage"), "{statuses:?}, {shut:?}");
    assert!((4..10).contains(&statuses.len()), "some is forgiven: {statuses:?}");
    assert_eq!(gateway.get("/", "new").await.status(), 503, "another caller isn't shut out");
}
