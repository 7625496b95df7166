//! The work that each client is to do, and how far it has come. Never here: how a client goes about it.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;

/// Messages to post, each once.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) items: u64,
    uri: Uri,
    next: AtomicU64,
    passed: AtomicU64,
    refused: AtomicU64,
    given_up: AtomicU64,
    asleep: AtomicU64,
}

/// How far the work has come, as the client sees it: for the bars. The table has the fleet's own counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) passed: u64,
    pub(super) refused: u64,
    pub(super) given_up: u64,
    /// Workers that sleep.
    pub(super) asleep: u64,
}

impl Job {
    pub(super) fn new(items: u64, uri: Uri) -> Job {
        let zero = AtomicU64::default;
        Job { items, uri, next: zero(), passed: zero(), refused: zero(), given_up: zero(), asleep: zero() }
    }

    /// The next message that nobody has taken.
    pub(super) fn take(&self) -> Option<u64> {
        let item = self.next.fetch_add(1, Ordering::Relaxed);
        (item < self.items).then_some(item)
    }

    pub(super) fn request(&self, item: u64) -> Request<Full<Bytes>> {
        let body = serde_json::json!({ "id": format!("message-{item}"), "text": "High water at noon." });
        let mut request =
            Request::post(self.uri.clone()).body(Full::from(body.to_string())).unwrap_or_default();
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer demo"));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }

    pub(super) fn progress(&self) -> Progress {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Progress {
            passed: read(&self.passed),
            refused: read(&self.refused),
            given_up: read(&self.given_up),
            asleep: read(&self.asleep),
        }
    }

    pub(super) fn passed(&self) {
        self.passed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn given_up(&self) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a worker as asleep while it waits.
    pub(super) async fn asleep(&self, wait: impl Future<Output = ()>) {
        self.asleep.fetch_add(1, Ordering::Relaxed);
        wait.await;
        self.asleep.fetch_sub(1, Ordering::Relaxed);
    }
}
