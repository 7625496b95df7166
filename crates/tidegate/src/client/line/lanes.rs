//! In which order those go who haven't gone yet: by priority, then by caller, then as they came. Never here: a wait.

use std::collections::{BTreeMap, BTreeSet};

use super::Number;
use super::fair::Turns;
use crate::client::settings::{Caller, Priority};

/// Whose request it is, and how urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) caller: Caller,
    pub(crate) priority: Priority,
}

/// What a turn costs, by priority: with all three waiting, of 21 turns 16 are high, 4 normal and 1 low.
const COSTS: [u64; 3] = [1, 4, 16];

/// What a turn costs a caller: all are alike.
const ONE: u64 = 1;

/// The requests that wait for their first turn: [fair](Turns) between priorities, in each of them fair between
/// callers, and in the order of arrival for each caller.
///
/// That is the ageing, too: every turn that another request takes brings the own one nearer, since what comes later
/// is put behind it by at most the share of its priority. So nobody starves, whatever comes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    turns: Turns<usize>,
    lanes: [Lane; 3],
}

/// The requests of one priority.
#[derive(Debug, Default)]
struct Lane {
    turns: Turns<Caller>,
    queue: BTreeSet<(Caller, Number)>,
    /// How many each caller has in the queue.
    depth: BTreeMap<Caller, usize>,
    /// How many callers have at least so many: the first entry counts those with one.
    with_depth: Vec<u32>,
}

impl Lanes {
    pub(super) fn join(&mut self, number: Number, whose: Whose) {
        let lane = whose.priority as usize;
        self.turns.begin(lane, COSTS[lane]);
        self.lanes[lane].join(number, whose.caller);
    }

    /// Takes out a request that didn't go.
    pub(super) fn leave(&mut self, number: Number, whose: Whose) {
        let lane = whose.priority as usize;
        self.lanes[lane].leave(number, whose.caller);
        if self.lanes[lane].queue.is_empty() {
            self.turns.end(lane);
        }
    }

    /// Takes out the head, which goes.
    pub(super) fn went(&mut self, number: Number, whose: Whose) {
        let lane = whose.priority as usize;
        self.turns.went(lane, COSTS[lane]);
        self.lanes[lane].turns.went(whose.caller, ONE);
        self.leave(number, whose);
    }

    pub(super) fn head(&self) -> Option<Number> {
        self.lanes[self.turns.next()?].head()
    }

    /// How many go before a request, at the least and as things are: exact if its caller has no other before it.
    pub(super) fn ahead(&self, number: Number, whose: Whose) -> u64 {
        let lane = whose.priority as usize;
        self.beside(lane, self.lanes[lane].ahead(number, whose.caller))
    }

    /// The same for the request that joined last, without counting its caller's others.
    pub(super) fn ahead_of_last(&self, whose: Whose) -> u64 {
        let lane = whose.priority as usize;
        self.beside(lane, self.lanes[lane].ahead_of_last(whose.caller))
    }

    /// Tells of all how many go before them, in one walk: exact in a priority, and to a turn or two beside others.
    pub(super) fn each_ahead(&self, mut tell: impl FnMut(Number, u64)) {
        for (lane, requests) in self.lanes.iter().enumerate() {
            requests.each_ahead(|number, ahead| tell(number, self.beside(lane, ahead)));
        }
    }

    pub(super) fn has(&self, caller: Caller) -> bool {
        self.lanes.iter().any(|lane| lane.depth.contains_key(&caller))
    }

    /// All callers that wait.
    pub(super) fn callers(&self) -> usize {
        let callers = self.lanes.iter().flat_map(|lane| lane.depth.keys());
        callers.collect::<BTreeSet<_>>().len()
    }

    /// How many go before a request that has `ahead` before it in its own lane.
    fn beside(&self, own: usize, ahead: u64) -> u64 {
        let Some(next) = self.turns.tag(own) else { return ahead };
        let turn = next + ahead * COSTS[own];
        let others = (0..self.lanes.len()).filter(|&lane| lane != own);
        let before = others.filter_map(|lane| {
            let turns = turn.saturating_sub(self.turns.tag(lane)?).div_ceil(COSTS[lane]);
            Some(turns.min(self.lanes[lane].queue.len() as u64))
        });
        ahead + before.sum::<u64>()
    }
}

impl Lane {
    fn join(&mut self, number: Number, caller: Caller) {
        if !self.queue.insert((caller, number)) {
            return;
        }
        self.turns.begin(caller, ONE);
        let depth = self.depth.entry(caller).or_default();
        match self.with_depth.get_mut(*depth) {
            Some(callers) => *callers += 1,
            None => self.with_depth.push(1),
        }
        *depth += 1;
    }

    fn leave(&mut self, number: Number, caller: Caller) {
        if !self.queue.remove(&(caller, number)) {
            return;
        }
        let depth = self.depth.entry(caller).or_default();
        *depth -= 1;
        self.with_depth[*depth] -= 1;
        if self.with_depth.last() == Some(&0) {
            self.with_depth.pop();
        }
        if *depth == 0 {
            self.depth.remove(&caller);
            self.turns.end(caller);
        }
        if self.queue.is_empty() {
            self.with_depth = Vec::new();
        }
    }

    fn head(&self) -> Option<Number> {
        self.queue_of(self.turns.next()?).next()
    }

    fn queue_of(&self, caller: Caller) -> impl Iterator<Item = Number> {
        self.queue.range((caller, 0)..=(caller, Number::MAX)).map(|&(_, number)| number)
    }

    fn ahead(&self, number: Number, caller: Caller) -> u64 {
        match self.queue.range((caller, 0)..(caller, number)).count() {
            0 => self.turns.before(caller) as u64,
            own => self.in_rounds(own),
        }
    }

    fn ahead_of_last(&self, caller: Caller) -> u64 {
        match self.depth.get(&caller).map_or(0, |&depth| depth.saturating_sub(1)) {
            // Its caller came with it, so it is the last of its round.
            0 => self.turns.len().saturating_sub(1) as u64,
            own => self.in_rounds(own),
        }
    }

    /// How many go in so many rounds.
    fn in_rounds(&self, rounds: usize) -> u64 {
        self.with_depth.iter().take(rounds).map(|&callers| u64::from(callers)).sum()
    }

    fn each_ahead(&self, mut tell: impl FnMut(Number, u64)) {
        // How many went before the next of each round.
        let mut before: Vec<u64> = Vec::with_capacity(self.with_depth.len());
        let mut all = 0;
        for &callers in &self.with_depth {
            before.push(all);
            all += u64::from(callers);
        }
        for caller in self.turns.in_order() {
            for (number, ahead) in self.queue_of(caller).zip(&mut before) {
                tell(number, *ahead);
                *ahead += 1;
            }
        }
    }
}

/// What a request takes in the maps of a lane, at the most: if its caller has no other.
#[cfg(test)]
pub(super) const MOST_BYTES: usize =
    size_of::<(Caller, Number)>() + 2 * size_of::<[u64; 3]>() + size_of::<[u64; 3]>();

#[cfg(test)]
impl Lanes {
    /// Whether nothing of anybody is left.
    pub(super) fn is_bare(&self) -> bool {
        let is_bare =
            |lane: &Lane| lane.queue.is_empty() && lane.depth.is_empty() && lane.with_depth.is_empty();
        self.turns.len() == 0 && self.lanes.iter().all(|lane| is_bare(lane) && lane.turns.len() == 0)
    }
}

#[cfg(test)]
mod tests;
