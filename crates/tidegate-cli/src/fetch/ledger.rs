//! What is done, and what is not: the truth that progress, summary and "go on with" tell. Never here: a guess.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::Url;

/// Counts of what was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Answers whose results are out, pages among them.
    pub(crate) answers: u64,
    /// JSON lines.
    pub(crate) items: u64,
    pub(crate) bytes: u64,
    /// URLs with nothing left to do.
    pub(crate) targets: u64,
}

/// What a piece of the results means for the work, once it is written.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// The number of the URL, counted from 0.
    pub(crate) target: u64,
    pub(crate) answers: u64,
    pub(crate) items: u64,
    pub(crate) then: Then,
}

/// What is still to do for a URL.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// As before.
    Same,
    /// To go on with this page.
    From(Url),
    /// Nothing.
    Done,
}

/// URLs by their number, counted from 0.
pub(crate) type Open = BTreeMap<u64, Url>;

/// What a run leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Begun and not done.
    pub(crate) open: Open,
    /// Sent, and perhaps done: nothing tells. To send it again may do it twice.
    pub(crate) unknown: Open,
    /// How many were begun.
    pub(crate) begun: u64,
}

/// Keeps the counts. Only what was written counts.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Entries>);

#[derive(Clone, Debug, Default)]
struct Entries {
    done: Done,
    left: Left,
}

impl Ledger {
    /// Work on a URL begins.
    pub(crate) fn start(&self, target: u64, url: Url) {
        let left = &mut self.lock().left;
        left.open.insert(target, url);
        left.begun = left.begun.max(target + 1);
    }

    /// A request that must not be sent twice is on its way: unless more is heard, nobody knows what came of it.
    pub(crate) fn sent(&self, target: u64, url: Url) {
        self.lock().left.unknown.insert(target, url);
    }

    /// What was sent for a URL counts as not done.
    pub(crate) fn undone(&self, target: u64) {
        self.lock().left.unknown.remove(&target);
    }

    /// So many bytes were written, and this is what they mean.
    pub(crate) fn written(&self, bytes: usize, mark: Mark) {
        let mut entries = self.lock();
        entries.done.bytes += bytes as u64;
        entries.done.answers += mark.answers;
        entries.done.items += mark.items;
        if mark.answers > 0 {
            entries.left.unknown.remove(&mark.target);
        }
        match mark.then {
            Then::Same => {}
            Then::From(url) => drop(entries.left.open.insert(mark.target, url)),
            Then::Done => {
                entries.left.open.remove(&mark.target);
                entries.done.targets += 1;
            }
        }
    }

    pub(crate) fn done(&self) -> Done {
        self.lock().done
    }

    /// What is left; what is unknown isn't open.
    pub(crate) fn left(&self) -> Left {
        let mut left = self.lock().left.clone();
        left.open.retain(|target, _| !left.unknown.contains_key(target));
        left
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_done() {
        let ledger = Ledger::default();
        let url = |path: &str| Url::parse(&format!("http://a/{path}")).unwrap();
        ledger.start(0, url("0"));
        ledger.start(1, url("1"));
        let mark = |target, then| Mark { target, answers: 1, items: 5, then };
        ledger.written(10, mark(1, Then::Done));
        ledger.written(10, mark(0, Then::From(url("0?page=2"))));
        assert_eq!(ledger.done(), Done { answers: 2, items: 10, bytes: 20, targets: 1 });
        assert_eq!(
            ledger.left(),
            Left { open: Open::from([(0, url("0?page=2"))]), begun: 2, ..Left::default() }
        );
    }

    #[test]
    fn what_was_sent_is_unknown_until_more_is_heard() {
        let ledger = Ledger::default();
        let url = |path: &str| Url::parse(&format!("http://a/{path}")).unwrap();
        for target in 0..3 {
            ledger.start(target, url("typed"));
            ledger.sent(target, url("sent"));
        }
        ledger.undone(0);
        let part = Mark { target: 2, answers: 0, items: 0, then: Then::Same };
        ledger.written(10, part.clone());
        ledger.written(10, Mark { target: 1, answers: 1, then: Then::Done, ..part });
        let (open, unknown) = (Open::from([(0, url("typed"))]), Open::from([(2, url("sent"))]));
        assert_eq!(ledger.left(), Left { open, unknown, begun: 3 });
    }
}
