//! Where each item is: two bits for each. Never here: how it got there.

use super::entry::Entry;

/// Where an item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// To be done.
    #[default]
    Open,
    /// Sent, and perhaps done; may not be sent twice.
    Sent,
    /// Its result is in the output.
    Done,
    /// Its result is in the output, and is no success.
    Failed,
}

/// The states of all items, by line, counted from 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct States {
    bits: Vec<u8>,
}

const IN_A_BYTE: usize = 4;

impl State {
    /// Whether nothing more is to be done.
    pub(crate) fn is_done(self) -> bool {
        matches!(self, State::Done | State::Failed)
    }
}

impl States {
    /// Takes in what happened.
    pub(crate) fn hear(&mut self, entry: Entry) {
        match entry {
            Entry::Sent(line) => self.set(line, State::Sent),
            Entry::Undone(line) => self.set(line, State::Open),
            Entry::Done { line, .. } => self.set(line, State::Done),
            Entry::Failed { line, .. } => self.set(line, State::Failed),
            Entry::Ordered { .. } => {}
        }
    }

    pub(crate) fn of(&self, line: u32) -> State {
        let (at, shift) = place(line);
        match self.bits.get(at).map(|byte| (byte >> shift) & 3) {
            Some(1) => State::Sent,
            Some(2) => State::Done,
            Some(3) => State::Failed,
            _ => State::Open,
        }
    }

    fn set(&mut self, line: u32, state: State) {
        let (at, shift) = place(line);
        if self.bits.len() <= at {
            self.bits.resize(at + 1, 0);
        }
        let bits = match state {
            State::Open => 0,
            State::Sent => 1,
            State::Done => 2,
            State::Failed => 3,
        };
        self.bits[at] = (self.bits[at] & !(3 << shift)) | (bits << shift);
    }
}

fn place(line: u32) -> (usize, u32) {
    let line = line as usize;
    (line / IN_A_BYTE, (line % IN_A_BYTE) as u32 * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_its_own_state() {
        let mut states = States::default();
        states.set(5, State::Sent);
        states.set(6, State::Done);
        states.set(1_000_000, State::Done);
        let known = [4, 5, 6, 7, 1_000_000, 2_000_000].map(|line| states.of(line));
        assert_eq!(known, [State::Open, State::Sent, State::Done, State::Open, State::Done, State::Open]);
        states.set(5, State::Open);
        assert_eq!((states.of(5), states.of(6)), (State::Open, State::Done));
        assert!(State::Failed.is_done() && !State::Sent.is_done());
        assert!(states.bits.len() <= 250_001);
    }
}
