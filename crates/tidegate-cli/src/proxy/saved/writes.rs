//! How many writes ended at an origin, so that nobody who wrote reads an answer from before. Never here: an answer.

use std::sync::atomic::{AtomicU64, Ordering};

use tidegate::store::Secret;

/// Counts of writes. Origins may share one: then an answer is shared less often than it could be, and never more.
#[derive(Debug)]
pub(super) struct Writes {
    ended: [AtomicU64; 256],
    secret: Secret,
}

/// A write on its way: it may have been done when it was answered, and also when nobody waits for its answer any more.
#[derive(Debug)]
pub(super) struct Writing<'w>(&'w AtomicU64);

impl Writes {
    pub(super) fn new(secret: Secret) -> Writes {
        Writes { ended: std::array::from_fn(|_| AtomicU64::new(0)), secret }
    }

    /// How many ended so far at this origin, and those that share its count.
    pub(super) fn ended(&self, origin: &str) -> u64 {
        self.count(origin).load(Ordering::Acquire)
    }

    /// A write that ends when this is dropped.
    pub(super) fn begin(&self, origin: &str) -> Writing<'_> {
        Writing(self.count(origin))
    }

    fn count(&self, origin: &str) -> &AtomicU64 {
        let [low, ..] = self.secret.key(origin.as_bytes()).to_bits().to_le_bytes();
        &self.ended[usize::from(low)]
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_counts_when_it_has_ended_and_at_its_own_origin() {
        let writes = Writes::new(Secret::new([1, 2]));
        let before = writes.ended("https://a");
        let writing = writes.begin("https://a");
        assert_eq!(writes.ended("https://a"), before);
        drop(writing);
        assert_eq!(writes.ended("https://a"), before + 1);
        let others = (0..64).map(|number| format!("https://b{number}"));
        assert!(others.filter(|other| writes.ended(other) == 0).count() > 32, "few share its count");
    }
}
