//! Whose turn is next among those who all have something to do, by start-time fair queueing. Never here: a request.

use std::collections::BTreeMap;

/// The flows that have something to do, in the order of their turns.
///
/// Each carries a tag, the virtual instant at which its next turn ends; the smallest goes, and virtual time is the
/// tag of the last that went. Who comes begins at the present, so nobody saves up turns while it has nothing to do,
/// and who was served often gains no tag on who was not. Of equal tags the older goes. With equal costs that is a
/// round, with unequal ones each flow gets turns in the ratio of `1 / cost`.
///
/// A tag belongs to the flow, not to what waits in it: what leaves unserved costs nothing. Since no served tag is
/// ahead of virtual time, a flow that has nothing left needs no memory: the map is bounded by what waits.
///
/// (Goyal, Vin and Cheng, "Start-Time Fair Queueing", 1996; virtual time as in Golestani, 1994.)
#[derive(Debug)]
pub(super) struct Turns<K> {
    order: BTreeMap<Turn, K>,
    of: BTreeMap<K, Turn>,
    virtual_time: u64,
    given: u64,
}

/// A flow's next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    tag: u64,
    /// When the tag was given, counted in tags.
    given: u64,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Turns { order: BTreeMap::new(), of: BTreeMap::new(), virtual_time: 0, given: 0 }
    }
}

impl<K: Copy + Ord> Turns<K> {
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// A flow has something to do from now on. One that is there stays where it is.
    pub(super) fn begin(&mut self, flow: K, cost: u64) {
        if !self.of.contains_key(&flow) {
            self.give(flow, cost);
        }
    }

    /// A flow has nothing to do any more.
    pub(super) fn end(&mut self, flow: K) {
        if let Some(turn) = self.of.remove(&flow) {
            self.order.remove(&turn);
        }
    }

    /// The flow whose turn is next.
    pub(super) fn next(&self) -> Option<K> {
        self.order.first_key_value().map(|(_, &flow)| flow)
    }

    /// A flow had its turn, and has one again after those that wait.
    pub(super) fn went(&mut self, flow: K, cost: u64) {
        if let Some(&turn) = self.of.get(&flow) {
            self.virtual_time = self.virtual_time.max(turn.tag);
            self.end(flow);
            self.give(flow, cost);
        }
    }

    /// All flows in the order of their next turns.
    pub(super) fn in_order(&self) -> impl Iterator<Item = K> {
        self.order.values().copied()
    }

    /// How many flows have their next turn before this one's.
    pub(super) fn before(&self, flow: K) -> usize {
        self.of.get(&flow).map_or(0, |&turn| self.order.range(..turn).count())
    }

    /// The virtual instant at which a flow's next turn ends.
    pub(super) fn tag(&self, flow: K) -> Option<u64> {
        self.of.get(&flow).map(|turn| turn.tag)
    }

    fn give(&mut self, flow: K, cost: u64) {
        let turn = Turn { tag: self.virtual_time + cost, given: self.given };
        self.given += 1;
        self.order.insert(turn, flow);
        self.of.insert(flow, turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(turns: &mut Turns<char>, count: usize, cost: impl Fn(char) -> u64) -> String {
        let mut order = String::new();
        for _ in 0..count {
            let flow = turns.next().unwrap();
            turns.went(flow, cost(flow));
            order.push(flow);
        }
        order
    }

    #[test]
    fn equal_flows_go_round() {
        let mut turns = Turns::default();
        for flow in ['a', 'b', 'c'] {
            turns.begin(flow, 1);
        }
        assert_eq!(play(&mut turns, 5, |_| 1), "abcab");
        turns.begin('d', 1);
        assert_eq!(play(&mut turns, 6, |_| 1), "cabdca", "who comes waits for one turn of each");
    }

    #[test]
    fn a_dearer_flow_goes_as_much_rarer() {
        let mut turns = Turns::default();
        turns.begin('l', 16);
        turns.begin('h', 1);
        let order = play(&mut turns, 170, |flow| if flow == 'h' { 1 } else { 16 });
        assert_eq!(order.matches('l').count(), 10);
        assert!(order.starts_with("hhhhhhhhhhhhhhh"), "{order}");
    }

    #[test]
    fn nobody_saves_up_turns_and_who_ends_leaves_nothing() {
        let mut turns = Turns::default();
        turns.begin('a', 1);
        play(&mut turns, 1000, |_| 1);
        turns.begin('b', 1);
        assert_eq!(play(&mut turns, 4, |_| 1), "abab", "not a thousand of b's");
        turns.end('a');
        turns.end('b');
        turns.end('b');
        assert_eq!((turns.len(), turns.of.len(), turns.next()), (0, 0, None));
    }
}
