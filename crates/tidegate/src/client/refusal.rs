//! The body of a refused answer: read within bounds, then dropped. Never here: what it means.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::Buf;
use http_body::Body;
use tidegate_core::Time;

use crate::world;

/// How much of a refusal is read.
const MOST: usize = 64 << 10;

/// How long it is read. The request keeps its place meanwhile, and nobody else may go either.
const LONGEST: Duration = Duration::from_millis(500);

/// The body of a refusal, if all of it comes soon and is no longer than 64 KiB.
///
/// It is read to its end, although few say anything in it, because a connection whose answer was read can be used
/// again: one that is dropped halfway has to be closed.
pub(crate) async fn read<R: Body>(body: R, deadline: Option<Time>) -> Option<Vec<u8>> {
    let until = world::now().later(LONGEST);
    let until = deadline.map_or(until, |deadline| until.min(deadline));
    let mut body = pin!(body);
    let mut read = Vec::new();
    let whole = poll_fn(|cx| {
        loop {
            match ready!(body.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(true),
                Some(Err(_)) => return Poll::Ready(false),
                Some(Ok(frame)) => {
                    let Ok(mut data) = frame.into_data() else { continue };
                    if read.len() + data.remaining() > MOST {
                        return Poll::Ready(false);
                    }
                    read.extend_from_slice(&data.copy_to_bytes(data.remaining()));
                }
            }
        }
    });
    let whole = world::by(Some(until), whole).await;
    (whole == Some(true)).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::Context;

    use bytes::Bytes;
    use http_body::Frame;
    use http_body_util::Full;

    /// Gives pieces without end, or nothing without end.
    struct Endless(Poll<usize>);

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.map(|size| Some(Ok(Frame::data(vec![b'x'; size].into()))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_read_within_bounds() {
        let start = world::now();
        assert_eq!(
            read(Full::new(Bytes::from("slow down")), None).await.as_deref(),
            Some(b"slow down".as_slice())
        );
        assert_eq!(read(Full::new(Bytes::from(vec![0; MOST + 1])), None).await, None);
        assert_eq!(read(Endless(Poll::Ready(1000)), None).await, None);
        assert_eq!(world::now(), start);
        assert_eq!(read(Endless(Poll::Pending), None).await, None);
        assert_eq!(world::now(), start.later(LONGEST));
        let deadline = world::now().later(LONGEST / 5);
        assert_eq!(read(Endless(Poll::Pending), Some(deadline)).await, None);
        assert_eq!(world::now(), deadline);
    }
}
