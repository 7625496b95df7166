//! Which item is next, so that a lane that waits holds up no other. Never here: reading it, sending it, a clock.

use super::input::index::Index;

/// How many items may be begun in all lanes together.
const MOST_BEGUN: usize = 1024;

/// How many bytes of the list may be in memory, in all lanes together. Each lane may have one item, however large.
const MOST_BYTES: usize = 8 << 20;

/// What is begun of each lane, and what comes next.
#[derive(Debug)]
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
    begun: usize,
    /// Whose turn it is.
    turn: usize,
    concurrency: usize,
}

#[derive(Debug)]
struct Lane {
    next: Option<u32>,
    begun: usize,
    bytes: usize,
}

impl Lanes {
    pub(crate) fn new(index: &Index, concurrency: usize) -> Lanes {
        let lane = |lane: &super::input::index::Lane| Lane { next: Some(lane.first()), begun: 0, bytes: 0 };
        Lanes { lanes: index.lanes().iter().map(lane).collect(), begun: 0, turn: 0, concurrency }
    }

    /// The next item to begin with, and its lane; `None` if there is none, or none may begin yet.
    pub(crate) fn next(&mut self, index: &Index) -> Option<(u32, usize)> {
        let active = self.lanes.iter().filter(|lane| lane.next.is_some() || lane.begun > 0).count().max(1);
        // Twice as many as may be under way: while one half is, the other can wait for its turn.
        let most = (MOST_BEGUN / active).clamp(1, 2 * self.concurrency);
        if self.begun >= MOST_BEGUN.max(2 * self.concurrency) {
            return None;
        }
        for away in 0..self.lanes.len() {
            let at = (self.turn + away) % self.lanes.len();
            let lane = &mut self.lanes[at];
            let is_full = lane.begun >= most || (lane.begun > 0 && lane.bytes >= MOST_BYTES / active);
            if let Some(line) = lane.next.filter(|_| !is_full) {
                lane.next = index.after(line);
                lane.begun += 1;
                self.begun += 1;
                self.turn = at + 1;
                return Some((line, at));
            }
        }
        None
    }

    /// So many bytes are in memory for an item that has begun.
    pub(crate) fn holds(&mut self, lane: usize, bytes: usize) {
        self.lanes[lane].bytes += bytes;
    }

    /// An item that had begun has ended, whatever came of it.
    pub(crate) fn ended(&mut self, lane: usize, bytes: usize) {
        self.begun -= 1;
        self.lanes[lane].begun -= 1;
        self.lanes[lane].bytes -= bytes;
    }

    /// Nothing more of this lane begins.
    pub(crate) fn close(&mut self, lane: usize) {
        self.lanes[lane].next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(lanes: &[(&str, u32)]) -> Index {
        let mut index = Index::default();
        let mut line = 0;
        for (lane, count) in lanes {
            for _ in 0..*count {
                index.add(line, 0, (*lane).to_owned());
                line += 1;
            }
        }
        index
    }

    fn all(lanes: &mut Lanes, index: &Index) -> Vec<u32> {
        std::iter::from_fn(|| lanes.next(index).map(|(line, _)| line)).collect()
    }

    #[test]
    fn a_lane_that_waits_does_not_hold_up_the_one_behind_it() {
        let index = index(&[("a", 1_000), ("b", 3)]);
        let mut lanes = Lanes::new(&index, 2);
        assert_eq!(all(&mut lanes, &index), [0, 1_000, 1, 1_001, 2, 1_002, 3]);
        lanes.ended(1, 0);
        assert_eq!(lanes.next(&index), None, "only the lane that is through has room");
        lanes.ended(0, 0);
        assert_eq!(lanes.next(&index), Some((4, 0)));
    }

    #[test]
    fn large_items_are_fewer_at_a_time() {
        let index = index(&[("a", 9)]);
        let mut lanes = Lanes::new(&index, 4);
        for _ in 0..2 {
            let (_, lane) = lanes.next(&index).unwrap();
            lanes.holds(lane, MOST_BYTES / 2);
        }
        assert_eq!(lanes.next(&index), None);
        lanes.ended(0, MOST_BYTES / 2);
        assert_eq!(lanes.next(&index), Some((2, 0)));
    }

    #[test]
    fn what_is_closed_ends() {
        let index = index(&[("a", 9)]);
        let mut lanes = Lanes::new(&index, 1);
        assert_eq!(lanes.next(&index), Some((0, 0)));
        lanes.close(0);
        assert_eq!(lanes.next(&index), None);
    }

    #[test]
    fn many_lanes_get_one_each_before_any_gets_more_than_its_share() {
        let names: Vec<String> = (0..600).map(|name| name.to_string()).collect();
        let index = index(&names.iter().map(|name| (name.as_str(), 9)).collect::<Vec<_>>());
        let mut lanes = Lanes::new(&index, 50);
        assert_eq!(all(&mut lanes, &index).len(), MOST_BEGUN);
        assert!(lanes.lanes.iter().all(|lane| lane.begun == 2));
    }
}
