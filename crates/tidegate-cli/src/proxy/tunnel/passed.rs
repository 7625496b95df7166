//! A tunnel that nobody looks into: bytes both ways, until both sides have ended, or nobody needs it. Never here: who may
//! have one.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tidegate::world;
use tidegate_core::Time;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};

use crate::relay::drain::Told;
use crate::relay::stream::Plain;

/// How long a tunnel may be silent. Clients keep connections for as long as they may be of use, and a server may think
/// about an answer for long; nobody comes back to one of an hour ago.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// How long a server is silent after an answer, if that was all of it.
const PAUSE: Duration = Duration::from_millis(500);

/// Passes bytes on from now, in a task of its own. `held` is let go at the end.
pub(super) fn pass(caller: OnUpgrade, server: Plain, told: Told, held: impl Send + 'static) {
    tokio::spawn(async move {
        let _held = held;
        let Ok(caller) = caller.await else { return };
        let talk = Talk::new(world::now());
        let mut caller = Heard { stream: TokioIo::new(caller), talk: &talk, side: Side::Caller };
        let mut server = Heard { stream: server, talk: &talk, side: Side::Server };
        tokio::select! {
            // Which side broke it is no matter: both ends are closed with it.
            _ = copy_bidirectional(&mut caller, &mut server) => {}
            () = talk.is_over(LONGEST_SILENCE) => {}
            () = talk.is_answered(told) => {}
        }
    });
}

/// Who spoke last, and when.
#[derive(Debug)]
struct Talk {
    last_nanos: AtomicU64,
    /// Whether it was the caller: then an answer is owed.
    by_caller: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Caller,
    Server,
}

impl Talk {
    fn new(now: Time) -> Talk {
        Talk { last_nanos: AtomicU64::new(now.as_nanos()), by_caller: AtomicBool::new(false) }
    }

    fn heard(&self, side: Side, now: Time) {
        self.last_nanos.store(now.as_nanos(), Ordering::Relaxed);
        self.by_caller.store(side == Side::Caller, Ordering::Relaxed);
    }

    fn last(&self) -> Time {
        Time::from_nanos(self.last_nanos.load(Ordering::Relaxed))
    }

    /// Comes back when nobody has said anything for so long.
    async fn is_over(&self, silence: Duration) {
        loop {
            let over = self.last().later(silence);
            if world::now() >= over {
                return;
            }
            world::sleep_until(over).await;
        }
    }

    /// Comes back when all is to end, and nothing seems to be under way: the server had the last word, and that is a
    /// moment ago. More can't be known of what isn't read.
    async fn is_answered(&self, told: Told) {
        told.draining().await;
        loop {
            let (now, quiet) = (world::now(), self.last().later(PAUSE));
            let is_owed = self.by_caller.load(Ordering::Relaxed);
            if !is_owed && now >= quiet {
                return;
            }
            world::sleep_until(quiet.max(now.later(PAUSE / 4))).await;
        }
    }
}

/// One side's bytes, of which it is noted when they come.
struct Heard<'t, S> {
    stream: S,
    talk: &'t Talk,
    side: Side,
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.talk.heard(self.side, world::now());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::drain::Drain;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_tunnel_and_a_word_begins_it_anew() {
        let start = world::now();
        let talk = Talk::new(start);
        let word = async {
            world::sleep_until(start.later(50 * SECOND)).await;
            talk.heard(Side::Caller, world::now());
        };
        tokio::join!(word, talk.is_over(60 * SECOND));
        assert_eq!(world::now().since(start).as_secs(), 110);
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_end_what_is_answered_goes_and_what_is_asked_stays() {
        let drain = Drain::new();
        let start = world::now();
        let talk = Talk::new(start);
        talk.heard(Side::Caller, start);
        drain.start();
        let answer = async {
            world::sleep_until(start.later(20 * SECOND)).await;
            talk.heard(Side::Server, world::now());
        };
        tokio::join!(answer, talk.is_answered(drain.told()));
        let took = world::now().since(start);
        assert!(took >= 20 * SECOND + PAUSE && took < 22 * SECOND, "{took:?}");
    }
}
