//! Where each item stands, and which comes after it in its lane: a few bytes for each, however large it is. Never
//! here: an item, or whether it is done.

use std::collections::BTreeMap;

/// How many lanes are told apart; what is beyond shares the last one.
pub(crate) const MOST_LANES: usize = 512;

/// No item comes after this one, or none stands on this line.
const NONE: u32 = u32::MAX;
const NOWHERE: u64 = u64::MAX;

/// Items by their lines, counted from 0, each in the lane of those that share its limit.
#[derive(Debug, Default)]
pub(crate) struct Index {
    offsets: Vec<u64>,
    next: Vec<u32>,
    lanes: Vec<Lane>,
    by_name: BTreeMap<String, usize>,
    items: u64,
}

/// Items that share a limit, as far as can be seen from the list.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) name: String,
    pub(crate) items: u64,
    first: u32,
    last: u32,
}

impl Lane {
    /// The line of its first item.
    pub(crate) fn first(&self) -> u32 {
        self.first
    }
}

impl Index {
    /// Adds an item behind all others.
    pub(crate) fn add(&mut self, line: u32, offset: u64, lane: String) {
        let at = line as usize;
        self.offsets.resize(at, NOWHERE);
        self.next.resize(at, NONE);
        self.offsets.push(offset);
        self.next.push(NONE);
        self.items += 1;
        let known = self.by_name.get(&lane).copied();
        let full = self.lanes.len() >= MOST_LANES;
        match known.or(full.then_some(MOST_LANES - 1)) {
            Some(known) => {
                let known = &mut self.lanes[known];
                self.next[known.last as usize] = line;
                known.last = line;
                known.items += 1;
            }
            None => {
                self.by_name.insert(lane.clone(), self.lanes.len());
                self.lanes.push(Lane { name: lane, items: 1, first: line, last: line });
            }
        }
    }

    /// How many items there are.
    pub(crate) fn items(&self) -> u64 {
        self.items
    }

    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Where the record of this line begins; `None` if no item does.
    pub(crate) fn offset(&self, line: u32) -> Option<u64> {
        self.offsets.get(line as usize).copied().filter(|offset| *offset != NOWHERE)
    }

    /// The next item of the lane.
    pub(crate) fn after(&self, line: u32) -> Option<u32> {
        self.next.get(line as usize).copied().filter(|next| *next != NONE)
    }

    /// The lines of all items, in order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = u32> {
        let there = self.offsets.iter().enumerate().filter(|(_, offset)| **offset != NOWHERE);
        there.map(|(line, _)| line as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_its_items_in_order() {
        let mut index = Index::default();
        for (line, lane) in [(0, "a"), (2, "b"), (3, "a"), (7, "a"), (8, "b")] {
            index.add(line, u64::from(line) * 10, lane.to_owned());
        }
        let of = |lane: usize| {
            let first = index.lanes()[lane].first();
            std::iter::successors(Some(first), |line| index.after(*line)).collect::<Vec<_>>()
        };
        assert_eq!((of(0), of(1)), (vec![0, 3, 7], vec![2, 8]));
        assert_eq!((index.items(), index.offset(1), index.offset(8)), (5, None, Some(80)));
        assert_eq!(index.lines().collect::<Vec<_>>(), [0, 2, 3, 7, 8]);
    }

    #[test]
    fn lanes_beyond_the_bound_share_one() {
        let mut index = Index::default();
        for line in 0..1_000 {
            index.add(line, 0, line.to_string());
        }
        assert_eq!(index.lanes().len(), MOST_LANES);
        assert_eq!(index.lanes()[MOST_LANES - 1].items, 1_000 - MOST_LANES as u64 + 1);
    }
}
