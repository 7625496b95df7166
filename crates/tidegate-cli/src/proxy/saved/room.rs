//! How many bytes are held in all. Never here: the bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Room for so many bytes, shared by all that hold some.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<AtomicU64>);

/// What one of them holds, which is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    room: Room,
    bytes: u64,
}

impl Room {
    pub(super) fn of(bytes: u64) -> Room {
        Room(Arc::new(AtomicU64::new(bytes)))
    }

    /// How many bytes are free.
    pub(super) fn free(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A share that has nothing yet.
    pub(super) fn share(&self) -> Share {
        Share { room: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// Takes so many bytes more, if they are free.
    pub(super) fn grow(&mut self, more: u64) -> bool {
        let taken =
            self.room.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(more));
        if taken.is_ok() {
            self.bytes += more;
        }
        taken.is_ok()
    }

    /// Gives back all but so many bytes.
    pub(super) fn shrink(&mut self, bytes: u64) {
        let free = self.bytes.saturating_sub(bytes);
        self.bytes -= free;
        self.room.0.fetch_add(free, Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_there_is_and_all_is_given_back() {
        let room = Room::of(10);
        let (mut one, mut other) = (room.share(), room.share());
        assert!(one.grow(6) && other.grow(4) && !one.grow(1));
        assert_eq!(room.free(), 0);
        drop(one);
        assert_eq!(room.free(), 6);
        assert!(other.grow(6) && !other.grow(u64::MAX));
        other.shrink(3);
        other.shrink(11);
        assert_eq!(room.free(), 7);
        drop(other);
        assert_eq!(room.free(), 10);
    }
}
