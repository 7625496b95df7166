//! A caller's connection, between the socket and the parser: watched, and kept strict. Never here: a socket's kind.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::pulse::Pulse;
use super::strict::Strict;
use crate::relay::stream::Stream;

/// A caller's connection.
#[derive(Debug)]
pub(super) struct Guarded {
    stream: Stream,
    /// What was read to find out which HTTP this is.
    early: Vec<u8>,
    strict: Option<Strict>,
    faith: Faith,
    pulse: Arc<Pulse>,
}

/// Whether what comes is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Faith {
    Kept,
    Lost,
}

/// No parser takes this, in whatever state it is: not in a method, a target, a field, a line's end or a chunk's size.
/// So it answers 400 by itself.
const NO_PARSER_TAKES: u8 = 0;

impl Guarded {
    pub(super) fn new(stream: Stream, early: Vec<u8>, strict: Option<Strict>, pulse: Arc<Pulse>) -> Guarded {
        Guarded { stream, early, strict, faith: Faith::Kept, pulse }
    }

    /// Looks at what was read, which begins here in the buffer, and takes back what must not be handed on.
    fn look(&mut self, buffer: &mut ReadBuf<'_>, begin: usize) {
        let Some(strict) = self.strict.as_mut().filter(|_| !self.pulse.is_tunnel()) else { return };
        match strict.read(&buffer.filled()[begin..]) {
            Ok(()) => self.pulse.read(strict.is_in_head()),
            Err(allowed) => {
                self.faith = Faith::Lost;
                buffer.set_filled(begin + allowed);
                buffer.put_slice(&[NO_PARSER_TAKES]);
            }
        }
    }

    fn note<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.pulse.wrote(polled.is_ready());
        polled
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.faith == Faith::Lost {
            return Poll::Ready(Ok(()));
        }
        let begin = buffer.filled().len();
        if self.early.is_empty() {
            std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        } else {
            let taken = self.early.len().min(buffer.remaining());
            buffer.put_slice(&self.early[..taken]);
            self.early.drain(..taken);
        }
        self.look(buffer, begin);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.note(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
