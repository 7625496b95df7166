//! A journal read again: where each item is, and where a torn end begins. Never here: mending it.

use std::io::{self, BufRead, Read};

use super::entry::{Chain, Entry};
use super::head::Head;
use super::states::States;

/// How long a line may be: its head's, with a long template.
const LONGEST: u64 = 1 << 20;

/// What a journal says.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// `None` if not even the first line is whole.
    pub(crate) head: Option<Head>,
    pub(crate) states: States,
    /// Where the output ended when the last result was entered.
    pub(crate) output_end: u64,
    /// The output in order was complete.
    pub(crate) ordered: bool,
    /// How many bytes are sound; what follows was torn.
    pub(crate) sound: u64,
    pub(crate) chain: Chain,
}

/// Why a journal can't be gone on with.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    /// A line is broken, counted from 1, and sound ones come after it: that is no torn end.
    Damaged(u64),
}

/// Reads a journal; `hear` is told each sound entry.
pub(crate) fn replay(mut source: impl BufRead, mut hear: impl FnMut(Entry)) -> Result<Replay, Fault> {
    let mut replay = Replay::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = Read::by_ref(&mut source).take(LONGEST).read_until(b'\n', &mut line).map_err(Fault::Io)?;
        if read == 0 {
            return Ok(replay);
        }
        let Some(entry) = line.strip_suffix(b"\n").and_then(|whole| replay.take(number, whole)) else {
            return match goes_on(&mut source, &line).map_err(Fault::Io)? {
                true => Err(Fault::Damaged(number)),
                false => Ok(replay),
            };
        };
        replay.sound += read as u64;
        entry.into_iter().for_each(&mut hear);
    }
    Ok(replay)
}

impl Replay {
    /// Takes in a line; `None` if it is broken.
    fn take(&mut self, number: u64, line: &[u8]) -> Option<Option<Entry>> {
        let mut chain = self.chain;
        let body = chain.read(line)?;
        if number == 1 {
            self.head = Some(Head::read(body)?);
            self.chain = chain;
            return Some(None);
        }
        let entry = Entry::read(body)?;
        self.chain = chain;
        self.states.hear(entry);
        match entry {
            Entry::Done { end, .. } | Entry::Failed { end, .. } => self.output_end = end,
            Entry::Ordered { .. } => self.ordered = true,
            Entry::Sent(_) | Entry::Undone(_) => {}
        }
        Some(Some(entry))
    }
}

/// Whether any line after a broken one follows soundly on the line before it.
fn goes_on(source: &mut impl BufRead, broken: &[u8]) -> io::Result<bool> {
    let mut before = broken.strip_suffix(b"\n").and_then(Chain::told);
    let mut line = Vec::new();
    loop {
        line.clear();
        if Read::by_ref(source).take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
        let whole = line.strip_suffix(b"\n");
        if let (Some(mut chain), Some(whole)) = (before, whole)
            && chain.read(whole).is_some()
        {
            return Ok(true);
        }
        before = whole.and_then(Chain::told);
    }
}

#[cfg(test)]
mod tests {
    use super::super::states::State;
    use super::*;

    fn written() -> (String, Vec<Entry>) {
        let head = Head::new("abc".into(), 9, None, None, false, "seed".into());
        let entries = vec![
            Entry::Sent(3),
            Entry::Sent(4),
            Entry::Undone(4),
            Entry::Done { line: 3, end: 100 },
            Entry::Sent(5),
            Entry::Failed { line: 0, end: 180 },
        ];
        let (mut chain, mut text) = (Chain::default(), String::new());
        chain.write(&head.body(), &mut text);
        entries.iter().for_each(|entry| chain.write(&entry.body(), &mut text));
        (text, entries)
    }

    fn read(bytes: &[u8]) -> Result<(Replay, Vec<Entry>), Fault> {
        let mut heard = Vec::new();
        replay(bytes, |entry| heard.push(entry)).map(|replay| (replay, heard))
    }

    #[test]
    fn all_that_happened_is_known_again() {
        let (text, entries) = written();
        let (replay, heard) = read(text.as_bytes()).unwrap();
        assert_eq!(heard, entries);
        assert_eq!((replay.output_end, replay.sound), (180, text.len() as u64));
        let states = [0, 3, 4, 5, 6].map(|line| replay.states.of(line));
        assert_eq!(states, [State::Failed, State::Done, State::Open, State::Sent, State::Open]);
    }

    #[test]
    fn torn_at_any_byte_what_is_whole_is_kept() {
        let (text, entries) = written();
        for end in 0..text.len() {
            let whole = text[..end].rfind('\n').map_or(0, |at| at + 1);
            let expected = text[..whole].lines().count().saturating_sub(1);
            let (replay, heard) = read(&text.as_bytes()[..end]).unwrap();
            assert_eq!((replay.sound, &heard[..]), (whole as u64, &entries[..expected]), "torn at {end}");
            assert_eq!(replay.head.is_some(), whole > 0);
        }
    }

    #[test]
    fn an_end_of_zeros_or_rubbish_is_torn_too() {
        let (text, entries) = written();
        for end in [&b"\0\0\0\0\0\0\0\0\0\0\0\0"[..], b"\0\n\0\n\0", b"s 7 00000000\n", b"\xff\xfe\n"] {
            let (replay, heard) = read(&[text.as_bytes(), end].concat()).unwrap();
            assert_eq!((replay.sound, heard.len()), (text.len() as u64, entries.len()));
        }
    }

    #[test]
    fn a_change_of_any_byte_is_noticed_and_if_more_follows_refused() {
        let (text, entries) = written();
        let last_two = text.len() - text.lines().rev().take(2).map(|line| line.len() + 1).sum::<usize>();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            match read(&bytes) {
                Err(Fault::Damaged(_)) => {}
                Ok((_, heard)) => {
                    assert!(heard.len() < entries.len(), "byte {at} was changed unnoticed");
                    assert!(at >= last_two, "byte {at} was taken for a torn end");
                }
                Err(fault) => panic!("{fault:?}"),
            }
        }
    }
}
