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

/// What is not done, with its number, counted from 0.
pub(crate) type Open = BTreeMap<u64, Url>;

/// Keeps the counts. Only what was written counts.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Entries>);

#[derive(Clone, Debug, Default)]
struct Entries {
    done: Done,
    open: Open,
    started: u64,
}

impl Ledger {
    /// Work on a URL begins.
    pub(crate) fn start(&self, target: u64, url: Url) {
        let mut entries = self.lock();
        entries.open.insert(target, url);
        entries.started = entries.started.max(target + 1);
    }

    /// So many bytes were written, and this is what they mean.
    pub(crate) fn written(&self, bytes: usize, mark: Mark) {
        let mut entries = self.lock();
        entries.done.bytes += bytes as u64;
        entries.done.answers += mark.answers;
        entries.done.items += mark.items;
        match mark.then {
            Then::Same => {}
            Then::From(url) => drop(entries.open.insert(mark.target, url)),
            Then::Done => {
                entries.open.remove(&mark.target);
                entries.done.targets += 1;
            }
        }
    }

    pub(crate) fn done(&self) -> Done {
        self.lock().done
    }

    /// What was begun and isn't done, and how many were begun.
    pub(crate) fn open(&self) -> (Open, u64) {
        let entries = self.lock();
        (entries.open.clone(), entries.started)
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
        assert_eq!(ledger.open(), (BTreeMap::from([(0, url("0?page=2"))]), 2));
    }
}
