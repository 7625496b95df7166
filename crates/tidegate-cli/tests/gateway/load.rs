//! Callers who ask again and again, each on a connection of its own, and what they heard. Never here: a check.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tidegate::world;
use tidegate_core::Time;
use tokio::task::JoinSet;

use crate::caller::Caller;
use crate::running::AT_MOST;

/// Callers at work.
pub(crate) struct Load {
    progress: Arc<Progress>,
    tasks: JoinSet<Vec<Shot>>,
}

#[derive(Default)]
struct Progress {
    stop: AtomicBool,
    heard: AtomicUsize,
}

/// What callers do whose connection is gone.
#[derive(Clone, Copy, Debug)]
enum Gone {
    CallAgain,
    GiveUp,
}

/// One request, and what came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shot {
    pub(crate) caller: usize,
    pub(crate) number: usize,
    /// When the answer was there.
    pub(crate) at: Time,
    /// 0 if the connection broke instead.
    pub(crate) status: u16,
}

/// All that was heard.
#[derive(Debug)]
pub(crate) struct Tally(pub(crate) Vec<Shot>);

impl Load {
    /// So many callers, who pause so long after each answer. `request` gives the bytes of a caller's next request.
    pub(crate) fn start(
        address: &str,
        callers: usize,
        pause: Duration,
        request: impl Fn(usize, usize) -> String + Send + Sync + 'static,
    ) -> Load {
        Load::of(address, callers, pause, request, Gone::CallAgain)
    }

    /// The same without a pause, until the connection is closed on them.
    pub(crate) fn until_refused(
        address: &str,
        callers: usize,
        request: impl Fn(usize, usize) -> String + Send + Sync + 'static,
    ) -> Load {
        Load::of(address, callers, Duration::ZERO, request, Gone::GiveUp)
    }

    fn of(
        address: &str,
        callers: usize,
        pause: Duration,
        request: impl Fn(usize, usize) -> String + Send + Sync + 'static,
        gone: Gone,
    ) -> Load {
        let (progress, request) = (Arc::<Progress>::default(), Arc::new(request));
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let (address, progress, request) =
                (address.to_owned(), Arc::clone(&progress), Arc::clone(&request));
            tasks.spawn(async move {
                let mut shots = Vec::new();
                let mut connection = Caller::to(&address).await;
                for number in 0.. {
                    if progress.stop.load(Ordering::Relaxed) {
                        break;
                    }
                    connection.send(request(caller, number)).await;
                    let status = connection.read("GET").await.map_or(0, |answer| answer.status());
                    let at = world::now();
                    shots.push(Shot { caller, number, at, status });
                    progress.heard.fetch_add(1, Ordering::Relaxed);
                    match (status, gone) {
                        (0, Gone::GiveUp) => break,
                        (0, Gone::CallAgain) => connection = Caller::to(&address).await,
                        _answered => {}
                    }
                    if !pause.is_zero() {
                        world::sleep_until(at.later(pause)).await;
                    }
                }
                shots
            });
        }
        Load { progress, tasks }
    }

    /// Waits until so many more answers were heard.
    pub(crate) async fn hears(&self, more: usize) {
        let enough = self.progress.heard.load(Ordering::Relaxed) + more;
        let deadline = world::now().later(AT_MOST);
        while self.progress.heard.load(Ordering::Relaxed) < enough {
            let now = world::now();
            assert!(now < deadline, "no answers come");
            world::sleep_until(now.later(Duration::from_millis(2))).await;
        }
    }

    /// Ends when all have heard what they asked last.
    pub(crate) async fn stop(mut self) -> Tally {
        self.progress.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(shots) = self.tasks.join_next().await {
            all.extend(shots.unwrap());
        }
        Tally(all)
    }
}

impl Tally {
    pub(crate) fn count(&self, status: u16) -> usize {
        self.0.iter().filter(|shot| shot.status == status).count()
    }

    /// How many calls went through within an interval.
    pub(crate) fn admitted(&self, from: Time, to: Time) -> usize {
        self.0.iter().filter(|shot| shot.status == 200 && from <= shot.at && shot.at < to).count()
    }

    /// Whether callers asked for more than passed all the time: somebody was refused in every fifth of a second.
    pub(crate) fn asked_for_more(&self, from: Time, to: Time) -> bool {
        let slice = Duration::from_millis(200).as_nanos();
        let refused = self.0.iter().filter(|shot| shot.status == 429 && from <= shot.at && shot.at < to);
        let slices: HashSet<u128> = refused.map(|shot| shot.at.since(from).as_nanos() / slice).collect();
        slices.len() as u128 >= to.since(from).as_nanos() / slice
    }

    /// Every status that isn't one of these, with how often it came.
    pub(crate) fn other_than(&self, expected: &[u16]) -> BTreeMap<u16, usize> {
        let mut others = BTreeMap::new();
        for shot in self.0.iter().filter(|shot| !expected.contains(&shot.status)) {
            *others.entry(shot.status).or_default() += 1;
        }
        others
    }
}
