//! Which items and keys a fleet has seen, and which of them are done. Never here: who may call when.

use std::collections::BTreeMap;

use super::account::Resource;
use super::call::{Call, Token};
use crate::scenario::is_safe;

/// How many items and keys one fleet remembers, of all tokens together: some tens of MiB.
const MOST: usize = 1_000_000;

/// What was asked for so far. Once it is full it keeps what it knows, and takes in nothing new.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    seen: BTreeMap<Mark, Fate>,
    most: usize,
}

/// One thing that is known again: keys of one token or resource say nothing about another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    token: Token,
    resource: Resource,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Item(u64),
    Key(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Asked,
    Done,
}

/// What an arriving call is to the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// About an item that was never asked for before.
    NewItem,
    /// About nothing new.
    Known,
    /// New, and there is no place for it: nothing is known of it later.
    Beyond,
}

/// What a call that passed its limits has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Performed {
    /// Work of an item that was not done before.
    Item,
    /// Work of which nobody can say whether it was done before.
    Unnamed,
    /// Nothing: it was done before, and may be asked for again.
    Repeated,
    /// Work that was done before and must not be done twice.
    Doubled,
}

impl Memory {
    pub(crate) fn new() -> Memory {
        Memory { seen: BTreeMap::new(), most: MOST }
    }

    /// A call arrives: what it is about is remembered, all of it or nothing.
    pub(crate) fn ask(&mut self, call: &Call<'_>, resource: Resource) -> Asked {
        let marks = [item(call, resource), key(call, resource)];
        let new = marks.map(|mark| mark.filter(|mark| !self.seen.contains_key(mark)));
        let count = new.iter().flatten().count();
        if count == 0 {
            return Asked::Known;
        }
        if self.seen.len() + count > self.most {
            return Asked::Beyond;
        }
        self.seen.extend(new.iter().flatten().map(|mark| (*mark, Fate::Asked)));
        if new[0].is_some() { Asked::NewItem } else { Asked::Known }
    }

    /// A call passed its limits. Under a key that is done nothing is done, whatever item it brings.
    pub(crate) fn perform(&mut self, call: &Call<'_>, resource: Resource) -> Performed {
        if let Some(key) = key(call, resource) {
            match self.seen.get_mut(&key) {
                Some(Fate::Done) => return Performed::Repeated,
                Some(fate) => *fate = Fate::Done,
                // A forgotten key may have been done before: then this is no double.
                None => return self.perform_beyond(call, resource),
            }
        }
        let Some(fate) = item(call, resource).and_then(|item| self.seen.get_mut(&item)) else {
            return Performed::Unnamed;
        };
        match std::mem::replace(fate, Fate::Done) {
            Fate::Asked => Performed::Item,
            Fate::Done if is_safe(call.method) => Performed::Repeated,
            Fate::Done => Performed::Doubled,
        }
    }

    fn perform_beyond(&mut self, call: &Call<'_>, resource: Resource) -> Performed {
        let fate = item(call, resource).and_then(|item| self.seen.get_mut(&item));
        match fate.map(|fate| std::mem::replace(fate, Fate::Done)) {
            Some(Fate::Asked) => Performed::Item,
            Some(Fate::Done) | None => Performed::Unnamed,
        }
    }
}

fn item(call: &Call<'_>, resource: Resource) -> Option<Mark> {
    Some(Mark { token: call.token, resource, what: What::Item(call.item?) })
}

/// The key of a call whose method needs one: a read with a key says nothing about a write under it.
fn key(call: &Call<'_>, resource: Resource) -> Option<Mark> {
    let key = call.key.filter(|_| !is_safe(call.method))?;
    Some(Mark { token: call.token, resource, what: What::Key(key) })
}

#[cfg(test)]
mod tests {
    use tidegate_core::Time;

    use super::*;

    fn post(item: u64, key: Option<u64>) -> Call<'static> {
        Call { item: Some(item), key, ..Call::new(Token(1), "POST", "/v1/messages", Time::ZERO) }
    }

    fn both(memory: &mut Memory, call: &Call<'_>) -> (Asked, Performed) {
        (memory.ask(call, None), memory.perform(call, None))
    }

    #[test]
    fn a_full_memory_keeps_what_it_knows_and_accuses_nobody_else() {
        let memory = &mut Memory { most: 2, ..Memory::new() };
        assert_eq!(both(memory, &post(1, None)), (Asked::NewItem, Performed::Item));
        assert_eq!(
            both(memory, &post(2, Some(2))),
            (Asked::Beyond, Performed::Unnamed),
            "two places are needed"
        );
        assert_eq!(both(memory, &post(3, None)), (Asked::NewItem, Performed::Item));
        assert_eq!(both(memory, &post(3, None)), (Asked::Known, Performed::Doubled));
        assert_eq!(both(memory, &post(4, None)), (Asked::Beyond, Performed::Unnamed));
        assert_eq!(both(memory, &post(4, None)), (Asked::Beyond, Performed::Unnamed));
        assert_eq!(
            both(memory, &post(3, Some(9))),
            (Asked::Beyond, Performed::Unnamed),
            "perhaps done under 9"
        );
        assert_eq!(memory.seen.len(), 2);
    }

    #[test]
    fn an_item_of_one_resource_is_none_of_another() {
        let memory = &mut Memory::new();
        assert_eq!(memory.ask(&post(1, Some(7)), Some(0)), Asked::NewItem);
        assert_eq!(memory.perform(&post(1, Some(7)), Some(0)), Performed::Item);
        assert_eq!(memory.ask(&post(1, Some(7)), Some(1)), Asked::NewItem);
        assert_eq!(memory.perform(&post(1, Some(7)), Some(1)), Performed::Item);
    }
}
