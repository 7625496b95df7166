//! What is kept of a body: in memory, then in a temporary file, up to a cap. Never here: where the body comes from.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use bytes::{Bytes, BytesMut};

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

    /// Keeps one more piece, if there is room for it; else all is let go.
    pub(crate) fn keep(&mut self, piece: &[u8], room: Room) {
        let len = self.len() + piece.len() as u64;
        let kept = match self {
            Recording::Memory(kept) if len <= room.memory => {
                kept.extend_from_slice(piece);
                Ok(())
            }
            Recording::Memory(kept) if len <= room.spill => spill(kept, piece).map(|file| {
                *self = Recording::File { file, len };
            }),
            Recording::File { file, len: end } if len <= room.spill => {
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

    const ROOM: Room = Room { memory: 4, spill: 8 };

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
        recording.keep(b"abcd", ROOM);
        assert!(matches!(recording, Recording::Memory(_)));
        assert_eq!(all(&mut recording), b"abcd");
        recording.keep(b"ef", ROOM);
        assert!(matches!(recording, Recording::File { .. }));
        recording.keep(b"gh", ROOM);
        assert_eq!(all(&mut recording), b"abcdefgh");
        recording.keep(b"i", ROOM);
        assert!(recording.is_lost());
        recording.keep(b"", ROOM);
        assert!(recording.is_lost(), "what is lost stays lost");
        assert_eq!(recording.len(), 9);
        assert!(recording.piece(0).is_err(), "and is no shorter body");
    }

    #[test]
    fn a_disk_that_takes_no_more_loses_the_recording_and_nothing_else() {
        // Open for reading only: every write fails, as on a full disk.
        let file = File::open("Cargo.toml").unwrap();
        let mut recording = Recording::File { file, len: 5 };
        recording.keep(b"x", ROOM);
        assert!(recording.is_lost());
    }

    #[test]
    fn a_file_that_lost_its_end_is_an_error_not_a_shorter_body() {
        let mut recording = Recording::File { file: tempfile::tempfile().unwrap(), len: 5 };
        assert!(recording.piece(0).is_err());
    }
}
