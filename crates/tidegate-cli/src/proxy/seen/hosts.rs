//! Which hosts have a row of their own: those that are called most, of however many. Never here: what is counted.
//!
//! While there are free rows the next host gets one. Then the others are counted in a bounded table, in which the counts
//! of all sink when it is full: who is called often stays there (Misra and Gries). One that was called more often of late
//! than the least called row takes that row, once no call is in hand there.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::row::Row;

/// How many hosts without a row are counted.
const MOST_OTHERS: usize = 256;

/// After so many calls to hosts without a row, what came before counts half.
const AGES_AFTER: u64 = 1024;

/// The hosts that have a row, and those that might get one.
#[derive(Debug)]
pub(super) struct Hosts(RwLock<Known>);

#[derive(Debug)]
struct Known {
    most: usize,
    slots: HashMap<Arc<str>, usize>,
    names: Vec<Arc<str>>,
    others: HashMap<Arc<str>, u64>,
    called: u64,
}

impl Hosts {
    /// With so many rows, all of them free.
    pub(super) fn new(most: usize) -> Hosts {
        let (slots, others) = (HashMap::new(), HashMap::new());
        Hosts(RwLock::new(Known { most, slots, names: Vec::new(), others, called: 0 }))
    }

    /// A call to a host begins: it is in hand in the row of this number, if it has one.
    pub(super) fn enter(&self, host: &str, rows: &[Row]) -> Option<usize> {
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = known.slots.get(host) {
                // Within the lock, so that the row can't be given away before.
                rows[*slot].enter();
                return Some(*slot);
            }
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let slot = known.slots.get(host).copied().or_else(|| known.admit(host, rows))?;
        rows[slot].enter();
        Some(slot)
    }

    /// The hosts that have a row, in the order of the rows.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).names.clone()
    }

    /// A host, if it has a row.
    pub(super) fn find(&self, host: &str) -> Option<Arc<str>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.slots.get_key_value(host).map(|(host, _)| Arc::clone(host))
    }
}

impl Known {
    fn admit(&mut self, host: &str, rows: &[Row]) -> Option<usize> {
        let name: Arc<str> = host.into();
        if self.names.len() < self.most {
            self.names.push(Arc::clone(&name));
            self.slots.insert(name, self.names.len() - 1);
            return Some(self.names.len() - 1);
        }
        let count = self.count(&name, rows)?;
        let idle = rows.iter().enumerate().filter(|(_, row)| row.in_hand() == 0);
        let (slot, least) = idle.min_by_key(|(_, row)| row.recent())?;
        if count <= least.recent() {
            return None;
        }
        self.others.remove(&name);
        least.begin_anew(count);
        let before = std::mem::replace(&mut self.names[slot], Arc::clone(&name));
        self.slots.remove(&before);
        self.slots.insert(name, slot);
        Some(slot)
    }

    /// Counts a call to a host without a row; gives the count if there was room for it.
    fn count(&mut self, name: &Arc<str>, rows: &[Row]) -> Option<u64> {
        self.called += 1;
        if self.called.is_multiple_of(AGES_AFTER) {
            rows.iter().for_each(Row::age);
            self.others.values_mut().for_each(|count| *count /= 2);
            self.others.retain(|_, count| *count > 0);
        }
        if self.others.len() >= MOST_OTHERS && !self.others.contains_key(name) {
            self.others.values_mut().for_each(|count| *count -= 1);
            self.others.retain(|_, count| *count > 0);
            return None;
        }
        let count = self.others.entry(Arc::clone(name)).or_default();
        *count += 1;
        Some(*count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Outcome;
    use super::*;

    fn rows() -> [Row; 2] {
        Default::default()
    }

    /// A call that ends at once.
    fn call(hosts: &Hosts, host: &str, rows: &[Row]) -> Option<usize> {
        let slot = hosts.enter(host, rows)?;
        rows[slot].end(Outcome::Answered, None);
        Some(slot)
    }

    #[test]
    fn who_is_called_most_has_a_row() {
        let (hosts, rows) = (Hosts::new(2), rows());
        for host in ["a", "b", "b", "b"] {
            call(&hosts, host, &rows);
        }
        assert_eq!(call(&hosts, "c", &rows), None, "as often as `a` is not more often");
        assert_eq!(call(&hosts, "c", &rows), Some(0));
        assert_eq!(rows[0].calls().map(|(_, count)| count).sum::<u64>(), 1, "nothing is left of `a`");
        assert_eq!(hosts.names().iter().map(|name| &**name).collect::<Vec<_>>(), ["c", "b"]);
        assert_eq!((hosts.find("a"), hosts.find("c").as_deref()), (None, Some("c")));
    }

    #[test]
    fn a_row_with_a_call_in_hand_is_not_given_away() {
        let (hosts, rows) = (Hosts::new(2), rows());
        assert_eq!((hosts.enter("a", &rows), hosts.enter("b", &rows)), (Some(0), Some(1)));
        for _ in 0..100 {
            assert_eq!(hosts.enter("c", &rows), None);
        }
        rows[1].end(Outcome::Gone, None);
        assert_eq!(hosts.enter("c", &rows), Some(1));
    }

    #[test]
    fn a_flood_of_hosts_takes_no_room_and_no_row() {
        let (hosts, rows) = (Hosts::new(2), rows());
        for _ in 0..100_000 {
            call(&hosts, "a", &rows);
            call(&hosts, "b", &rows);
        }
        for number in 0..5_000 {
            assert_eq!(call(&hosts, &format!("host-{number}"), &rows), None);
            assert!(hosts.0.read().unwrap().others.len() <= MOST_OTHERS);
        }
    }

    #[test]
    fn what_was_called_long_ago_makes_room() {
        let (hosts, rows) = (Hosts::new(2), rows());
        for _ in 0..100_000 {
            call(&hosts, "a", &rows);
            call(&hosts, "b", &rows);
        }
        let taken = (0..100_000).position(|_| call(&hosts, "c", &rows).is_some());
        assert!(taken.is_some_and(|after| after < 20 * AGES_AFTER as usize), "{taken:?}");
    }
}
