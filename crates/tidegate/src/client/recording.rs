//! What is kept of a body: in memory, then in a temporary file, up to a cap. Never here: where the body comes from.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use bytes::{Bytes, BytesMut};

use super::memory::{Full, Share};
use super::settings::Room;

/// The first bytes of a body, as many as went out.
///
/// The file is read and written by calls that block, from the task that sends, in the pieces that the body comes
/// in, at most [`PIECE`] each: the page cache takes such a piece in microseconds, less than handing it to another
/// thread and back. No thread is needed, and nothing can be left behind when the request is cancelled.
#[derive(Debug)]
pub(crate) enum Recording {
    Memory(BytesMut),
    /// Has no name: it goes when it is closed, or with the process.
    File {
        file: File,
        len: u64,
    },
    /// More than may be kept, or the disk wouldn't take it: the body can't be sent again, after so many bytes.
    Lost {
        len: u64,
    },
}

/// The most that is read or written at once.
pub(crate) const PIECE: usize = 64 << 10;

/// The least that is allocated for what is kept in memory.
const LEAST: u64 = 64;

impl Recording {
    pub(crate) fn new() -> Self {
        Recording::Memory(BytesMut::new())
    }

    /// How much has gone out, kept or not.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Recording::Memory(kept) => kept.len() as u64,
            Recording::File { len, .. } | Recording::Lost { len } => *len,
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Recording::Lost { .. })
    }

    /// Keeps one more piece, if there is room for it; else all is let go. `share` is what is held in memory: what
    /// that can't take goes to the file at once.
    pub(crate) fn keep(&mut self, piece: &[u8], room: Room, share: &mut Share) {
        let len = self.len() + piece.len() as u64;
        if let Recording::Memory(kept) = self
            && len <= room.memory
            && make_room(kept, len, share).is_ok()
        {
            kept.extend_from_slice(piece);
            return;
        }
        let kept = match self {
            // No memory for it doesn't make it too long.
            Recording::Memory(kept) if len <= room.most() => spill(kept, piece).map(|file| {
                *self = Recording::File { file, len };
            }),
            Recording::File { file, len: end } if len <= room.most() => {
                append(file, *end, piece).map(|()| *end = len)
            }
            _ => {
                *self = Recording::Lost { len };
                Ok(())
            }
        };
        if kept.is_err() {
            // The disk is full, or there is none: the body goes on its way all the same, once.
            *self = Recording::Lost { len };
        }
        share.release();
    }

    /// The piece that begins at `at`, which is before the end.
    pub(crate) fn piece(&mut self, at: u64) -> io::Result<Bytes> {
        let size = PIECE.min(usize::try_from(self.len().saturating_sub(at)).unwrap_or(PIECE));
        match self {
            Recording::Memory(kept) => {
                let at = at as usize;
                Ok(Bytes::copy_from_slice(&kept[at..at + size]))
            }
            Recording::File { file, .. } => {
                let mut piece = BytesMut::zeroed(size);
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(&mut piece)?;
                Ok(piece.freeze())
            }
            // What isn't there must not look like a shorter body.
            Recording::Lost { .. } => Err(io::Error::other("it was not kept")),
        }
    }
}

/// Makes room for `len` bytes in all, and holds what is allocated for them.
fn make_room(kept: &mut BytesMut, len: u64, share: &mut Share) -> Result<(), Full> {
    let capacity = kept.capacity() as u64;
    if len > capacity {
        // Doubled, as a growing buffer is, so that what it has is known before.
        let enough = len.next_power_of_two().max(LEAST);
        share.hold(enough)?;
        kept.reserve(enough as usize - kept.len());
        share.hold(kept.capacity() as u64)?;
    }
    Ok(())
}

fn spill(kept: &[u8], piece: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(kept)?;
    file.write_all(piece)?;
    Ok(file)
}

fn append(file: &mut File, end: u64, piece: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(end))?;
    file.write_all(piece)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::memory::Tally;
    use std::sync::Arc;

    const ROOM: Room = Room { memory: 4, spill: 8 };

    fn share(most: u64) -> Share {
        Share::new(Arc::default(), Arc::default(), most)
    }

    fn all(recording: &mut Recording) -> Vec<u8> {
        let mut all = Vec::new();
        while (all.len() as u64) < recording.len() {
            all.extend_from_slice(&recording.piece(all.len() as u64).unwrap());
        }
        all
    }

    #[test]
    fn it_moves_from_memory_to_a_file_and_gives_up_beyond() {
        let mut recording = Recording::new();
        let share = &mut share(u64::MAX);
        recording.keep(b"abcd", ROOM, share);
        assert!(matches!(recording, Recording::Memory(_)));
        assert_eq!(all(&mut recording), b"abcd");
        recording.keep(b"ef", ROOM, share);
        assert!(matches!(recording, Recording::File { .. }));
        recording.keep(b"gh", ROOM, share);
        assert_eq!(all(&mut recording), b"abcdefgh");
        recording.keep(b"i", ROOM, share);
        assert!(recording.is_lost());
        recording.keep(b"", ROOM, share);
        assert!(recording.is_lost(), "what is lost stays lost");
        assert_eq!(recording.len(), 9);
        assert!(recording.piece(0).is_err(), "and is no shorter body");
    }

    #[test]
    fn a_disk_that_takes_no_more_loses_the_recording_and_nothing_else() {
        // Open for reading only: every write fails, as on a full disk.
        let file = File::open("Cargo.toml").unwrap();
        let mut recording = Recording::File { file, len: 5 };
        recording.keep(b"x", ROOM, &mut share(u64::MAX));
        assert!(recording.is_lost());
    }

    #[test]
    fn a_file_that_lost_its_end_is_an_error_not_a_shorter_body() {
        let mut recording = Recording::File { file: tempfile::tempfile().unwrap(), len: 5 };
        assert!(recording.piece(0).is_err());
    }

    #[test]
    fn what_memory_has_no_room_for_goes_to_the_file_at_once_and_is_not_lost() {
        let room = Room { memory: 1000, spill: 0 };
        let mut recording = Recording::new();
        let tally = Arc::new(Tally::default());
        let mut share = Share::new(tally.clone(), Arc::default(), 200);
        recording.keep(&[1; 100], room, &mut share);
        assert_eq!(tally.bytes(), 128, "what is allocated counts");
        recording.keep(&[2; 29], room, &mut share);
        assert!(matches!(recording, Recording::File { len: 129, .. }));
        assert_eq!(tally.bytes(), 0, "and is given back");
        recording.keep(&[3; 871], room, &mut share);
        assert_eq!(all(&mut recording), [vec![1; 100], vec![2; 29], vec![3; 871]].concat());
        recording.keep(&[4], room, &mut share);
        assert!(recording.is_lost(), "more than it would have kept in memory it doesn't keep in a file");
    }
}
