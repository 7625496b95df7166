//! How many connections there may be, and how many there are. Never here: a connection.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for connections; all clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    taken: Arc<AtomicUsize>,
}

/// A place that somebody may take.
#[derive(Debug)]
pub(super) struct Free {
    _permit: Option<OwnedSemaphorePermit>,
}

/// A place that somebody has, until this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    _place: Free,
    taken: Arc<AtomicUsize>,
}

impl Places {
    /// So many.
    pub(crate) fn of(most: NonZeroU32) -> Places {
        Places { free: Arc::new(Semaphore::new(most.get() as usize)), taken: Arc::default() }
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Waits for a place.
    pub(super) async fn free(&self) -> Free {
        Free { _permit: Arc::clone(&self.free).acquire_owned().await.ok() }
    }

    /// A place for one who is there already.
    pub(super) fn beyond(&self) -> Taken {
        self.take(Free { _permit: None })
    }

    /// Somebody has come for a place.
    pub(super) fn take(&self, place: Free) -> Taken {
        self.taken.fetch_add(1, Ordering::Relaxed);
        Taken { _place: place, taken: Arc::clone(&self.taken) }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
