//! A bounded shelf of answers, from which the one that was used longest ago goes first. Never here: what may be kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Answer, Print};

/// A bounded shelf.
#[derive(Debug)]
pub(super) struct Shelf {
    places: HashMap<Print, Place>,
    /// Who was used when.
    order: BTreeMap<u64, Print>,
    /// How often anything was used.
    uses: u64,
    bytes: u64,
    most_answers: usize,
    most_bytes: u64,
}

#[derive(Debug)]
struct Place {
    answer: Arc<Answer>,
    used: u64,
}

impl Shelf {
    pub(super) fn new(most_answers: usize, most_bytes: u64) -> Shelf {
        Shelf { places: HashMap::new(), order: BTreeMap::new(), uses: 0, bytes: 0, most_answers, most_bytes }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The answer at a place, which counts as used now.
    pub(super) fn find(&mut self, print: Print) -> Option<Arc<Answer>> {
        let place = self.places.get_mut(&print)?;
        self.order.remove(&place.used);
        self.uses += 1;
        place.used = self.uses;
        self.order.insert(self.uses, print);
        Some(Arc::clone(&place.answer))
    }

    /// Puts an answer at its place, where it replaces what is there; others go until there is room. One that is larger
    /// than the whole shelf isn't put anywhere.
    pub(super) fn put(&mut self, print: Print, answer: Arc<Answer>) {
        self.forget(print);
        let size = answer.size();
        if size > self.most_bytes || self.most_answers == 0 {
            return;
        }
        while self.places.len() >= self.most_answers || self.bytes > self.most_bytes - size {
            let Some((_, oldest)) = self.order.first_key_value() else { return };
            self.forget(*oldest);
        }
        self.uses += 1;
        self.bytes += size;
        self.order.insert(self.uses, print);
        self.places.insert(print, Place { answer, used: self.uses });
    }

    pub(super) fn forget(&mut self, print: Print) {
        if let Some(place) = self.places.remove(&print) {
            self.order.remove(&place.used);
            self.bytes -= place.answer.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};
    use tidegate::store::Secret;

    use super::*;

    fn print(number: usize) -> Print {
        let secret = Secret::new([1, 2]);
        Print([secret.key(&number.to_le_bytes()); 2])
    }

    fn answer(bytes: usize) -> Arc<Answer> {
        let body = Bytes::from(vec![b'x'; bytes]);
        Arc::new(Answer { tag: HeaderValue::from_static("\"a\""), headers: HeaderMap::new(), body })
    }

    fn there(shelf: &Shelf) -> Vec<usize> {
        (0..100).filter(|&number| shelf.places.contains_key(&print(number))).collect()
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut shelf = Shelf::new(3, u64::MAX);
        (0..3).for_each(|number| shelf.put(print(number), answer(1)));
        shelf.find(print(0)).unwrap();
        shelf.put(print(3), answer(1));
        assert_eq!(there(&shelf), [0, 2, 3]);
        shelf.put(print(2), answer(1));
        shelf.put(print(4), answer(1));
        assert_eq!(there(&shelf), [2, 3, 4]);
        assert_eq!((shelf.order.len(), shelf.len()), (3, 3));
    }

    #[test]
    fn bytes_are_bounded_and_counted_to_the_last() {
        let one = answer(1000).size();
        let mut shelf = Shelf::new(100, 3 * one);
        (0..50).for_each(|number| shelf.put(print(number), answer(1000)));
        assert_eq!((there(&shelf), shelf.bytes()), (vec![47, 48, 49], 3 * one));
        shelf.put(print(60), answer(2000));
        assert!(shelf.bytes() <= 3 * one && shelf.find(print(60)).is_some());
        shelf.put(print(60), answer(100_000));
        assert!(shelf.find(print(60)).is_none(), "what it replaces goes, even where it has no room itself");
        (0..100).for_each(|number| shelf.forget(print(number)));
        assert_eq!((shelf.bytes(), shelf.len(), shelf.order.len()), (0, 0, 0));
    }
}
