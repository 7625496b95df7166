//! The three clients: a naive script, workers that sleep as told, and Tidegate. Never here: what they achieve.

mod post;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tidegate::client::WaitLayer;
use tidegate::observe::Event;
use tidegate::world;
use tokio::task::JoinSet;
use tower_layer::Layer as _;

use super::job::Job;
use post::{Came, Post, post};

/// How many calls each client has under way at most.
pub(super) const WORKERS: usize = 32;

/// How often the naive script sends a message before it gives it up.
const TRIES: u32 = 4;

/// The naive script's pause before it sends a message the second time; then it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// What is waited where a refusal tells nothing.
const UNTOLD_WAIT: Duration = Duration::from_secs(1);

/// How a client goes about the work.
#[derive(Clone, Debug)]
pub(super) enum Manner {
    /// A short pause after a refusal, whatever it told; after a few tries the message is lost.
    Naive,
    /// Each worker sleeps as long as it was told, and knows nothing of the others.
    AsTold,
    /// Tidegate's client layer around the same HTTP client.
    Tidegate(WaitLayer),
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Manner::Naive => "naive script",
            Manner::AsTold => "sleep as told",
            Manner::Tidegate(_) => "Tidegate",
        })
    }
}

/// Does the job, or as much of it as this manner can.
pub(super) async fn run(manner: Manner, job: Arc<Job>) {
    match manner {
        Manner::Naive => {
            let client = Client::builder(TokioExecutor::new()).build_http();
            crowd(|| naive(client.clone(), Arc::clone(&job))).await;
        }
        Manner::AsTold => {
            let client = Client::builder(TokioExecutor::new()).build_http();
            crowd(|| as_told(client.clone(), Arc::clone(&job))).await;
        }
        Manner::Tidegate(layer) => {
            let counted = Arc::clone(&job);
            let layer = layer.observer(Arc::new(move |event: &Event<'_>| {
                if let Event::Refused { .. } = event {
                    counted.refused();
                }
            }));
            let client = layer.layer(Client::builder(TokioExecutor::new()).build_http());
            crowd(|| paced(client.clone(), Arc::clone(&job))).await;
        }
    }
}

/// Runs as many workers as a client has, until all have ended.
async fn crowd<W: Future<Output = ()> + Send + 'static>(worker: impl Fn() -> W) {
    let mut workers: JoinSet<()> = (0..WORKERS).map(|_| worker()).collect();
    while workers.join_next().await.is_some() {}
}

async fn naive(mut client: impl Post, job: Arc<Job>) {
    while let Some(item) = job.take() {
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=TRIES {
            match post(&mut client, job.request(item)).await {
                Came::Passed => {
                    job.passed();
                    break;
                }
                Came::Refused { .. } | Came::Broken if attempt == TRIES => job.given_up(),
                Came::Refused { .. } | Came::Broken => {
                    job.refused();
                    job.asleep(sleep(pause)).await;
                    pause *= 2;
                }
            }
        }
    }
}

async fn as_told(mut client: impl Post, job: Arc<Job>) {
    while let Some(item) = job.take() {
        loop {
            match post(&mut client, job.request(item)).await {
                Came::Passed => break job.passed(),
                Came::Refused { told } => {
                    job.refused();
                    job.asleep(sleep(told.unwrap_or(UNTOLD_WAIT))).await;
                }
                // It may have been done: sending it again could double it.
                Came::Broken => break job.given_up(),
            }
        }
    }
}

async fn paced(mut client: impl Post, job: Arc<Job>) {
    while let Some(item) = job.take() {
        match post(&mut client, job.request(item)).await {
            Came::Passed => job.passed(),
            // The layer hands back no refusal that it could wait for.
            Came::Refused { .. } | Came::Broken => job.given_up(),
        }
    }
}

async fn sleep(span: Duration) {
    world::sleep_until(world::now().later(span)).await;
}
