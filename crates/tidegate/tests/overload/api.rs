//! A server as queueing theory has it: workers, and a line in front of them. Never here: a gateway, a caller.

use std::collections::VecDeque;

/// One server of the API.
#[derive(Debug)]
pub(crate) struct Api {
    /// How many calls it works on at once.
    pub(crate) workers: usize,
    /// How many times as long as usual its work takes.
    pub(crate) slower: f64,
    /// Which share of the calls it fails, whatever the load.
    pub(crate) failing: f64,
    /// With this many calls it has fallen over: what comes then fails at once.
    pub(crate) falls_over: usize,
    busy: usize,
    line: VecDeque<usize>,
}

impl Api {
    pub(crate) fn new(workers: usize) -> Api {
        Api { workers, slower: 1.0, failing: 0.0, falls_over: 8 * workers, busy: 0, line: VecDeque::new() }
    }

    pub(crate) fn has_fallen_over(&self) -> bool {
        self.busy + self.line.len() >= self.falls_over
    }

    pub(crate) fn take(&mut self, call: usize) {
        self.line.push_back(call);
    }

    /// A worker is through with a call.
    pub(crate) fn done(&mut self) {
        self.busy -= 1;
    }

    /// The next call that a worker takes up, and how many times as long as usual it takes: who has much to do works
    /// slower, too.
    pub(crate) fn next(&mut self) -> Option<(usize, f64)> {
        if self.busy >= self.workers {
            return None;
        }
        let call = self.line.pop_front()?;
        self.busy += 1;
        let beyond = (self.busy + self.line.len()).saturating_sub(self.workers) as f64 / self.workers as f64;
        Some((call, self.slower * (1.0 + 0.1 * beyond)))
    }
}
