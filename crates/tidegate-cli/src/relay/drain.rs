//! Stopping without dropping a call: no new ones, then those under way, then, past a deadline, the rest. Never here: a
//! signal's handler.

use tokio::sync::watch;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Not begun.
    Serving,
    /// Calls under way end; there are no new ones.
    Draining,
    /// What is left is cut.
    Cut,
}

/// Tells everybody that it is time to end.
#[derive(Debug)]
pub(crate) struct Drain(watch::Sender<Stage>);

/// Is told that it is time to end.
#[derive(Clone, Debug)]
pub(crate) struct Told(watch::Receiver<Stage>);

impl Drain {
    /// Nothing ends yet.
    pub(crate) fn new() -> Drain {
        Drain(watch::Sender::new(Stage::Serving))
    }

    /// Somebody who is to be told.
    pub(crate) fn told(&self) -> Told {
        Told(self.0.subscribe())
    }

    /// From now on nothing new is taken.
    pub(crate) fn start(&self) {
        self.0.send_if_modified(|stage| std::mem::replace(stage, Stage::Draining.max(*stage)) != *stage);
    }

    /// What is under way ends now.
    pub(crate) fn cut(&self) {
        self.0.send_replace(Stage::Cut);
    }
}

impl Told {
    /// Whether something was told since it was asked for: cheaper than to wait for it.
    pub(crate) fn has_news(&self) -> bool {
        self.0.has_changed().unwrap_or(true)
    }

    /// Whether nothing new is taken any more.
    pub(crate) fn is_draining(&self) -> bool {
        *self.0.borrow() >= Stage::Draining
    }

    /// Comes back when nothing new is to be taken.
    pub(crate) async fn draining(mut self) {
        // A teller that is gone can't stop anything any more: that is the end, too.
        let _ = self.0.wait_for(|stage| *stage >= Stage::Draining).await;
    }

    /// Comes back when what is under way is to be cut.
    pub(crate) async fn cut(mut self) {
        let _ = self.0.wait_for(|stage| *stage == Stage::Cut).await;
    }
}

/// Comes back when all that had come in by now has been heard of: the runtime asks the system for news between two
/// turns.
pub(crate) async fn news() {
    for _ in 0..2 {
        tokio::task::yield_now().await;
    }
}
